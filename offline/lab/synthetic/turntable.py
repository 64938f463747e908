"""Augmentation of synthetic records as on a turntable: speed, wow and flutter, tone, saturation, surface, level."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import equalise
from samplechop.offline.augmentation.vinyl import REVOLUTION_HZ, surface_noise

MOST_TUNING = 3.0  # semitones either way
MOST_SPEED = 0.08


@dataclass(frozen=True, slots=True)
class Turntable:
    """How a record is turned: mean speed (1 as recorded), and swings of speed as (Hz, peak fraction, phase)."""

    speed: float = 1.0
    swings: tuple[tuple[float, float, float], ...] = ()

    @property
    def semitones(self) -> float:
        """By how much every pitch rises."""
        return float(12 * np.log2(self.speed))

    def recorded_at(self, played: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map times of the playing to times of the recording, seconds, float64 (n,)."""
        ahead = np.zeros_like(played)
        for rate, depth, phase in self.swings:
            turn = 2 * np.pi * rate
            ahead += depth / turn * (np.sin(turn * played + phase) - np.sin(phase))
        return self.speed * (played + ahead)

    def played_at(self, recorded: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map times of the recording to times of the playing: the inverse, to well under a microsecond."""
        played = np.asarray(recorded, dtype=np.float64) / self.speed
        for _ in range(12):
            played = played - (self.recorded_at(played) / self.speed - recorded / self.speed)
        return played

    def play(self, samples: Sound, length: float) -> Sound:
        """Give `length` seconds of the record as it sounds on this turntable: float32, (round(length * RATE),)."""
        places = self.recorded_at(np.arange(round(length * RATE)) / RATE) * RATE
        # Cubic splines: a straight line between samples would dull the cymbals as the speed sways.
        return np.asarray(ndimage.map_coordinates(samples, [places], order=3, mode="constant"), dtype=np.float32)


def random_turntable(rng: np.random.Generator) -> Turntable:
    """Choose one: tuned by whole semitones and a little more, or by a pitch fader within 8 %; then wow and flutter."""
    roll = rng.random()
    if roll < 0.45:
        semitones = float(np.clip(rng.integers(-3, 4) + rng.uniform(-0.35, 0.35), -MOST_TUNING, MOST_TUNING))
        speed = 2 ** (semitones / 12)
    else:
        speed = 1 + (rng.uniform(-MOST_SPEED, MOST_SPEED) if roll < 0.8 else 0.0)
    swings = []
    if rng.random() < 0.7:
        swings.append((float(rng.choice(REVOLUTION_HZ)), float(rng.exponential(0.0015)), float(rng.uniform(0, 6.28))))
        swings.append((float(rng.uniform(0.1, 0.4)), float(rng.exponential(0.001)), float(rng.uniform(0, 6.28))))
        swings.append((float(rng.uniform(4, 12)), float(rng.exponential(0.0004)), float(rng.uniform(0, 6.28))))
    return Turntable(float(speed), tuple((rate, min(depth, 0.006), phase) for rate, depth, phase in swings))


def augment_record(samples: Sound, rng: np.random.Generator) -> Sound:
    """Wear music that turns already: tone, saturation, surface noise, level -30..0 dBFS. Nothing moves in time."""
    out = equalise(samples, rng)
    out /= np.max(np.abs(out), initial=1e-9)
    if rng.random() < 0.5:
        drive = 10 ** (rng.uniform(0, 14) / 20)
        out = np.tanh(drive * out) / np.float32(np.tanh(drive))
    if rng.random() < 0.65:
        out = out + surface_noise(len(out), rng) * np.float32(10 ** (rng.uniform(-72, -36) / 20))
    peak = np.max(np.abs(out), initial=1e-9)
    return (out / peak * 10 ** (_level_db(rng) / 20)).astype(np.float32)


def _level_db(rng: np.random.Generator) -> float:
    return float(rng.choice([rng.uniform(-12, 0), rng.uniform(-30, 0)]))


def empty_record(length: float, rng: np.random.Generator) -> Sound:
    """Make a record with nothing on it, at any level: hiss, crackle, hum, run-out, or digital silence."""
    n = round(length * RATE)
    if rng.random() < 0.08:
        return np.zeros(n, np.float32)
    noise = surface_noise(n, rng, busy=True) * np.float32(10 ** (rng.uniform(-75, -10) / 20))
    if rng.random() < 0.25:
        at = int(rng.integers(n))  # the needle comes down or is lifted
        noise[:at] *= 10 ** (rng.uniform(-60, -20) / 20)
        fade = min(len(noise) - at, RATE // 2)
        noise[at : at + fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    return np.clip(noise, -1, 1)


def good_turntable(rng: np.random.Generator) -> Turntable:
    """Choose a turntable in good order: within 4 % of its speed, hardly any wow."""
    swings = (
        (float(100 / 3 / 60), float(rng.uniform(0, 0.001)), float(rng.uniform(0, 6.28))),
        (float(rng.uniform(4, 10)), float(rng.uniform(0, 0.0003)), float(rng.uniform(0, 6.28))),
    )
    return Turntable(float(1 + rng.uniform(-0.04, 0.04)), swings)


def augment_record_mildly(samples: Sound, rng: np.random.Generator) -> Sound:
    """Wear a recording a little: tone half of the time, surface noise at -72 to -50 dB, level -18 to 0 dBFS."""
    out = equalise(samples, rng) if rng.random() < 0.5 else samples
    out = out / np.float32(np.max(np.abs(out), initial=1e-9))
    noise = surface_noise(len(out), rng)
    out = out + noise * np.float32(10 ** (rng.uniform(-72, -50) / 20))
    return np.asarray(out / np.max(np.abs(out), initial=1e-9) * 10 ** (rng.uniform(-18, 0) / 20), np.float32)
