"""Semitones and mel bands out of the bins of a spectrum."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 22_050
"""Hz, of the audio the spectrum is of."""
N_FFT = 4096
LOWEST_HZ = 65.406
"""C2: below it a semitone is narrower than half a bin of the spectrum."""
SEMITONES = 84
MELS = 40


@cache
def bank() -> NDArray[np.float32]:
    """Give the weights of each bin of the spectrum in each semitone and mel band: (bins, 84 + 40)."""
    frequencies = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    centres = LOWEST_HZ * 2 ** (np.arange(SEMITONES) / 12)
    reach = np.maximum(centres * (2 ** (1 / 12) - 1), RATE / N_FFT)
    semitones = np.maximum(0, 1 - np.abs(frequencies[:, None] - centres) / reach)
    semitones /= semitones.sum(axis=0)
    weights: NDArray[np.float32] = np.concatenate([semitones, mel_filters(frequencies)], axis=1).astype(np.float32)
    return weights


def mel_filters(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the weights of frequencies, (bins,) Hz, in MELS bands up to half the rate: (bins, MELS).

    Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above, triangles of equal area. Those of
    librosa.filters.mel, to rounding; importing that takes as long as describing three minutes does.
    """
    linear, octave = 1000 / 15, np.log(6.4) / 27
    highest = 15 + np.log(RATE / 2 / 1000) / octave
    mels = np.linspace(0, highest, MELS + 2)
    edges = np.where(mels < 15, mels * linear, 1000 * np.exp(octave * (mels - 15)))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    weights: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return weights
