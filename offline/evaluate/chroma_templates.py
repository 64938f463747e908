"""A chord recogniser of the classic kind, to compare with: chroma, and the template it is nearest to.

Fujishima, "Realtime chord recognition of musical sound" (ICMC 1999), on librosa's constant-Q chroma, smoothed by a
median over time as in Müller, "Fundamentals of music processing" (2015), section 5.2. It hears a whole file at once,
knows no bass, and its vocabulary is that of our detector.
"""

import time
import warnings

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.chord_measures import Harmony
from samplechop.realtime.core.events import NO_CHORD
from samplechop.realtime.detectors.harmony.chord_vocabulary import PRIORS
from samplechop.realtime.detectors.harmony.harte import Chord

HOP = 2048
SMOOTHED = 11
"""Frames of the median, about half a second."""
QUIET_DB = -66.0
"""RMS of a frame below which it says that no chord sounds, dBFS: as for our detector."""


def hear(samples: Sound) -> Harmony:
    """Name the chords of a recording."""
    import librosa
    from scipy.ndimage import median_filter

    began = time.perf_counter()
    chords = [Chord(root, quality, root) for quality in PRIORS for root in range(12)]
    templates = np.zeros((len(chords), 12))
    for row, chord in zip(templates, chords, strict=True):
        row[list(chord.pitch_classes)] = 1
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    with warnings.catch_warnings():
        # Where nothing sounds librosa says that it finds no tuning: so it should be.
        warnings.simplefilter("ignore", UserWarning)
        chroma = median_filter(librosa.feature.chroma_cqt(y=samples, sr=RATE, hop_length=HOP), (1, SMOOTHED))
    chroma = chroma / np.maximum(np.linalg.norm(chroma, axis=0), 1e-9)
    level = librosa.feature.rms(y=samples, frame_length=2 * HOP, hop_length=HOP)[0, : chroma.shape[1]]
    said = np.where(level < 10 ** (QUIET_DB / 20), len(chords), np.argmax(templates @ chroma, axis=0))
    labels = [*(chord.label for chord in chords), NO_CHORD]
    changes = np.flatnonzero(np.diff(said, prepend=len(chords)))
    times = changes * HOP / RATE
    took = time.perf_counter() - began
    return Harmony(times, tuple(labels[said[at]] for at in changes), seconds=took)
