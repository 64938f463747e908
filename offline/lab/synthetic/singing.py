"""A singer: vowels of three formants, and the consonants before them, hisses and bursts."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic.score import Tone

VOWELS_HZ = (
    (800, 1150, 2900),
    (350, 2000, 2800),
    (270, 2140, 2950),
    (450, 800, 2830),
    (325, 700, 2700),
    (640, 1190, 2390),
)
"""The first three formants of a, e, i, o, u, and the neutral vowel, of a tenor."""
BANDWIDTHS_HZ = (80.0, 100.0, 140.0)
SILENT = 0.35


def sing(tones: list[Tone], length: float, rng: np.random.Generator) -> Sound:
    """Sing tones, one at a time: float32, (round(length * RATE),), peak 1 unless there is nothing to sing.

    A tone's time is where its vowel begins; a consonant may come before.
    """
    out = np.zeros(round(length * RATE), np.float32)
    size = float(rng.uniform(0.95, 1.25))
    before: int | None = None
    vibrato, depth = float(rng.uniform(4.5, 6.5)), float(rng.choice([0.1, 0.3, 0.6]))
    tilt, breath = float(rng.uniform(700, 3500)), float(10 ** rng.uniform(-2.5, -1))
    glide, spoken = float(rng.uniform(0.01, 0.12)), rng.random() < 0.25
    ordered = sorted(tones, key=lambda tone: tone.time)
    for tone, following in zip(ordered, [*ordered[1:], None], strict=True):
        stop = min(tone.time + tone.length, following.time if following else length, length - 0.05)
        n = int((stop - tone.time) * RATE)
        if n < 2000:
            continue
        times = np.arange(n) / RATE
        pitch = tone.key + ((before or tone.key) - tone.key) * np.exp(-times / glide)
        sway = depth * np.clip((times - 0.2) / 0.3, 0, 1) * np.sin(2 * np.pi * vibrato * times)
        pitch = pitch + (rng.uniform(-9, 1) * times / times[-1] if spoken else sway) + rng.normal(0, 0.1)
        vowel = VOWELS_HZ[rng.integers(len(VOWELS_HZ))]
        sound = _vowel(440 * 2 ** ((pitch - 69) / 12), vowel, size, tilt, breath, rng)
        attack = rng.uniform(0.005, 0.06)
        sound *= np.minimum(times / attack, 1) * np.minimum((times[-1] - times) / 0.04, 1)
        at = round(tone.time * RATE)
        out[at : at + n] += (sound * tone.velocity / 127).astype(np.float32)
        if rng.random() > SILENT:
            _consonant(out, at, rng, tone.velocity / 127)
        before = tone.key if following and following.time - stop < 0.15 else None
    peak = np.max(np.abs(out), initial=0.0)
    return out / peak if peak > 0 else out


def _vowel(
    hertz: NDArray[np.float64],
    formants: tuple[int, int, int],
    size: float,
    tilt: float,
    breath: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    phase = np.cumsum(hertz) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0) - hertz / RATE
    source = signal.lfilter(*signal.butter(1, tilt, fs=RATE), pulses) + breath * 0.05 * rng.standard_normal(len(phase))
    sound = np.zeros(len(phase))
    for number, (formant, width) in enumerate(zip(formants, BANDWIDTHS_HZ, strict=True)):
        radius, angle = np.exp(-np.pi * width / RATE), 2 * np.pi * formant * size * rng.uniform(0.96, 1.04) / RATE
        poles = [1, -2 * radius * np.cos(angle), radius**2]
        sound += signal.lfilter([1 - radius], poles, source) * (0.6**number)
    return np.asarray(sound / (np.max(np.abs(sound)) + 1e-9))


def _consonant(out: Sound, at: int, rng: np.random.Generator, level: float) -> None:
    """Put a hiss (s, sh, f) or a burst (t, k, p) before the vowel."""
    hiss = rng.random() < 0.5
    n = int(RATE * (rng.uniform(0.05, 0.14) if hiss else rng.uniform(0.005, 0.03)))
    low = rng.uniform(1000, 5500)
    band = signal.butter(2, (low, min(16_000.0, low * rng.uniform(1.5, 3))), "band", fs=RATE, output="sos")
    shape = np.hanning(n) if hiss else np.exp(-np.arange(n) / (n / 4))
    noise = signal.sosfilt(band, rng.standard_normal(n) * shape)
    noise *= level * rng.uniform(0.1, 0.6) / (np.max(np.abs(noise)) + 1e-9)
    start = max(0, at - n)
    out[start:at] += noise[n - (at - start) :].astype(np.float32)
