"""What happens to music on its way from the band to the turntable; and records with no music on them."""

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from offline.demo.record import crackle
from offline.training.records import Chop, Record
from offline.training.sounds import RATE, Sound

MOST_TUNING = 3.0  # semitones either way


def tuned(record: Record, semitones: float) -> Record:
    """Play a record faster or slower, as a pitch fader does: pitch, tempo and every known place move together."""
    speed = 2 ** (semitones / 12)
    samples = np.asarray(soxr.resample(record.samples, RATE * speed, RATE), dtype=np.float32)
    chops = [Chop(round(chop.sample / speed), chop.strength) for chop in record.chops]
    unknown = [
        (round(start / speed), max(round(start / speed) + 1, round(stop / speed))) for start, stop in record.unknown
    ]
    return Record(samples, chops, unknown)


def worn(record: Record, rng: np.random.Generator) -> Record:
    """Wear a record: tuning -3..+3 semitones, equalising, saturation, surface noise, level. Places stay known."""
    turned = tuned(record, rng.uniform(-MOST_TUNING, MOST_TUNING))
    samples = _equalised(turned.samples, rng)
    samples /= np.max(np.abs(samples), initial=1e-9)
    if rng.random() < 0.5:
        drive = 10 ** (rng.uniform(0, 14) / 20)
        samples = np.tanh(drive * samples) / np.float32(np.tanh(drive))
    if rng.random() < 0.6:
        samples = samples + surface(len(samples), rng) * np.float32(10 ** (rng.uniform(-70, -34) / 20))
    samples = (samples * 10 ** (rng.uniform(-30, 0) / 20)).astype(np.float32)
    return Record(samples, turned.chops, turned.unknown)


def empty(length: float, rng: np.random.Generator) -> Record:
    """Make a record with nothing on it, at any level: hiss, crackle, hum, run-out, or digital silence."""
    n = round(length * RATE)
    if rng.random() < 0.08:
        return Record(np.zeros(n, np.float32))
    level = 10 ** (rng.uniform(-75, -10) / 20)
    return Record((surface(n, rng, busy=True) * level).astype(np.float32))


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
    if rng.random() < 0.4:
        turn = rng.uniform(0.2, 1.0)
        noise *= 1 + rng.uniform(0, 0.7) * np.sin(2 * np.pi * turn * times + rng.uniform(0, 6.28))
    return noise.astype(np.float32)


def scratches(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make clusters of pops, and pops that kick the tonearm, which then swings: float64, (n,), peak near 1."""
    sound = np.zeros(n)
    for at in rng.integers(0, n, int(rng.poisson(rng.uniform(0.2, 1.5) * n / RATE))):
        for _ in range(int(rng.integers(1, 7))):
            length = int(rng.integers(8, 90))
            pop = rng.uniform(0.2, 1) * rng.choice([-1, 1]) * np.hanning(length) * rng.uniform(-0.2, 1, length)
            start = min(n - length, int(at + rng.exponential(0.02) * RATE))
            sound[start : start + length] += pop
        if rng.random() < 0.5:
            times = np.arange(min(n - at, RATE // 2)) / RATE
            swing = np.sin(2 * np.pi * rng.uniform(8, 45) * times) * np.exp(-times / rng.uniform(0.02, 0.12))
            sound[at : at + len(times)] += rng.uniform(0.1, 0.8) * swing
    return sound


def coloured(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make n samples of noise, falling by 0 to 12 dB per octave above 0.5-8 kHz, RMS 1: float64, (n,)."""
    noise = rng.standard_normal(n)
    for _ in range(int(rng.integers(0, 3))):
        noise = signal.sosfilt(signal.butter(1, np.exp(rng.uniform(6.2, 9)), "low", fs=RATE, output="sos"), noise)
    return np.asarray(noise / (np.std(noise) + 1e-12))


def _equalised(samples: Sound, rng: np.random.Generator) -> Sound:
    """Bend the spectrum by a few decibels at nine places, now and then dull or thin."""
    spectrum = np.fft.rfft(samples)
    places = np.log([20, 60, 150, 400, 1000, 2500, 6000, 12_000, 22_050])
    gains_db = rng.normal(0, 4, len(places))
    if rng.random() < 0.2:
        gains_db[-3:] -= np.array([5, 15, 30]) * rng.random()
    if rng.random() < 0.15:
        gains_db[:2] -= np.array([20, 8]) * rng.random()
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum *= 10 ** (np.interp(np.log(frequencies + 1), places, gains_db) / 20)
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)
