"""What the harmony net should say of each frame of a mix, and where nobody could know."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.training.tasks.harmony_library import RATE
from samplechop.offline.training.tasks.harmony_mixing import Mixed

WINDOW = 4096
"""Samples of a frame at the library's rate."""
EAR_HZ = 500.0
"""Energies are taken above it, falling by 6 dB per octave below, much as the ear hears what is soft (A-weighting):
else a bass would drown the chord above it, and a kick drum everything."""
HEARD_DB, LOST_DB = -22.0, -34.0
"""A note that is so far below the loudest sounds, or does not; in between nobody knows."""
COVERED_DB, DROWNED_DB = -15.0, -36.0
"""The same of all notes together below drums and noise."""
FAINT_DB = -45.0
"""Of all notes below their loudest frame: the first or last milliseconds of a slice."""
BASS_DB = -24.0


def labels(mixed: Mixed, centres: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give targets and weights of frames: uint8, (frames, 24), 0 or 1; pitch classes, then the pitch class of the bass.

    centres: int64, (frames,), sample of the mix on which each is centred.
    """
    n = len(centres)
    target, weight = np.zeros((n, 24), np.uint8), np.ones((n, 24), np.uint8)
    if not mixed.pitches:
        return target, weight
    rest = mixed.sound - mixed.stems.sum(axis=0)
    energy = _energies(np.concatenate([mixed.stems, rest[None]]), centres)
    energy, every = energy[:-1], energy[-1]
    tonal = energy.sum(axis=0)
    classes = np.array(mixed.pitches) % 12
    order = np.argsort(mixed.pitches)
    for frame in range(n):
        said, known = target[frame], weight[frame]
        relative_db = 10 * np.log10(energy[:, frame] / energy[:, frame].max())
        covered_db = 10 * np.log10(tonal[frame] / every[frame])
        faint_db = 10 * np.log10(tonal[frame] / tonal.max())
        if tonal[frame] < 1e-9 or covered_db < DROWNED_DB:
            continue
        for pitch_class in range(12):
            own = relative_db[classes == pitch_class]
            loudest = own.max() if len(own) else -np.inf
            said[pitch_class] = loudest >= HEARD_DB
            known[pitch_class] = not LOST_DB < loudest < HEARD_DB
        heard = [note for note in order if relative_db[note] >= BASS_DB]
        said[12 + classes[heard[0]]] = 1
        for note in order:
            if note == heard[0]:
                break
            if relative_db[note] > LOST_DB:
                known[12:] = 0
        if covered_db < COVERED_DB or faint_db < FAINT_DB:
            known[:] = 0
    return target, weight


def _energies(sounds: NDArray[np.float32], centres: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the energy of sounds (n, samples) under a Hann window around the centres: float32, (n, centres), above 0."""
    heard = np.pad(signal.lfilter(*_ear(), sounds), ((0, 0), (WINDOW // 2, WINDOW // 2)))
    window = np.square(np.hanning(WINDOW))
    columns = [np.square(heard[:, centre : centre + WINDOW]) @ window for centre in centres]
    return np.asarray(np.stack(columns, axis=1) + 1e-12, np.float32)


@cache
def _ear() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    over, under = signal.butter(1, EAR_HZ, "high", fs=RATE)
    return over, under
