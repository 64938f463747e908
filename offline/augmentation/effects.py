"""Effects for augmentation and synthesis: speed, filters, equaliser, compressor, rooms, an early sampler; one-shots;
tilt, ripple and shift of spectrograms."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound

Wave = NDArray[np.float64]


def sample_times(length: float) -> Wave:
    """Give the time of every sample of so many seconds: float64, (n,), seconds."""
    return np.arange(int(RATE * length)) / RATE


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between two, evenly by octaves."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noise_burst(times: Wave, decay: float, rng: np.random.Generator) -> Wave:
    """Make white noise that dies away. times: (n,), seconds. decay: seconds to 1/e."""
    return rng.standard_normal(len(times)) * np.exp(-times / decay)


def band_limit(sound: Wave, low: float, high: float, order: int = 1) -> Wave:
    """Keep low..high Hz; 0 and anything above 20 kHz mean no limit."""
    if low > 20:
        sound = signal.sosfilt(signal.butter(order, low, "high", fs=RATE, output="sos"), sound)
    if high < 20_000:
        sound = signal.sosfilt(signal.butter(order, high, "low", fs=RATE, output="sos"), sound)
    return np.asarray(sound)


def attack_energy(sound: Wave) -> float:
    """Give the energy of the first 60 ms, never quite 0."""
    return float(np.sum(np.square(sound[: RATE * 60 // 1000]))) + 1e-12


def scale_to_attack(sound: Wave, reference: Wave, level_db: float) -> Wave:
    """Scale a sound so that its first 60 ms lie level_db above those of the reference."""
    return sound * np.sqrt(attack_energy(reference) / attack_energy(sound)) * 10 ** (level_db / 20)


def add_room(sound: Wave, build: np.random.Generator) -> Wave:
    """Add what a microphone in the room records: late, dull, compressed; longer by its tail."""
    decay, late = log_uniform(build, 0.03, 0.18), int(RATE * build.uniform(0.001, 0.014))
    tail = build.standard_normal(int(RATE * 4 * decay)) * np.exp(-sample_times(4 * decay) / decay)
    tail = band_limit(tail, log_uniform(build, 80, 300), log_uniform(build, 3000, 10_000))
    long = np.concatenate([sound, np.zeros(late + len(tail))])
    room = np.concatenate([np.zeros(late), signal.fftconvolve(sound, tail)])[: len(long)]
    room = np.concatenate([room, np.zeros(len(long) - len(room))])
    return long + scale_to_attack(room, long, build.uniform(-20, -3))


def early_sampler(sound: Wave, build: np.random.Generator) -> Wave:
    """Play a sound through an early sampler: few bits, a low rate without a filter behind it."""
    step, bits = int(build.integers(1, 4)), int(build.integers(8, 13))
    scale = 2 ** (bits - 1) / (np.max(np.abs(sound)) + 1e-12)
    held = np.repeat(np.round(sound[::step] * scale) / scale, step)[: len(sound)]
    return np.asarray(held)


def change_speed(sound: Sound, speed: float) -> Sound:
    """Play a sound faster (higher) or slower; linear between samples."""
    return np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound).astype(np.float32)


def compress(sound: Sound, rng: np.random.Generator) -> Sound:
    """Turn down what is loud, by the power of the last 10-120 ms. sound: float32, (n,), peak about 1."""
    slow = np.exp(-1 / (RATE * rng.uniform(0.01, 0.12)))
    level = np.sqrt(signal.lfilter([1 - slow], [1, -slow], np.square(sound, dtype=np.float64))) + 1e-4
    threshold, ratio = rng.uniform(0.05, 0.3), rng.uniform(1.5, 6)
    return (sound * np.minimum(1, (level / threshold) ** (1 / ratio - 1))).astype(np.float32)


def reverberate(sound: Sound, rng: np.random.Generator, wettest: float = 0.6) -> Sound:
    """Put a sound in a room: a few early reflections, then a tail whose treble dies first. The direct sound stays."""
    n, decay = RATE // 2, rng.uniform(0.02, 0.15)
    times = np.arange(n) / RATE
    tail = rng.standard_normal(n) * np.exp(-times / decay) * (times > rng.uniform(0.001, 0.012))
    treble = band_limit(tail, rng.uniform(1500, 6000), 20_000)
    tail -= treble * (1 - np.exp(-times / (decay * rng.uniform(0.2, 0.8))))
    early = rng.integers(80, 1600, int(rng.integers(4, 12)))
    tail[early] += rng.choice([-1, 1], len(early)) * rng.uniform(1, 5, len(early)) * np.exp(-early / (RATE * decay))
    tail *= rng.uniform(0.05, wettest) / np.sqrt(np.sum(tail**2))
    return (sound + signal.fftconvolve(sound, tail)[: len(sound)]).astype(np.float32)


def equalise(samples: Sound, rng: np.random.Generator) -> Sound:
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


MOST_OCTAVES = 0.4
SHORTEST = 0.06
FEWEST = 256
"""Samples that a sound has at least when it is changed; silence fills it up."""


def augment_sound(samples: Sound, rng: np.random.Generator) -> Sound:
    """Change a sound by chance: float32 (n,), n at least 1, 44 100 Hz; gives float32 (m,), peak 1, its attack first."""
    sound = np.asarray(change_speed(samples, 2 ** rng.uniform(-MOST_OCTAVES, MOST_OCTAVES)), np.float64)
    sound = np.pad(sound, (0, max(0, FEWEST - len(sound))))
    if rng.random() < 0.25:
        until = int(log_uniform(rng, SHORTEST, 2.0) * RATE)
        sound = sound[:until] * np.minimum(np.arange(min(until, len(sound)), 0, -1) / (0.02 * RATE), 1)
    if rng.random() < 0.25:
        sound = sound * np.exp(-np.arange(len(sound)) / (log_uniform(rng, 0.08, 1.5) * RATE))
    if rng.random() < 0.35:
        sound = sound + rng.uniform(-0.7, 2.0) * band_limit(sound, log_uniform(rng, 600, 6000), 20_000)
    if rng.random() < 0.25:
        sound = sound + rng.uniform(-0.6, 2.0) * band_limit(sound, 0, log_uniform(rng, 80, 600))
    if rng.random() < 0.2:
        sound = band_limit(sound, 0, log_uniform(rng, 1500, 12_000), 2)
    if rng.random() < 0.15:
        sound = band_limit(sound, log_uniform(rng, 60, 500), 20_000, 2)
    if rng.random() < 0.3:
        sound = np.tanh(log_uniform(rng, 1.2, 12) * sound / (np.max(np.abs(sound)) + 1e-9))
    if rng.random() < 0.25:
        sound = add_room(sound, rng)
    if rng.random() < 0.1:
        sound = early_sampler(sound, rng)
    peak = float(np.max(np.abs(sound), initial=0.0)) + 1e-9
    if rng.random() < 0.4:
        sound = sound + peak * 10 ** (rng.uniform(-75, -38) / 20) * rng.standard_normal(len(sound))
    return np.asarray(sound / (np.max(np.abs(sound), initial=0.0) + 1e-9), np.float32)


def tilt_and_ripple(count: int, bands: int, tilt: float, ripple: float, rng: np.random.Generator) -> Sound:
    """Draw what another desk does to spectrograms: a tilt and a slow ripple over the bands, float32 (count, 1, bands).

    tilt, ripple: their standard deviations, in the unit of the spectrogram.
    """
    grid = np.linspace(-1, 1, bands)
    phase, speed = rng.uniform(0, 2 * np.pi, (count, 1, 1)), rng.uniform(1, 5, (count, 1, 1)) * np.pi
    wave = rng.normal(0, ripple, (count, 1, 1)) * np.cos(speed * grid / 2 + phase)
    return np.asarray(rng.normal(0, tilt, (count, 1, 1)) * grid + wave, np.float32)


def shift_bands(spectrograms: Sound, axis: int, rng: np.random.Generator, most: int = 2) -> None:
    """Move each spectrogram up or down by up to `most` bands, in place, as another speed would.

    What was at the edge stays. spectrograms: float32, the examples along the first axis, the bands along `axis`.
    """
    for row, bands in zip(
        np.moveaxis(spectrograms, axis, -1), rng.integers(-most, most + 1, len(spectrograms)), strict=True
    ):
        if bands > 0:
            row[..., bands:] = row[..., :-bands].copy()
        elif bands < 0:
            row[..., :bands] = row[..., -bands:].copy()
