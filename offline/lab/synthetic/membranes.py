"""What drums made by rule are put together from: membranes as decaying modes, bands of noise, a room, old samplers."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE

MODES = np.array([1.0, 1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50, 3.60, 3.65, 4.06, 4.15])
"""Frequencies of an ideal circular membrane over its lowest."""
Wave = NDArray[np.float64]


def seconds(length: float) -> Wave:
    """Give the time of every sample of so many seconds: float64, (n,), seconds."""
    return np.arange(int(RATE * length)) / RATE


def draw(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between two, evenly by octaves."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def band(sound: Wave, low: float, high: float, order: int = 1) -> Wave:
    """Keep low..high Hz; 0 and anything above 20 kHz mean no limit."""
    if low > 20:
        sound = signal.sosfilt(signal.butter(order, low, "high", fs=RATE, output="sos"), sound)
    if high < 20_000:
        sound = signal.sosfilt(signal.butter(order, high, "low", fs=RATE, output="sos"), sound)
    return np.asarray(sound)


def membrane(build: np.random.Generator, times: Wave, lowest: float, decay: float, bright: float, drop: float) -> Wave:
    """Sum decaying modes; higher ones die sooner and grow with `bright` (0..1); pitch falls by the fraction `drop`."""
    fall = 1 + drop * np.exp(-times / draw(build, 0.006, 0.03))
    phase = 2 * np.pi * np.cumsum(fall) / RATE
    sound = np.zeros(len(times))
    for number, ratio in enumerate(MODES * (1 + build.normal(0, 0.03, len(MODES)))):
        level = (0.25 + 0.75 * bright) ** number * build.uniform(0.3, 1.0) if number else 1.0
        sound += level * np.sin(phase * lowest * ratio) * np.exp(-times * (1 + 0.6 * number) / decay)
    return sound


def energy(sound: Wave) -> float:
    """Give the energy of the first 60 ms, never quite 0."""
    return float(np.sum(np.square(sound[: RATE * 60 // 1000]))) + 1e-12


def at_level(sound: Wave, reference: Wave, level_db: float) -> Wave:
    """Scale a sound so that its first 60 ms lie level_db above those of the reference."""
    return sound * np.sqrt(energy(reference) / energy(sound)) * 10 ** (level_db / 20)


def with_room(sound: Wave, build: np.random.Generator) -> Wave:
    """Add what a microphone in the room hears: late, dull, compressed; longer by its tail."""
    decay, late = draw(build, 0.03, 0.18), int(RATE * build.uniform(0.001, 0.014))
    tail = build.standard_normal(int(RATE * 4 * decay)) * np.exp(-seconds(4 * decay) / decay)
    tail = band(tail, draw(build, 80, 300), draw(build, 3000, 10_000))
    long = np.concatenate([sound, np.zeros(late + len(tail))])
    room = np.concatenate([np.zeros(late), signal.fftconvolve(sound, tail)])[: len(long)]
    room = np.concatenate([room, np.zeros(len(long) - len(room))])
    return long + at_level(room, long, build.uniform(-20, -3))


def through_sampler(sound: Wave, build: np.random.Generator) -> Wave:
    """Play a sound through an early sampler: few bits, a low rate without a filter behind it."""
    step, bits = int(build.integers(1, 4)), int(build.integers(8, 13))
    scale = 2 ** (bits - 1) / (np.max(np.abs(sound)) + 1e-12)
    held = np.repeat(np.round(sound[::step] * scale) / scale, step)[: len(sound)]
    return np.asarray(held)
