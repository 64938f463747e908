"""Sounds of synthesizers, turntables and hand drums made by rule: what no General MIDI soundfont has, or has once.

A sound is a seed: each maker draws everything from its generator. Bells and basses of frequency modulation after
J. Chowning, "The synthesis of complex audio spectra by means of frequency modulation" (JAES 1973); plucked strings
after K. Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres" (CMJ 1983); hand drums, whose
loaded membrane has nearly harmonic modes, after C. V. Raman, "The Indian musical drums" (Proc. Indian Acad. Sci. 1934).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import Wave, band_limit, log_uniform, sample_times
from samplechop.offline.augmentation.vinyl import surface_noise

Array = NDArray[np.float64]


def _saw(frequency: Array, width: float = 1.0) -> Array:
    """Make a sawtooth (width 1) or triangle (0.5) of a changing frequency in Hz."""
    return np.asarray(signal.sawtooth(2 * np.pi * np.cumsum(frequency) / RATE, width))


def _wave(kind: str, frequency: Array, rng: np.random.Generator) -> Array:
    phase = np.cumsum(frequency) / RATE
    if kind == "sine":
        return np.asarray(np.sin(2 * np.pi * phase))
    if kind == "square":
        return np.asarray(np.where(phase % 1 < rng.uniform(0.1, 0.5), 1.0, -1.0))
    return _saw(frequency, 1.0 if kind == "saw" else 0.5)


def _filtered(sound: Array, cutoff: Array, resonance: float) -> Array:
    """Send a sound through a low-pass of changing cutoff in Hz, in blocks of 512 that overlap by half."""
    size, out = 512, np.zeros(len(sound) + 512)
    shape = np.hanning(size)
    padded = np.concatenate([sound, np.zeros(size)])
    for at in range(0, len(sound), size // 2):
        centre = min(cutoff[at], 18_000)
        # A peak as wide as the spectrum has its poles outside the unit circle.
        b, a = signal.iirpeak(centre, max(resonance, centre / (0.49 * RATE)), fs=RATE)
        lead = max(0, at - size)
        part = padded[lead : at + size]
        low = signal.sosfilt(signal.butter(2, centre, fs=RATE, output="sos"), part)
        whole = low + 0.3 * resonance / 4 * signal.lfilter(b, a, part)
        out[at : at + size] += shape * whole[at - lead :]
    return out[: len(sound)]


def _envelope(times: Wave, attack: float, decay: float, sustain: float, until: float) -> Array:
    """Rise in `attack` seconds, fall towards `sustain`, and end at `until`."""
    shape = np.minimum(times / attack, 1) * (sustain + (1 - sustain) * np.exp(-times / decay))
    return np.asarray(shape * np.exp(-np.maximum(times - until, 0) / 0.03))


def made_bass(rng: np.random.Generator) -> Sound:
    """Make a synthesizer's bass note: oscillators through a closing filter, driven."""
    times = sample_times(log_uniform(rng, 0.3, 3.0))
    lowest = np.full(len(times), 440 * 2 ** ((rng.integers(24, 46) - 69) / 12))
    if rng.random() < 0.25:
        lowest = lowest * 2 ** (rng.uniform(-1, 1) * np.minimum(times / log_uniform(rng, 0.1, 1.5), 1))
    kind = str(rng.choice(["saw", "saw", "square", "triangle", "sine"]))
    sound = _wave(kind, lowest, rng)
    for _ in range(int(rng.integers(0, 3))):
        sound += _wave(kind, lowest * 2 ** (rng.normal(0, 0.12) / 12), rng)
    if rng.random() < 0.4:
        sound += np.sin(np.pi * np.cumsum(lowest) / RATE)
    sweep = log_uniform(rng, 150, 1500) * (1 + log_uniform(rng, 0.5, 12) * np.exp(-times / log_uniform(rng, 0.03, 0.6)))
    if rng.random() < 0.3:
        sweep *= 1 + 0.8 * np.sin(2 * np.pi * log_uniform(rng, 0.5, 9) * times)
    sound = _filtered(sound, sweep, rng.uniform(0.7, 6))
    sound *= _envelope(
        times, log_uniform(rng, 0.001, 0.04), log_uniform(rng, 0.1, 1.0), rng.uniform(0, 1), len(times) / RATE - 0.15
    )
    return np.asarray(np.tanh(log_uniform(rng, 0.5, 5) * sound / (np.std(sound) + 1e-9)), np.float32)


def made_lead(rng: np.random.Generator) -> Sound:
    """Make a synthesizer's lead note or short blip."""
    times = sample_times(log_uniform(rng, 0.06, 2.0))
    sway = 1 + 0.01 * rng.uniform(0, 1) * np.sin(2 * np.pi * 5.5 * times)
    lowest = 440 * 2 ** ((rng.integers(50, 90) - 69) / 12) * sway
    sound = _wave(str(rng.choice(["saw", "square", "triangle", "sine"])), lowest, rng)
    if rng.random() < 0.5:
        sound += _wave("saw", lowest * 1.007, rng)
    sound = _filtered(
        sound, log_uniform(rng, 800, 9000) * (1 + 2 * np.exp(-times / log_uniform(rng, 0.02, 0.4))), rng.uniform(0.7, 4)
    )
    sound *= _envelope(
        times, log_uniform(rng, 0.001, 0.03), log_uniform(rng, 0.05, 0.8), rng.uniform(0, 1), len(times) / RATE - 0.12
    )
    return np.asarray(sound, np.float32)


def made_pad(rng: np.random.Generator) -> Sound:
    """Make a pad or drone: detuned voices of a chord or one note, slowly opened."""
    times = sample_times(rng.uniform(2.5, 4.0))
    root = rng.integers(36, 66)
    chord = [0] if rng.random() < 0.4 else [0, int(rng.choice([3, 4])), 7, *([10] if rng.random() < 0.4 else [])]
    sound = np.zeros(len(times))
    for step in chord:
        for _ in range(3):
            cents = rng.normal(0, 0.09)
            frequency = np.full(len(times), 440 * 2 ** ((root + step + cents - 69) / 12))
            sound += _wave(str(rng.choice(["saw", "saw", "triangle"])), frequency, rng)
    sway = 1 + 0.6 * np.sin(2 * np.pi * log_uniform(rng, 0.1, 1.0) * times + rng.uniform(0, 6.28))
    sound = _filtered(sound, log_uniform(rng, 400, 3500) * sway + 200, rng.uniform(0.7, 2.5))
    return np.asarray(
        sound * _envelope(times, log_uniform(rng, 0.05, 1.2), 2.0, 0.8, len(times) / RATE - 0.4), np.float32
    )


def made_bell(rng: np.random.Generator) -> Sound:
    """Make a bell, chime, ping or wooden knock by frequency modulation."""
    times = sample_times(log_uniform(rng, 0.3, 4.0))
    lowest, ratio = 440 * 2 ** ((rng.integers(55, 100) - 69) / 12), rng.choice([1.4, 2.76, 3.5, 1.41, 5.4, 7.0])
    decay = log_uniform(rng, 0.03, 1.0) * len(times) / RATE / 1.2
    index = log_uniform(rng, 0.5, 6) * np.exp(-times / (decay * rng.uniform(0.2, 1)))
    inner = np.sin(2 * np.pi * lowest * ratio * times)
    return np.asarray(np.sin(2 * np.pi * lowest * times + index * inner) * np.exp(-times / decay), np.float32)


def made_pluck(rng: np.random.Generator) -> Sound:
    """Make a plucked string, alone or as a strummed chord."""
    times = sample_times(log_uniform(rng, 0.4, 3.0))
    notes = [0] if rng.random() < 0.6 else [0, 7, 12, 12 + int(rng.choice([3, 4])), 19]
    root, sound = rng.integers(40, 70), np.zeros(len(times))
    for number, step in enumerate(notes):
        length = round(RATE / (440 * 2 ** ((root + step - 69) / 12)))
        burst = np.zeros(len(times))
        start = min(int(number * rng.uniform(0, 0.03) * RATE), len(times) - 1)
        strike = band_limit(rng.standard_normal(length), 60, log_uniform(rng, 1500, 12_000))
        burst[start : start + length] = strike[: len(times) - start]
        loss, blend = rng.uniform(0.985, 0.9995), rng.uniform(0.3, 0.7)
        comb = np.zeros(length + 2)
        comb[0], comb[length], comb[length + 1] = 1, -loss * blend, -loss * (1 - blend)
        sound += signal.lfilter([1.0], comb, burst)
    if rng.random() < 0.4:
        sound = np.tanh(log_uniform(rng, 1, 20) * sound / np.max(np.abs(sound)))
    return np.asarray(sound * _envelope(times, 0.001, 9.0, 0.9, len(times) / RATE - 0.1), np.float32)


def made_zap(rng: np.random.Generator) -> Sound:
    """Make an effect: a tone that falls or rises fast, a siren, a blip, a wobbling or ring-modulated one."""
    times = sample_times(log_uniform(rng, 0.05, 2.0))
    progress, low, high = times / times[-1], log_uniform(rng, 60, 800), log_uniform(rng, 800, 9000)
    way = str(rng.choice(["fall", "rise", "siren", "steps", "still"]))
    path = {
        "fall": (1 - progress) ** log_uniform(rng, 0.5, 5),
        "rise": progress ** log_uniform(rng, 0.5, 4),
        "siren": 0.5 + 0.5 * np.sin(2 * np.pi * log_uniform(rng, 1, 25) * times),
        "steps": rng.random(16)[np.minimum((progress * rng.integers(3, 16)).astype(int), 15)],
        "still": np.full(len(times), rng.random()),
    }[way]
    sound = _wave(str(rng.choice(["sine", "square", "saw"])), low * (high / low) ** path, rng)
    if rng.random() < 0.3:
        sound *= np.sin(2 * np.pi * log_uniform(rng, 30, 2000) * times)
    return np.asarray(sound * _envelope(times, log_uniform(rng, 0.001, 0.05), 1.0, 0.4, times[-1] * 0.85), np.float32)


def made_sweep(rng: np.random.Generator) -> Sound:
    """Make a swoosh or an impact: noise whose band moves, rising, falling or bursting."""
    times = sample_times(log_uniform(rng, 0.2, 3.5))
    progress = times / times[-1]
    path = rng.choice([0, 1]) + rng.choice([-1, 1]) * progress ** log_uniform(rng, 0.5, 3)
    sound = _filtered(rng.standard_normal(len(times)), 200 * 60 ** np.clip(path, 0, 1), rng.uniform(0.7, 6))
    shape = [np.sin(np.pi * progress), progress**2, (1 - progress) ** 3][rng.integers(3)]
    return np.asarray(sound * shape, np.float32)


def made_scratch(rng: np.random.Generator) -> Sound:
    """Make a record's scratch, spin back or start: something sounding, played at a speed that turns about."""
    n = round(log_uniform(rng, 0.2, 2.5) * RATE)
    groove = (made_lead, made_bass, made_pluck)[rng.integers(3)](rng)
    groove = np.concatenate([groove, groove + 0.2 * rng.standard_normal(len(groove)) * np.std(groove)])
    swing = np.sin(2 * np.pi * np.cumsum(np.interp(np.arange(n), np.linspace(0, n, 8), rng.uniform(0.5, 7, 8))) / RATE)
    speed = (
        swing * rng.uniform(1, 4) if rng.random() < 0.7 else np.linspace(rng.uniform(2, 6), 0, n) * rng.choice([-1, 1])
    )
    places = (len(groove) / 2 + np.cumsum(speed)) % (len(groove) - 1)
    sound = np.interp(places, np.arange(len(groove)), groove) * np.minimum(np.abs(speed), 1)
    return np.asarray(sound + 0.02 * rng.standard_normal(n), np.float32)


def made_surface(rng: np.random.Generator) -> Sound:
    """Make the noise of an empty groove."""
    return np.asarray(surface_noise(round(rng.uniform(1, 4) * RATE), rng, busy=True), np.float32)


def made_hand_drum(rng: np.random.Generator) -> Sound:
    """Make a stroke on a hand drum: ringing, muted, slapped, or a deep one whose pitch the palm bends."""
    times, kind = sample_times(log_uniform(rng, 0.15, 1.6)), str(rng.choice(["open", "mute", "slap", "bent"]))
    lowest = log_uniform(rng, 65, 140) if kind == "bent" else log_uniform(rng, 130, 480)
    bend = 1 + (rng.uniform(-0.3, 0.6) if kind == "bent" else 0.03) * np.minimum(times / log_uniform(rng, 0.05, 0.5), 1)
    phase, sound = 2 * np.pi * np.cumsum(lowest * bend) / RATE, np.zeros(len(times))
    decay = {
        "open": log_uniform(rng, 0.08, 0.6),
        "mute": log_uniform(rng, 0.01, 0.04),
        "slap": log_uniform(rng, 0.02, 0.08),
    }.get(kind, log_uniform(rng, 0.1, 0.5))
    for mode in range(1, 7):
        level = rng.uniform(0.1, 1) / mode ** rng.uniform(0.3, 1.6)
        sound += level * np.sin(mode * (1 + rng.normal(0, 0.01)) * phase) * np.exp(-times * (1 + 0.4 * mode) / decay)
    slap = band_limit(
        rng.standard_normal(len(times)) * np.exp(-times / log_uniform(rng, 0.001, 0.008)),
        500,
        log_uniform(rng, 2500, 12_000),
    )
    return np.asarray(sound + slap * log_uniform(rng, 0.05, 1.2) * (2 if kind == "slap" else 0.6), np.float32)


MADE_SYNTHS: dict[str, tuple[Callable[[np.random.Generator], Sound], tuple[str, ...]]] = {
    "bass": (made_bass, ("bass", "synth")),
    "lead": (made_lead, ("lead", "synth")),
    "pad": (made_pad, ("pad", "synth")),
    "bell": (made_bell, ("bell", "synth")),
    "pluck": (made_pluck, ("plucked", "guitar")),
    "zap": (made_zap, ("effect", "synth")),
    "sweep": (made_sweep, ("effect", "noise", "sweep")),
    "scratch": (made_scratch, ("scratch", "vinyl", "effect")),
    "surface": (made_surface, ("noise", "vinyl")),
    "hand-drum": (made_hand_drum, ("hand-drum", "percussion", "acoustic")),
}
"""Each maker with the tags of what it makes."""
