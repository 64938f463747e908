"""Signals whose truth is known, made on the spot; seeded, mono float32 at 44.1 kHz unless said otherwise."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 44_100


def kick(rng: np.random.Generator, seconds: float = 0.3) -> NDArray[np.float32]:
    """A drum that begins at its first sample."""
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(55 + 160 * np.exp(-t / 0.02)) / RATE
    click = rng.standard_normal(len(t)) * np.exp(-t / 0.003)
    return ((np.cos(phase) * np.exp(-t / 0.09) + 0.4 * click) * 0.7).astype(np.float32)


def snare(rng: np.random.Generator, seconds: float = 0.25) -> NDArray[np.float32]:
    """A drum that begins at its first sample."""
    t = np.arange(round(seconds * RATE)) / RATE
    body = np.cos(2 * np.pi * 190 * t) * np.exp(-t / 0.05)
    return ((0.5 * body + 0.35 * rng.standard_normal(len(t)) * np.exp(-t / 0.07)) * 0.8).astype(np.float32)


def chord(root_hz: float, seconds: float) -> NDArray[np.float32]:
    """A minor seventh chord that begins at its first sample and fades out."""
    t = np.arange(round(seconds * RATE)) / RATE
    voices = sum(
        np.sin(2 * np.pi * root_hz * 2 ** (step / 12) * h * t) / h for step in (0, 3, 7, 10) for h in (1, 2, 3)
    )
    return (0.08 * voices * np.exp(-t / 1.5)).astype(np.float32)


def record(seconds: float = 6.0, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Kicks, snares and chords over hiss, and the sample positions where they begin: half a second apart."""
    audio, starts = _record(seconds, seed)
    return audio.copy(), starts.copy()


@cache
def _record(seconds: float, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    audio = (rng.standard_normal(round(seconds * RATE)) * 1e-3).astype(np.float32)
    starts = np.arange(round(0.5 * RATE), len(audio) - RATE, round(0.5 * RATE)) + rng.integers(0, 999, 1)
    for i, start in enumerate(starts):
        sounds = [kick(rng) if i % 2 == 0 else snare(rng)]
        if i % 4 == 0:
            sounds.append(chord(110 * 2 ** (rng.integers(0, 12) / 12), 1.9))
        for sound in sounds:
            stop = min(start + len(sound), len(audio))
            audio[start:stop] += sound[: stop - start]
    return audio, starts.astype(np.int64)
