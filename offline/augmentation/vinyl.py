"""Vinyl simulation of a clean recording: saturation, narrow band, wow, flutter, surface noise, needle drop, run-out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from samplechop.offline.augmentation.surface_noise import crackle

Sound = NDArray[np.float64]

REVOLUTION_HZ = 100 / 3 / 60
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


def displacement(pressing: RecordCondition, times: Sound) -> Sound:
    """Give how far the stylus reads ahead of time, in seconds, at each of `times` (seconds since the needle drop)."""
    sway = np.zeros_like(times)
    for rate, depth in ((REVOLUTION_HZ, pressing.wow), (pressing.flutter_hz, pressing.flutter)):
        sway += depth / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * times)
    return sway


def played_at(pressing: RecordCondition, seconds: list[float]) -> list[float]:
    """Map times in the clean recording to times in the worn one, both in seconds."""
    clean = np.asarray(seconds, dtype=np.float64) + pressing.lead_in
    played = clean.copy()
    for _ in range(4):
        played = clean - displacement(pressing, played)
    return [float(time) for time in played]


def play_worn(sound: Sound, sample_rate: int, pressing: RecordCondition, rng: np.random.Generator) -> Sound:
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


def groove_noise(n: int, sample_rate: int, pressing: RecordCondition, rng: np.random.Generator) -> Sound:
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
    turn = round(sample_rate / REVOLUTION_HZ)
    ticks[int(rng.integers(turn)) :: turn, 0] = 0.03
    return noise + ticks


def _mono_lows(sound: Sound, sample_rate: int) -> Sound:
    """Cut the side signal below 150 Hz, as a lathe must."""
    middle, side = sound.mean(axis=1), (sound[:, 0] - sound[:, 1]) / 2
    side = signal.sosfilt(signal.butter(1, 150, "high", fs=sample_rate, output="sos"), side)
    return np.stack([middle + side, middle - side], axis=1)


def _band_limited(sound: Sound, sample_rate: int, pressing: RecordCondition) -> Sound:
    band = signal.butter(2, [pressing.low_hz, pressing.high_hz], "band", fs=sample_rate, output="sos")
    return np.asarray(signal.sosfilt(band, sound, axis=0))


def _warped(sound: Sound, sample_rate: int, pressing: RecordCondition) -> Sound:
    times = np.arange(len(sound)) / sample_rate
    read = (times + displacement(pressing, times)) * sample_rate
    # Cubic splines: a straight line between samples would dull the cymbals as the speed sways.
    channels = [ndimage.map_coordinates(channel, [read], order=3, mode="nearest") for channel in sound.T]
    return np.stack(channels, axis=1)


def _between_drop_and_lift(noise: Sound, sample_rate: int) -> Sound:
    """Keep the surface noise from the needle drop to the lift, 60 ms before the end; the amplifier hisses on."""
    down = np.full(len(noise), 1.0)
    down[: round(DROP * sample_rate)] = 0.1
    lift = round(0.06 * sample_rate)
    down[-lift:] = np.maximum(np.linspace(1, -2, lift), 0.1)
    return noise * down[:, None]


def _needle_drop(n: int, sample_rate: int, rng: np.random.Generator) -> Sound:
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
