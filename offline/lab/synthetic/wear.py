"""What happens to music between the band and the ear: speed, wow and flutter, tone, saturation, surface, level."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.demo.record import crackle

MOST_TUNING = 3.0  # semitones either way
MOST_SPEED = 0.08
REVOLUTION_HZ = (100 / 3 / 60, 45 / 60, 78 / 60)


@dataclass(frozen=True, slots=True)
class Turntable:
    """How a record is turned: mean speed (1 as recorded), and swings of speed as (Hz, peak fraction, phase)."""

    speed: float = 1.0
    swings: tuple[tuple[float, float, float], ...] = ()

    @property
    def semitones(self) -> float:
        """By how much every pitch rises."""
        return float(12 * np.log2(self.speed))

    def recorded_at(self, heard: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map times of the playing to times of the recording, seconds, float64 (n,)."""
        ahead = np.zeros_like(heard)
        for rate, depth, phase in self.swings:
            turn = 2 * np.pi * rate
            ahead += depth / turn * (np.sin(turn * heard + phase) - np.sin(phase))
        return self.speed * (heard + ahead)

    def heard_at(self, recorded: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map times of the recording to times of the playing: the inverse, to well under a microsecond."""
        heard = np.asarray(recorded, dtype=np.float64) / self.speed
        for _ in range(12):
            heard = heard - (self.recorded_at(heard) / self.speed - recorded / self.speed)
        return heard

    def play(self, samples: Sound, length: float) -> Sound:
        """Give `length` seconds of the record as it sounds on this turntable: float32, (round(length * RATE),)."""
        places = self.recorded_at(np.arange(round(length * RATE)) / RATE) * RATE
        # Cubic splines: a straight line between samples would dull the cymbals as the speed sways.
        return np.asarray(ndimage.map_coordinates(samples, [places], order=3, mode="constant"), dtype=np.float32)


def find_turntable(rng: np.random.Generator) -> Turntable:
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


def worn(samples: Sound, rng: np.random.Generator) -> Sound:
    """Wear music that turns already: tone, saturation, surface noise, level -30..0 dBFS. Nothing moves in time."""
    out = equalised(samples, rng)
    out /= np.max(np.abs(out), initial=1e-9)
    if rng.random() < 0.5:
        drive = 10 ** (rng.uniform(0, 14) / 20)
        out = np.tanh(drive * out) / np.float32(np.tanh(drive))
    if rng.random() < 0.65:
        out = out + surface(len(out), rng) * np.float32(10 ** (rng.uniform(-72, -36) / 20))
    peak = np.max(np.abs(out), initial=1e-9)
    return (out / peak * 10 ** (_level_db(rng) / 20)).astype(np.float32)


def _level_db(rng: np.random.Generator) -> float:
    return float(rng.choice([rng.uniform(-12, 0), rng.uniform(-30, 0)]))


def empty(length: float, rng: np.random.Generator) -> Sound:
    """Make a record with nothing on it, at any level: hiss, crackle, hum, run-out, or digital silence."""
    n = round(length * RATE)
    if rng.random() < 0.08:
        return np.zeros(n, np.float32)
    noise = surface(n, rng, busy=True) * np.float32(10 ** (rng.uniform(-75, -10) / 20))
    if rng.random() < 0.25:
        at = int(rng.integers(n))  # the needle comes down or is lifted
        noise[:at] *= 10 ** (rng.uniform(-60, -20) / 20)
        fade = min(len(noise) - at, RATE // 2)
        noise[at : at + fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    return np.clip(noise, -1, 1)


def surface(n: int, rng: np.random.Generator, busy: bool = False) -> Sound:
    """Make n samples of surface noise with an RMS near 1: float32, (n,).

    busy: always crackle or hum beside the hiss, and slow changes of level.
    """
    noise = coloured(n, rng) * rng.choice([0.03, 0.3, 1.0])
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
        noise += _each_turn(n, rng)
    if rng.random() < (0.6 if busy else 0.25):
        noise += thumps(n, rng) * 10 ** rng.uniform(-0.3, 1.3)
    if rng.random() < (0.4 if busy else 0.2):
        noise += _rumble(n, rng) * 10 ** rng.uniform(-1, 0.5)
    if rng.random() < 0.4:
        turn = rng.uniform(0.2, 1.0)
        noise *= 1 + rng.uniform(0, 0.7) * np.sin(2 * np.pi * turn * times + rng.uniform(0, 6.28))
    return noise.astype(np.float32)


def _each_turn(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
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


def coloured(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make n samples of noise, falling by 0 to 12 dB per octave above 0.5-8 kHz, RMS 1: float64, (n,)."""
    noise = rng.standard_normal(n)
    for _ in range(int(rng.integers(0, 3))):
        noise = signal.sosfilt(signal.butter(1, np.exp(rng.uniform(6.2, 9)), "low", fs=RATE, output="sos"), noise)
    return np.asarray(noise / (np.std(noise) + 1e-12))


def equalised(samples: Sound, rng: np.random.Generator) -> Sound:
    """Bend the spectrum by a few decibels at nine places, now and then dull or thin; without delay."""
    count = 2 ** int(np.ceil(np.log2(len(samples))))
    spectrum = np.fft.rfft(samples, count)
    places = np.log([20, 60, 150, 400, 1000, 2500, 6000, 12_000, 22_050])
    gains_db = rng.normal(0, 4, len(places))
    if rng.random() < 0.2:
        gains_db[-3:] -= np.array([5, 15, 30]) * rng.random()
    if rng.random() < 0.15:
        gains_db[:2] -= np.array([20, 8]) * rng.random()
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 10 ** (np.interp(np.log(frequencies + 1), places, gains_db) / 20)
    return np.fft.irfft(spectrum, count)[: len(samples)].astype(np.float32)
