"""Vinyl simulation of a clean recording: saturation, narrow band, wow, flutter, surface noise, needle drop, run-out."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import Wave, band_limit, log_uniform

LP_HZ = 100 / 3 / 60
REVOLUTION_HZ = (LP_HZ, 45 / 60, 78 / 60)


def surface_noise(n: int, rng: np.random.Generator, busy: bool = False) -> Sound:
    """Make n samples of surface noise with an RMS near 1: float32, (n,).

    busy: always crackle or hum beside the hiss, and slow changes of level.
    """
    noise = coloured_noise(n, rng) * rng.choice([0.03, 0.3, 1.0])
    times = np.arange(n) / RATE
    if rng.random() < (0.7 if busy else 0.4):
        size = 10 ** rng.uniform(-0.5, 1.5)
        noise += crackle(n, RATE, log_uniform(rng, 0.3, 60), size, rng)[:, 0]
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


def _once_a_turn(n: int, rng: np.random.Generator) -> Wave:
    """Make what comes back with every turn: a tick or a thump, as a scratch or the run-out groove does."""
    turn = RATE / rng.choice(REVOLUTION_HZ)
    length = int(RATE * rng.uniform(0.0005, 0.06))
    sound, shape = np.zeros(n + length), np.hanning(length) * rng.standard_normal(length)
    shape = band_limit(shape, 0, log_uniform(rng, 80, 8000))
    shape *= 10 ** rng.uniform(-0.5, 1.2) / (np.max(np.abs(shape)) + 1e-9)
    for at in np.arange(rng.uniform(0, turn), n, turn):
        sound[int(at) : int(at) + length] += shape * rng.uniform(0.6, 1.0)
    return sound[:n]


def scratches(n: int, rng: np.random.Generator) -> Wave:
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


def thumps(n: int, rng: np.random.Generator) -> Wave:
    """Make soft bumps, as of dust and dents: a hump of some milliseconds, from which the arm and cartridge, a
    resonant high-pass at 5 to 25 Hz, swing back: float64, (n,), peak near 1.
    """
    sound = np.zeros(n)
    for at in rng.integers(0, n, int(rng.poisson(log_uniform(rng, 0.2, 6) * n / RATE))):
        length = min(n - int(at), int(RATE * log_uniform(rng, 0.002, 0.03)))
        hump = np.hanning(length) ** rng.uniform(0.7, 3) * rng.choice([-1, 1]) * rng.uniform(0.2, 1)
        sound[at : at + length] += hump
    turn = 2 * np.pi * rng.uniform(5, 25) / RATE
    damping = np.sin(turn) / (2 * rng.uniform(0.4, 2))
    gain = (1 + np.cos(turn)) / 2  # the high-pass of Bristow-Johnson's cookbook
    poles = [1 + damping, -2 * np.cos(turn), 1 - damping]
    return np.asarray(signal.lfilter([gain, -2 * gain, gain], poles, sound))


def _rumble(n: int, rng: np.random.Generator) -> Wave:
    """Make what a turntable's bearing adds: noise between 5 and 40-150 Hz, RMS 1."""
    band = signal.butter(2, (5, rng.uniform(40, 150)), "band", fs=RATE, output="sos")
    noise = signal.sosfilt(band, rng.standard_normal(n))
    return np.asarray(noise / (np.std(noise) + 1e-12))


def coloured_noise(n: int, rng: np.random.Generator) -> Wave:
    """Make n samples of noise, falling by 0 to 12 dB per octave above 0.5-8 kHz, RMS 1: float64, (n,)."""
    noise = rng.standard_normal(n)
    for _ in range(int(rng.integers(0, 3))):
        noise = band_limit(noise, 0, np.exp(rng.uniform(6.2, 9)))
    return np.asarray(noise / (np.std(noise) + 1e-12))


def crackle(n: int, sample_rate: int, per_second: float, level: float, rng: np.random.Generator) -> Wave:
    """Make dust: float64, (n, 2), clicks at random times whose sizes are exponential around `level`, off centre."""
    clicks = np.zeros((n, 2))
    count = int(rng.poisson(per_second * n / sample_rate))
    sizes = rng.exponential(level, count) * rng.choice([-1.0, 1.0], count)
    np.add.at(clicks, rng.integers(0, n, count), sizes[:, None] * rng.uniform(0.2, 1.0, (count, 2)))
    dust = signal.butter(1, [600, 9000], "band", fs=sample_rate, output="sos")
    return np.asarray(signal.sosfilt(dust, clicks, axis=0)) * 2.5


DROP = 0.15
"""Seconds until the needle touches the record."""


@dataclass(frozen=True, slots=True)
class RecordCondition:
    """How worn the record and its player are; levels in dB below full scale, speed deviations as peak fractions."""

    drive_db: float = 3.0
    low_hz: float = 40.0
    high_hz: float = 13_000.0
    wow: float = 0.0012
    flutter: float = 0.0003
    flutter_hz: float = 7.3
    hiss_db: float = -57.0
    hum_db: float = -64.0
    hum_hz: float = 60.0
    crackles_per_second: float = 14.0
    crackle_db: float = -28.0
    pops: int = 5
    lead_in: float = 0.9
    run_out: float = 1.2


def displacement(pressing: RecordCondition, times: Wave) -> Wave:
    """Give how far the stylus reads ahead of time, in seconds, at each of `times` (seconds since the needle drop)."""
    sway = np.zeros_like(times)
    for rate, depth in ((LP_HZ, pressing.wow), (pressing.flutter_hz, pressing.flutter)):
        sway += depth / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * times)
    return sway


def played_at(pressing: RecordCondition, seconds: list[float]) -> list[float]:
    """Map times in the clean recording to times in the worn one, both in seconds."""
    clean = np.asarray(seconds, dtype=np.float64) + pressing.lead_in
    played = clean.copy()
    for _ in range(4):
        played = clean - displacement(pressing, played)
    return [float(time) for time in played]


def play_worn(sound: Wave, sample_rate: int, pressing: RecordCondition, rng: np.random.Generator) -> Wave:
    """Play a clean recording as a worn record.

    sound: float64, (n, 2), full scale ±1. Returns float64, (m, 2), longer by the lead-in and the run-out.
    """
    lead, tail = (round(seconds * sample_rate) for seconds in (pressing.lead_in, pressing.run_out))
    drive = 10 ** (pressing.drive_db / 20)
    music = np.tanh(drive * sound) / np.tanh(drive)
    music = _band_limited(_mono_lows(music, sample_rate), sample_rate, pressing)
    music = np.pad(music, ((lead, tail), (0, 0)))
    music = _warped(music, sample_rate, pressing)
    return (
        music
        + _between_drop_and_lift(groove_noise(len(music), sample_rate, pressing, rng), sample_rate)
        + _needle_drop(len(music), sample_rate, rng)
    )


def groove_noise(n: int, sample_rate: int, pressing: RecordCondition, rng: np.random.Generator) -> Wave:
    """Make n samples of an empty groove: float64, (n, 2): hiss, hum, rumble, crackle, a tick once a turn, pops."""
    hiss = signal.sosfilt(
        signal.butter(1, 3000, "low", fs=sample_rate, output="sos"), rng.standard_normal((n, 2)), axis=0
    )
    noise = hiss * 10 ** (pressing.hiss_db / 20) / (np.std(hiss) + 1e-12)
    times = np.arange(n) / sample_rate
    for harmonic, level in ((1, 1.0), (2, 0.5), (3, 0.35)):
        hum = level * np.sin(2 * np.pi * harmonic * pressing.hum_hz * times)
        noise += 10 ** (pressing.hum_db / 20) * hum[:, None]
    noise += crackle(n, sample_rate, pressing.crackles_per_second, 10 ** (pressing.crackle_db / 20), rng)
    noise += crackle(n, sample_rate, pressing.pops * sample_rate / n, 0.12, rng)
    ticks = np.zeros((n, 2))
    turn = round(sample_rate / LP_HZ)
    ticks[int(rng.integers(turn)) :: turn, 0] = 0.03
    return noise + ticks


def _mono_lows(sound: Wave, sample_rate: int) -> Wave:
    """Cut the side signal below 150 Hz, as a lathe must."""
    middle, side = sound.mean(axis=1), (sound[:, 0] - sound[:, 1]) / 2
    side = signal.sosfilt(signal.butter(1, 150, "high", fs=sample_rate, output="sos"), side)
    return np.stack([middle + side, middle - side], axis=1)


def _band_limited(sound: Wave, sample_rate: int, pressing: RecordCondition) -> Wave:
    band = signal.butter(2, [pressing.low_hz, pressing.high_hz], "band", fs=sample_rate, output="sos")
    return np.asarray(signal.sosfilt(band, sound, axis=0))


def _warped(sound: Wave, sample_rate: int, pressing: RecordCondition) -> Wave:
    times = np.arange(len(sound)) / sample_rate
    read = (times + displacement(pressing, times)) * sample_rate
    # Cubic splines: a straight line between samples would dull the cymbals as the speed sways.
    channels = [ndimage.map_coordinates(channel, [read], order=3, mode="nearest") for channel in sound.T]
    return np.stack(channels, axis=1)


def _between_drop_and_lift(noise: Wave, sample_rate: int) -> Wave:
    """Keep the surface noise from the needle drop to the lift, 60 ms before the end; the amplifier hisses on."""
    down = np.full(len(noise), 1.0)
    down[: round(DROP * sample_rate)] = 0.1
    lift = round(0.06 * sample_rate)
    down[-lift:] = np.maximum(np.linspace(1, -2, lift), 0.1)
    return noise * down[:, None]


def _needle_drop(n: int, sample_rate: int, rng: np.random.Generator) -> Wave:
    """Drop the stylus: a low thump and a scrape."""
    drop = round(DROP * sample_rate)
    times = np.arange(round(0.3 * sample_rate)) / sample_rate
    thump = 0.22 * np.sin(2 * np.pi * 55 * times) * np.exp(-times / 0.045)
    scrape = signal.sosfilt(
        signal.butter(1, [300, 5000], "band", fs=sample_rate, output="sos"), rng.standard_normal(len(times))
    )
    thump += 0.12 * scrape * np.exp(-times / 0.02)
    needle = np.zeros((n, 2))
    needle[drop : drop + len(times)] += thump[:, None]
    return needle
