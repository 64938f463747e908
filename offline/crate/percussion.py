"""Drums made by rule: membranes, wires, beaters, metal. Each maker gives the same drum for the same parameters.

A drum is a seed: the maker draws the drum's build from it, and the stroke's noise from `rng`, so that one drum struck
twice sounds nearly, not exactly, the same. Velocity changes the spectrum, not only the level. After R. Marogna and
F. Avanzini, "Physically-based synthesis of nonlinear circular membranes" (DAFx 2009), for the falling pitch, and
S. Bilbao, "Time domain simulation and sound synthesis for the snare drum" (JASA 2012), for the delayed wires; here in
closed form, as sums of decaying modes and shaped noise.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from offline.crate.sounds import RATE, Sound, trimmed

MODES = np.array([1.0, 1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50, 3.60, 3.65, 4.06, 4.15])
"""Frequencies of an ideal circular membrane over its lowest."""


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(RATE * seconds)) / RATE


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _band(sound: NDArray[np.float64], low: float, high: float, order: int = 1) -> NDArray[np.float64]:
    """Keep low..high Hz; 0 and anything above 20 kHz mean no limit."""
    if low > 20:
        sound = signal.sosfilt(signal.butter(order, low, "high", fs=RATE, output="sos"), sound)
    if high < 20_000:
        sound = signal.sosfilt(signal.butter(order, high, "low", fs=RATE, output="sos"), sound)
    return np.asarray(sound)


def _membrane(
    build: np.random.Generator, times: NDArray[np.float64], lowest: float, decay: float, bright: float, drop: float
) -> NDArray[np.float64]:
    """Sum decaying modes; higher ones die sooner and grow with `bright` (0..1); pitch falls by the fraction `drop`."""
    fall = 1 + drop * np.exp(-times / _log(build, 0.006, 0.03))
    phase = 2 * np.pi * np.cumsum(fall) / RATE
    sound = np.zeros(len(times))
    for number, ratio in enumerate(MODES * (1 + build.normal(0, 0.03, len(MODES)))):
        level = (0.25 + 0.75 * bright) ** number * build.uniform(0.3, 1.0) if number else 1.0
        sound += level * np.sin(phase * lowest * ratio) * np.exp(-times * (1 + 0.6 * number) / decay)
    return sound


def made_snare(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a snare drum: two membranes, wires that answer late and rattle through a comb, a stick; at times brushed."""
    build = np.random.default_rng(seed)
    kind = str(build.choice(["loose", "tight", "fat", "dry", "ringing", "rimshot", "brush", "electric"]))
    times = _times({"fat": 0.5, "ringing": 0.6, "loose": 0.45, "brush": 0.35}.get(kind, 0.35))
    lowest = {"fat": _log(build, 115, 170), "tight": _log(build, 220, 340)}.get(kind, _log(build, 150, 260))
    decay = {"ringing": _log(build, 0.12, 0.25), "dry": _log(build, 0.02, 0.05)}.get(kind, _log(build, 0.04, 0.12))
    bright = velocity * {"rimshot": 0.9, "ringing": 0.8}.get(kind, 0.5)
    head = _membrane(build, times, lowest, decay, bright, build.uniform(0, 0.25) * velocity)
    under = _membrane(build, times, lowest * build.uniform(1.4, 1.9), decay * 0.6, bright, 0.05)
    late = times - build.uniform(0.0005, 0.004)
    wire_decay = (
        _log(build, 0.05, 0.18) * (0.7 + 0.5 * velocity) * {"dry": 0.5, "tight": 0.6, "loose": 1.6}.get(kind, 1.0)
    )
    shape = (1 - np.exp(-np.maximum(late, 0) / build.uniform(0.0008, 0.004))) * np.exp(
        -np.maximum(late, 0) / wire_decay
    )
    wires = rng.standard_normal(len(times)) * shape * (late > 0)
    wires *= 1 + build.uniform(0, 0.6) * np.sin(2 * np.pi * lowest * times)  # the head throws the wires off
    wires = _band(wires, _log(build, 250, 1500), _log(build, 3000, 13_000) * (0.5 + 0.5 * velocity))
    comb = int(RATE / _log(build, 500, 2500))
    wires[comb:] += build.uniform(-0.6, 0.6) * wires[:-comb]
    stick = _band(rng.standard_normal(len(times)) * np.exp(-times / _log(build, 0.0007, 0.003)), 900, 16_000)
    sound = head * build.uniform(0.3, 1.0) + under * build.uniform(0.1, 0.4)
    sound += wires / (np.max(np.abs(wires)) + 1e-9) * _log(build, 0.25, 1.8) * (0.55 + 0.45 * velocity)
    sound += stick * _log(build, 0.02, 0.4) * velocity**1.5
    if kind == "rimshot" and velocity > 0.5:
        for _ in range(3):
            sound += 0.6 * np.sin(2 * np.pi * _log(build, 450, 2200) * times) * np.exp(-times / _log(build, 0.01, 0.05))
    if kind == "brush":
        sweep = np.minimum(times / build.uniform(0.004, 0.02), 1) * np.exp(-times / _log(build, 0.05, 0.12))
        sound = 0.15 * head + _band(rng.standard_normal(len(times)) * sweep, _log(build, 700, 2500), 12_000)
    if kind == "electric":
        tone = np.sin(2 * np.pi * np.cumsum(lowest * (1 + build.uniform(0.2, 1.5) * np.exp(-times / 0.02))) / RATE)
        sound = tone * np.exp(-times / decay) * build.uniform(0.4, 1) + 0.8 * wires / (np.max(np.abs(wires)) + 1e-9)
    if build.random() < 0.25:  # a gate, as in the eighties
        hold = build.uniform(0.06, 0.2)
        sound *= 1 / (1 + np.exp((times - hold) / 0.006))
    return trimmed(sound.astype(np.float32))


def made_rim(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a cross-stick: wood on the rim, a few short modes and a click."""
    build, times = np.random.default_rng(seed), _times(0.12)
    sound = np.zeros(len(times))
    for _ in range(4):
        sound += (
            build.uniform(0.3, 1)
            * np.sin(2 * np.pi * _log(build, 500, 4500) * times)
            * np.exp(-times / _log(build, 0.004, 0.03))
        )
    click = rng.standard_normal(len(times)) * np.exp(-times / _log(build, 0.0005, 0.002))
    return trimmed((sound + build.uniform(0.2, 1) * velocity * _band(click, 800, 14_000)).astype(np.float32))


def made_clap(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make hands: three to six bursts within 40 ms and a longer tail; or one finger snap."""
    build, times = np.random.default_rng(seed), _times(0.35)
    sound, bursts = np.zeros(len(times)), int(build.choice([1, 3, 4, 6]))
    for start in np.concatenate([[0.0], np.sort(build.uniform(0.003, 0.035, bursts - 1))]):
        since = times - start - abs(rng.normal(0, 0.0004))
        sound += rng.standard_normal(len(times)) * np.exp(-np.maximum(since, 0) / 0.004) * (since > 0)
    sound += build.uniform(0.1, 0.5) * rng.standard_normal(len(times)) * np.exp(-times / _log(build, 0.03, 0.12))
    middle = _log(build, 900, 2400)
    return trimmed(_band(sound, middle * 0.6, middle * (1.0 + velocity), 2).astype(np.float32))


def made_kick(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a kick: felt, boomy, jazz, tight, clicking, or a drum machine's falling sine."""
    build = np.random.default_rng(seed)
    kind = str(build.choice(["felt", "boomy", "jazz", "tight", "click", "machine", "808"]))
    times = _times({"808": 1.2, "boomy": 0.7, "jazz": 0.5}.get(kind, 0.4))
    lowest = {"jazz": _log(build, 62, 105), "808": _log(build, 38, 60)}.get(kind, _log(build, 42, 80))
    decay = {"808": _log(build, 0.2, 0.5), "boomy": _log(build, 0.12, 0.3), "tight": _log(build, 0.03, 0.07)}.get(
        kind, _log(build, 0.06, 0.16)
    )
    if kind in ("machine", "808"):
        fall = 1 + _log(build, 0.5, 7) * np.exp(-times / _log(build, 0.004, 0.03))
        sound = np.sin(2 * np.pi * np.cumsum(lowest * fall) / RATE) * np.exp(-times / decay)
    else:
        sound = _membrane(build, times, lowest, decay, velocity * build.uniform(0.05, 0.45), build.uniform(0.1, 0.9))
        shell = np.sin(2 * np.pi * lowest * build.uniform(2.3, 4.5) * times) * np.exp(-times / _log(build, 0.008, 0.03))
        sound += build.uniform(0.05, 0.5) * velocity * shell
    beater = rng.standard_normal(len(times)) * np.exp(-times / _log(build, 0.0008, 0.006))
    beater = _band(
        beater, 150, {"felt": _log(build, 700, 2000), "jazz": _log(build, 500, 1500)}.get(kind, _log(build, 2500, 9000))
    )
    loud = {"click": build.uniform(0.6, 1.6), "felt": build.uniform(0.1, 0.5), "808": build.uniform(0, 0.2)}.get(
        kind, build.uniform(0.1, 0.8)
    )
    sound += beater / (np.max(np.abs(beater)) + 1e-9) * loud * velocity**1.3
    if build.random() < 0.3:
        drive = build.uniform(1, 4)
        sound = np.tanh(drive * sound) / np.tanh(drive)
    return trimmed(sound.astype(np.float32))


def _metal(
    build: np.random.Generator, times: NDArray[np.float64], low: float, high: float, count: int
) -> NDArray[np.float64]:
    """Sum inharmonic partials, square for the drum-machine flavour or sine, between two frequencies."""
    square = build.random() < 0.4
    sound = np.zeros(len(times))
    for frequency in np.exp(build.uniform(np.log(low), np.log(high), 6 if square else count)):
        wave = np.sin(2 * np.pi * frequency * times + build.uniform(0, 6.28))
        sound += build.uniform(0.3, 1) * (np.sign(wave) if square else wave)
    return sound / (np.std(sound) + 1e-9)


def _made_metal(
    seed: int, velocity: float, rng: np.random.Generator, shortest: float, longest: float, low: float
) -> Sound:
    build = np.random.default_rng(seed)
    decay = _log(build, shortest, longest)
    times = _times(min(4.0, 7 * decay + 0.02))
    sound = build.uniform(0.1, 1.2) * _metal(build, times, low, 13_000, 30) + build.uniform(
        0.2, 1
    ) * rng.standard_normal(len(times))
    shape = np.exp(-times / decay) + build.uniform(0.2, 1.5) * velocity * np.exp(-times / _log(build, 0.002, 0.01))
    sound = _band(sound * shape, _log(build, low, low * 2.6), _log(build, 9000, 19_000) * (0.6 + 0.4 * velocity), 2)
    return trimmed(sound.astype(np.float32))


def made_hat(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a closed hi-hat."""
    return _made_metal(seed, velocity, rng, 0.008, 0.05, 3000)


def made_open(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make an open or half-open hi-hat."""
    return _made_metal(seed, velocity, rng, 0.08, 0.4, 3000)


def made_ride(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a ride cymbal: a ping over a wash."""
    return _made_metal(seed, velocity, rng, 0.25, 0.8, 1800)


def made_crash(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a crash cymbal."""
    return _made_metal(seed, velocity, rng, 0.4, 1.0, 900)


def made_tom(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a tom; its pitch is changed by playing it at another speed."""
    build, times = np.random.default_rng(seed), _times(0.8)
    sound = _membrane(build, times, _log(build, 75, 160), _log(build, 0.1, 0.3), 0.6 * velocity, build.uniform(0, 0.3))
    stick = rng.standard_normal(len(times)) * np.exp(-times / 0.002)
    return trimmed((sound + build.uniform(0, 0.4) * velocity * _band(stick, 400, 9000)).astype(np.float32))


def made_shaker(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a shaker or tambourine."""
    build, times = np.random.default_rng(seed), _times(0.2)
    shape = np.minimum(times / _log(build, 0.001, 0.03), 1) * np.exp(-times / _log(build, 0.015, 0.05))
    top = 9000 + 8000 * velocity
    return trimmed(_band(rng.standard_normal(len(times)) * shape, _log(build, 2500, 6000), top, 2).astype(np.float32))


Maker = Callable[[int, float, np.random.Generator], Sound]
MADE: dict[str, Maker] = {
    "kick": made_kick,
    "snare": made_snare,
    "rim": made_rim,
    "clap": made_clap,
    "hat": made_hat,
    "open": made_open,
    "pedal": made_hat,
    "ride": made_ride,
    "crash": made_crash,
    "tom": made_tom,
    "conga": made_tom,
    "shaker": made_shaker,
    "cowbell": made_rim,
}
