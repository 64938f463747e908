"""What the drum net is asked of a record: when each drum is struck, and how hard."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE
from samplechop.offline.augmentation.effects import compress, reverberate
from samplechop.offline.labels.drum_labels import SUFFIX, TEXT_SUFFIX, drum_labels_beside, read_drum_labels
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.offline.training.targets import Wanted
from samplechop.offline.training.task import Task
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.dsp.log_bands import LENGTH
from samplechop.realtime.nets.drum_features import HOP_LENGTH, N_FEATURES, DrumFeatureStream

WAIT = 591
"""Samples heard from an attack on when it is judged, at least. With the hop and a block of 256 that makes 25 ms."""
AFTER = 0.5
"""Target one frame after that of an event. The frame before it is not asked: it has heard half of an attack."""
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""
IMPORTANCE = {"kick": 1.0, "snare": 1.2, "hat": 1.0, "tom": 0.5, "cymbal": 0.5}
VELOCITY = " velocity"
"""What follows a drum's name in the name of the head that says how hard it was struck."""


def wanted(labels: Path, audio: Path) -> Wanted:
    """Say what is wanted at a recording: hits and velocities of the drums that are known there. Raises UserError."""
    del audio
    told = read_drum_labels(labels)
    hits = {name: [hit for hit in told.events if hit.label == name] for name in DRUMS}
    events = {name: [hit.time for hit in hits[name] if hit.velocity >= SOFTEST] for name in told.known}
    unknown = {
        name: [
            *((hit.time, hit.time) for hit in hits[name] if hit.velocity < SOFTEST),
            *((span.start, span.stop) for span in told.unsure if span.label in ("", name)),
        ]
        for name in told.known
    }
    values = {name + VELOCITY: [(hit.time, hit.velocity) for hit in hits[name]] for name in DRUMS}
    return Wanted(events, unknown, values)


def split(labels: Path) -> str:
    """Say to which split labels belong: a crate's truth knows, others give ""."""
    return "" if labels.name.endswith((SUFFIX, TEXT_SUFFIX)) else read_truth(labels).split


def augmented(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Change a record as another room, desk and medium would. Gives it and by how many samples it is later.

    Now and then: compressed, put into a room, one octave and the treble turned up or down; always: shifted against the
    frames, its peak at -24 to 0 dB, a little hiss.
    """
    shift = int(rng.integers(0, HOP_LENGTH))
    sound: NDArray[np.float32] = np.concatenate([np.zeros(shift, np.float32), samples])
    sound /= np.float32(max(float(np.max(np.abs(sound), initial=0.0)), 1e-3))
    if rng.random() < 0.25:
        sound = compress(sound, rng)
    if rng.random() < 0.3:
        sound = reverberate(sound, rng, 0.4)
    if rng.random() < 0.6:
        sound = _equalised(sound, rng)
    level = 10 ** (rng.uniform(-24, 0) / 20) / max(float(np.max(np.abs(sound), initial=0.0)), 1e-3)
    hiss = 10 ** (rng.uniform(-90, -55) / 20) * rng.standard_normal(len(sound))
    return (sound * np.float32(level) + hiss.astype(np.float32)).astype(np.float32), shift


def _equalised(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Turn one band and the treble up or down, by up to 9 and 6 dB."""
    middle = float(np.exp(rng.uniform(np.log(60), np.log(6000))))
    band = signal.butter(1, (middle / 1.5, middle * 1.5), "band", fs=RATE, output="sos")
    treble = signal.butter(1, rng.uniform(2500, 9000), "high", fs=RATE, output="sos")
    gains = 10 ** (np.array([rng.uniform(-9, 9), rng.uniform(-6, 6)]) / 20) - 1
    changed = sound + gains[0] * signal.sosfilt(band, sound) + gains[1] * signal.sosfilt(treble, sound)
    return np.asarray(changed, np.float32)


DRUM_TASK = Task(
    name="drums",
    source=DrumFeatureStream,
    n_features=N_FEATURES,
    stack=1,
    hop_length=HOP_LENGTH,
    lookahead=0,
    offset=WAIT + HOP_LENGTH - 1 - LENGTH // 2,
    heads=IMPORTANCE | {name + VELOCITY: 1.0 for name in DRUMS},
    values=frozenset(name + VELOCITY for name in DRUMS),
    beside={-1: None, 1: AFTER},
    keeps=False,
    labels=drum_labels_beside,
    example="name.drums.txt with seconds and drum on each line",
    wanted=wanted,
    split=split,
    augmented=augmented,
)
"""A hit at sample s is judged at the first frame that is complete WAIT samples after it, or later."""
