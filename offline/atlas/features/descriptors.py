"""What a sound is like in a few numbers: those of librosa, from one spectrum for all of them.

Each is the mean over frames of what librosa.feature gives with hop_length=1024 and else its defaults (frames of 2048
samples, zeros around the sound); its functions would compute the spectrum four times over.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

N_FFT, HOP = 2048, 1024
ROLLOFF = 0.85
"""Share of the magnitudes that lies below the rolloff."""
_LEAST = 1e-10
_FRAMES = 512
"""Frames worked on at once: memory stays flat."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """rms: 0..1, of all samples. centroid, bandwidth, rolloff: Hz. flatness: 0..1. zero_crossings: per second."""

    rms: float
    centroid: float
    bandwidth: float
    rolloff: float
    flatness: float
    zero_crossings: float


def statistics(samples: NDArray[np.float32], sample_rate: int) -> Statistics:
    """Describe a sound, float32 (n,), mono, with n at least 1."""
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    parts = [_spectral(frames[at : at + _FRAMES], sample_rate) for at in range(0, len(frames), _FRAMES)]
    centroid, bandwidth, rolloff, flatness = np.concatenate(parts, axis=1).mean(axis=1, dtype=np.float64).tolist()
    signs = np.signbit(samples)
    crossings = int(np.count_nonzero(signs[1:] != signs[:-1]))
    return Statistics(
        rms=float(np.sqrt(np.dot(samples, samples) / len(samples))),
        centroid=centroid,
        bandwidth=bandwidth,
        rolloff=rolloff,
        flatness=flatness,
        zero_crossings=crossings * sample_rate / len(samples),
    )


def _spectral(frames: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Give centroid, bandwidth, rolloff and flatness of frames (n, N_FFT): float32 (4, n)."""
    from scipy.fft import rfft

    window, hertz = _tables(sample_rate)
    magnitude = np.abs(rfft(frames * window, axis=1))
    total = magnitude.sum(axis=1)
    safe = np.where(total > 0, total, np.float32(1))
    centroid = magnitude @ hertz / safe
    away = hertz - centroid[:, np.newaxis]
    np.square(away, out=away)
    bandwidth = np.sqrt(np.einsum("ij,ij->i", magnitude, away) / safe)
    below = np.cumsum(magnitude, axis=1, out=away)
    rolloff = hertz[np.argmax(below >= ROLLOFF * below[:, -1:], axis=1)]
    power = np.maximum(np.square(magnitude, out=magnitude), _LEAST, out=magnitude)
    mean = power.mean(axis=1)
    flatness = np.exp(np.log(power, out=power).mean(axis=1)) / mean
    return np.stack([centroid, bandwidth, rolloff, flatness])


@lru_cache
def _tables(sample_rate: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the window, and the frequency of each bin in Hz."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return window.astype(np.float32), np.fft.rfftfreq(N_FFT, 1 / sample_rate).astype(np.float32)
