"""Surface noise of records: hiss, hum, rumble, crackle, scratches, thumps, ticks once a turn."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound

REVOLUTION_HZ = (100 / 3 / 60, 45 / 60, 78 / 60)


def surface_noise(n: int, rng: np.random.Generator, busy: bool = False) -> Sound:
    """Make n samples of surface noise with an RMS near 1: float32, (n,).

    busy: always crackle or hum beside the hiss, and slow changes of level.
    """
    noise = coloured_noise(n, rng) * rng.choice([0.03, 0.3, 1.0])
    times = np.arange(n) / RATE
    if rng.random() < (0.7 if busy else 0.4):
        size = 10 ** rng.uniform(-0.5, 1.5)
        noise += crackle(n, RATE, float(np.exp(rng.uniform(np.log(0.3), np.log(60)))), size, rng)[:, 0]
    if rng.random() < (0.7 if busy else 0.1):
        noise += scratches(n, rng) * 10 ** rng.uniform(-0.3, 1.3)
    if rng.random() < (0.5 if busy else 0.2):
        base = rng.choice([50.0, 60.0]) * rng.uniform(0.95, 1.05)
        for harmonic in range(1, 8):
            strength = rng.uniform(0, 1) / harmonic * rng.choice([0.3, 1.0, 3.0])
            noise += strength * np.sin(2 * np.pi * harmonic * base * times + rng.uniform(0, 6.28))
    if rng.random() < (0.5 if busy else 0.2):
        noise += _once_a_turn(n, rng)
    if rng.random() < (0.6 if busy else 0.25):
        noise += thumps(n, rng) * 10 ** rng.uniform(-0.3, 1.3)
    if rng.random() < (0.4 if busy else 0.2):
        noise += _rumble(n, rng) * 10 ** rng.uniform(-1, 0.5)
    if rng.random() < 0.4:
        turn = rng.uniform(0.2, 1.0)
        noise *= 1 + rng.uniform(0, 0.7) * np.sin(2 * np.pi * turn * times + rng.uniform(0, 6.28))
    return noise.astype(np.float32)


def _once_a_turn(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make what comes back with every turn: a tick or a thump, as a scratch or the run-out groove does."""
    turn = RATE / rng.choice(REVOLUTION_HZ)
    length = int(RATE * rng.uniform(0.0005, 0.06))
    sound, shape = np.zeros(n + length), np.hanning(length) * rng.standard_normal(length)
    cutoff = np.exp(rng.uniform(np.log(80), np.log(8000)))
    shape = signal.sosfilt(signal.butter(1, cutoff, "low", fs=RATE, output="sos"), shape)
    shape *= 10 ** rng.uniform(-0.5, 1.2) / (np.max(np.abs(shape)) + 1e-9)
    for at in np.arange(rng.uniform(0, turn), n, turn):
        sound[int(at) : int(at) + length] += shape * rng.uniform(0.6, 1.0)
    return sound[:n]


def scratches(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make clusters of pops, and pops that kick the tonearm, which then swings: float64, (n,), peak near 1."""
    sound = np.zeros(n)
    for at in rng.integers(0, n, int(rng.poisson(rng.uniform(0.2, 1.5) * n / RATE))):
        for _ in range(int(rng.integers(1, 7))):
            length = int(rng.integers(8, 90))
            pop = rng.uniform(0.2, 1) * rng.choice([-1, 1]) * np.hanning(length) * rng.uniform(-0.2, 1, length)
            start = max(0, min(n - length, int(at + rng.exponential(0.02) * RATE)))
            sound[start : start + length] += pop
        if rng.random() < 0.5:
            times = np.arange(min(n - at, RATE // 2)) / RATE
            swing = np.sin(2 * np.pi * rng.uniform(8, 45) * times) * np.exp(-times / rng.uniform(0.02, 0.12))
            sound[at : at + len(times)] += rng.uniform(0.1, 0.8) * swing
    return sound


def thumps(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make soft bumps, as of dust and dents: a hump of some milliseconds, from which the arm and cartridge, a
    resonant high-pass at 5 to 25 Hz, swing back: float64, (n,), peak near 1.
    """
    sound = np.zeros(n)
    for at in rng.integers(0, n, int(rng.poisson(np.exp(rng.uniform(np.log(0.2), np.log(6))) * n / RATE))):
        length = min(n - int(at), int(RATE * np.exp(rng.uniform(np.log(0.002), np.log(0.03)))))
        hump = np.hanning(length) ** rng.uniform(0.7, 3) * rng.choice([-1, 1]) * rng.uniform(0.2, 1)
        sound[at : at + length] += hump
    turn = 2 * np.pi * rng.uniform(5, 25) / RATE
    damping = np.sin(turn) / (2 * rng.uniform(0.4, 2))
    gain = (1 + np.cos(turn)) / 2  # the high-pass of Bristow-Johnson's cookbook
    poles = [1 + damping, -2 * np.cos(turn), 1 - damping]
    return np.asarray(signal.lfilter([gain, -2 * gain, gain], poles, sound))


def _rumble(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make what a turntable's bearing adds: noise between 5 and 40-150 Hz, RMS 1."""
    band = signal.butter(2, (5, rng.uniform(40, 150)), "band", fs=RATE, output="sos")
    noise = signal.sosfilt(band, rng.standard_normal(n))
    return np.asarray(noise / (np.std(noise) + 1e-12))


def coloured_noise(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make n samples of noise, falling by 0 to 12 dB per octave above 0.5-8 kHz, RMS 1: float64, (n,)."""
    noise = rng.standard_normal(n)
    for _ in range(int(rng.integers(0, 3))):
        noise = signal.sosfilt(signal.butter(1, np.exp(rng.uniform(6.2, 9)), "low", fs=RATE, output="sos"), noise)
    return np.asarray(noise / (np.std(noise) + 1e-12))


def crackle(n: int, sample_rate: int, per_second: float, level: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make dust: float64, (n, 2), clicks at random times whose sizes are exponential around `level`, off centre."""
    clicks = np.zeros((n, 2))
    count = int(rng.poisson(per_second * n / sample_rate))
    sizes = rng.exponential(level, count) * rng.choice([-1.0, 1.0], count)
    np.add.at(clicks, rng.integers(0, n, count), sizes[:, None] * rng.uniform(0.2, 1.0, (count, 2)))
    dust = signal.butter(1, [600, 9000], "band", fs=sample_rate, output="sos")
    return np.asarray(signal.sosfilt(dust, clicks, axis=0)) * 2.5
