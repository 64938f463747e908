"""Where single notes begin in a recording of them, and whether it is any good: silent, clipped, or out of tune."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.dsp.pitch_spectrum import BINS_PER_OCTAVE, FLOOR_DB, N_BINS, HarmonySpectrum

CELL = 16
"""Samples whose loudest one counts: a third of a millisecond at 44 100 Hz."""
ATTACK_DB, FOOT_DB = -30.0, -46.0
"""Below the note's loudest sample: what is surely the note, and from where on before that it is the note already."""
OVER_NOISE, FOOT_OVER_NOISE = 4.0, 2.0
"""Times the loudest sample of the noise before: the same two."""
BEFORE_SECONDS = 0.02
"""What is heard so long before the earliest begin of a note is what it must rise out of."""
RINGS = 0.01
"""Of a note's loudest sample: when it began, the one before it was louder than this, -40 dB."""
SILENT = 1e-3
"""A note that never gets louder than this, -60 dBFS, is none."""
FULL_SCALE = 0.9995
CLIPPED_IN_A_ROW = 3


def attack(samples: NDArray[np.float32], noise: float) -> int | None:
    """Find where the first note in some audio begins; None where there is none.

    samples: float32, (n,), full scale ±1. noise: the largest magnitude of what is heard when nothing plays. Good to
    CELL samples for a note that speaks at once; a swelling one begins where it rises out of the noise.
    """
    count = len(samples) // CELL
    if not count:
        return None
    cells = np.abs(samples[: count * CELL]).reshape(count, CELL).max(axis=1)
    peak = float(cells.max())
    if peak < max(SILENT, OVER_NOISE * noise):
        return None
    first = int(np.argmax(cells >= max(OVER_NOISE * noise, peak * 10 ** (ATTACK_DB / 20))))
    foot = max(FOOT_OVER_NOISE * noise, peak * 10 ** (FOOT_DB / 20))
    while first and cells[first - 1] >= foot:
        first -= 1
    return first * CELL


def is_silent(samples: NDArray[np.float32], noise: float) -> bool:
    """Tell whether nothing was played in some audio, float32 (n,), given the noise's largest magnitude."""
    return float(np.max(np.abs(samples), initial=0.0)) < max(SILENT, OVER_NOISE * noise)


def is_clipped(samples: NDArray[np.float32]) -> bool:
    """Tell whether some audio, float32 (n,), was too loud for what recorded it: several samples at full scale."""
    full = np.abs(samples) >= FULL_SCALE
    run = full[: len(full) - CLIPPED_IN_A_ROW + 1].copy()
    for shift in range(1, CLIPPED_IN_A_ROW):
        run &= full[shift : shift + len(run)]
    return bool(run.any())


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
