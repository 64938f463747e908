"""Whether a note sounds the pitch it is meant to: soundfonts hold some that are an octave's fifth off, or whistles."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.dsp.pitch_spectrum import BINS_PER_OCTAVE, FLOOR_DB, N_BINS, HarmonySpectrum

HARMONICS = (1.0, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35)
MOST_BINS = 1
"""A third of a semitone either way."""
LOWEST = 36
"""MIDI number of the lowest bin. Of lower notes nobody can tell this way: they are believed."""
LONGEST = 22_050


@cache
def _ear(rate: int) -> HarmonySpectrum:
    return HarmonySpectrum(2 * LONGEST, rate)


@cache
def _comb() -> NDArray[np.float32]:
    """For each bin as a fundamental the weight of every bin: float32, (N_BINS, N_BINS)."""
    comb = np.zeros((N_BINS, N_BINS), np.float32)
    for number, weight in enumerate(HARMONICS, 1):
        step = round(BINS_PER_OCTAVE * np.log2(number))
        comb += weight * np.eye(N_BINS, k=step, dtype=np.float32)
    return comb


def is_in_tune(samples: NDArray[np.float32], rate: int, pitch: float) -> bool:
    """Tell whether the pitch class that stands out most, by harmonic sums, is that of a MIDI number.

    samples: float32, (n,). The sums are those of D. Hermes, "Measurement of pitch by subharmonic summation", JASA 1988.
    """
    if pitch < LOWEST:
        return True
    ear = _ear(rate)
    ear.reset()
    frames = ear.push(np.concatenate([samples[:LONGEST], np.zeros(ear.latency, np.float32)]))[1:]
    amplitude = 10 ** ((frames.mean(axis=0) - 1) * FLOOR_DB / 40)
    best = int(np.argmax(_comb() @ amplitude))
    wanted = round((pitch - LOWEST) * BINS_PER_OCTAVE / 12) + 1
    half = BINS_PER_OCTAVE // 2
    return abs((best - wanted + half) % BINS_PER_OCTAVE - half) <= MOST_BINS
