"""Drums made by rule: membranes, wires, beaters, metal. Each maker gives the same drum for the same parameters.

A drum is a seed: the maker draws the drum's build from it, and the stroke's noise from `rng`, so that one drum struck
twice sounds nearly, not exactly, the same. Velocity changes the spectrum, not only the level. After R. Marogna and
F. Avanzini, "Physically-based synthesis of nonlinear circular membranes" (DAFx 2009), for the falling pitch; here in
closed form, as sums of decaying modes and shaped noise. Snares have a module of their own.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from samplechop.offline.audio.one_shots import trimmed
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import (
    Wave,
    add_room,
    band_limit,
    early_sampler,
    log_uniform,
    noise_burst,
    sample_times,
    scale_to_attack,
)
from samplechop.offline.synthesis.snares import made_snare, membrane


def made_rim(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a cross-stick: wood on the rim, a few short modes and a click."""
    build, times = np.random.default_rng(seed), sample_times(0.12)
    sound = np.zeros(len(times))
    for _ in range(4):
        mode = build.uniform(0.3, 1) * np.sin(2 * np.pi * log_uniform(build, 500, 4500) * times)
        sound += mode * np.exp(-times / log_uniform(build, 0.004, 0.03))
    click = noise_burst(times, log_uniform(build, 0.0005, 0.002), rng)
    return trimmed((sound + build.uniform(0.2, 1) * velocity * band_limit(click, 800, 14_000)).astype(np.float32))


def made_clap(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make hands: three to six bursts within 40 ms and a longer tail; or one finger snap."""
    build, times = np.random.default_rng(seed), sample_times(0.35)
    sound, bursts = np.zeros(len(times)), int(build.choice([1, 3, 4, 6]))
    for start in np.concatenate([[0.0], np.sort(build.uniform(0.003, 0.035, bursts - 1))]):
        since = times - start - abs(rng.normal(0, 0.0004))
        sound += rng.standard_normal(len(times)) * np.exp(-np.maximum(since, 0) / 0.004) * (since > 0)
    sound += build.uniform(0.1, 0.5) * rng.standard_normal(len(times)) * np.exp(-times / log_uniform(build, 0.03, 0.12))
    middle = log_uniform(build, 900, 2400)
    return trimmed(band_limit(sound, middle * 0.6, middle * (1.0 + velocity), 2).astype(np.float32))


def made_kick(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a kick: felt, boomy, jazz, tight, clicking, or a drum machine's falling sine."""
    build = np.random.default_rng(seed)
    draw = partial(log_uniform, build)
    kind = str(build.choice(["felt", "boomy", "jazz", "tight", "click", "machine", "808"]))
    times = sample_times({"808": 1.2, "boomy": 0.7, "jazz": 0.5}.get(kind, 0.4))
    lowest = {"jazz": draw(62, 105), "808": draw(38, 60)}.get(kind, draw(45, 95))
    decay = {
        "808": draw(0.2, 0.5),
        "boomy": draw(0.12, 0.3),
        "tight": draw(0.03, 0.07),
    }.get(kind, draw(0.03, 0.13))
    if kind in ("machine", "808"):
        fall = 1 + draw(0.5, 7) * np.exp(-times / draw(0.004, 0.03))
        sound = np.sin(2 * np.pi * np.cumsum(lowest * fall) / RATE) * np.exp(-times / decay)
    else:
        sound = membrane(build, times, lowest, decay, velocity * build.uniform(0.05, 0.45), build.uniform(0.1, 0.9))
        shell = np.sin(2 * np.pi * lowest * build.uniform(2.3, 4.5) * times) * np.exp(-times / draw(0.008, 0.03))
        sound += build.uniform(0.05, 0.5) * velocity * shell
    beater = noise_burst(times, draw(0.0008, 0.006), rng)
    beater = band_limit(
        beater,
        150,
        {"felt": draw(700, 2000), "jazz": draw(500, 1500)}.get(kind, draw(2500, 9000)),
    )
    loud = {"click": build.uniform(0.6, 1.6), "felt": build.uniform(0.1, 0.5), "808": build.uniform(0, 0.2)}.get(
        kind, build.uniform(0.1, 0.8)
    )
    sound += beater / (np.max(np.abs(beater)) + 1e-9) * loud * velocity**1.3
    after = np.random.default_rng(seed + 1)
    if after.random() < 0.3:
        sound = np.tanh(after.uniform(1, 4) * sound)
    return _recorded(sound, after, 0.35)


def _recorded(sound: Wave, after: np.random.Generator, room: float) -> Sound:
    """Record a drum, perhaps in a room, perhaps with an early sampler."""
    if after.random() < room:
        sound = add_room(sound, after)
    if after.random() < 0.12:
        sound = early_sampler(sound, after)
    return trimmed(sound.astype(np.float32))


def _metal(build: np.random.Generator, times: Wave, low: float, high: float, count: int) -> Wave:
    """Sum inharmonic partials, square for the drum-machine flavour or sine, between two frequencies."""
    square = build.random() < 0.4
    frequencies = np.exp(build.uniform(np.log(low), np.log(high), 6 if square else count))
    phases, levels = np.array([(build.uniform(0, 6.28), build.uniform(0.3, 1)) for _ in frequencies]).T
    if square:
        partials = zip(frequencies, phases, levels, strict=True)
        sound = sum(level * np.sign(np.sin(2 * np.pi * one * times + phase)) for one, phase, level in partials)
    else:
        sound = sum_of_sines(frequencies, phases, levels, times)
    return sound / (np.std(sound) + 1e-9)


def sum_of_sines(frequencies: Wave, phases: Wave, levels: Wave, times: Wave) -> Wave:
    """Sum sines of Hz, radians and levels, float64 (k,), at `times`, (n,), which begin at 0 at even distances.

    Samples are put in rows: by sin(a + b) = sin a cos b + cos a sin b, with a of the row's first sample and b of the
    column, two products of matrices need the sines of 2 sqrt(n) times in place of those of n.
    """
    width = max(1, round(len(times) ** 0.5))
    rows, columns = (2 * np.pi * np.outer(some, frequencies) for some in (times[::width], times[:width]))
    rows += phases
    return ((levels * np.sin(rows)) @ np.cos(columns).T + (levels * np.cos(rows)) @ np.sin(columns).T).ravel()[
        : len(times)
    ]


def _made_metal(
    seed: int, velocity: float, rng: np.random.Generator, shortest: float, longest: float, low: float
) -> Sound:
    build = np.random.default_rng(seed)
    draw = partial(log_uniform, build)
    decay = draw(shortest, longest)
    times = sample_times(min(4.0, 7 * decay + 0.02))
    sound = build.uniform(0.1, 1.2) * _metal(build, times, low, 13_000, 30) + build.uniform(
        0.2, 1
    ) * rng.standard_normal(len(times))
    shape = np.exp(-times / decay) + build.uniform(0.2, 1.5) * velocity * np.exp(-times / draw(0.002, 0.01))
    sound = band_limit(sound * shape, draw(low, low * 2.6), draw(9000, 19_000) * (0.6 + 0.4 * velocity), 2)
    after = np.random.default_rng(seed + 1)
    if after.random() < 0.75:
        # Real metal has a body: below its band it rings and thumps 8-25 dB softer; only machines have none.
        deep = _metal(after, times, 250, low, 12) + after.uniform(0, 1) * rng.standard_normal(len(times))
        fading = np.exp(-times / min(decay, log_uniform(after, 0.01, 0.12)))
        deep = band_limit(deep * fading, log_uniform(after, 100, 400), low)
        sound += scale_to_attack(deep, sound, after.uniform(-25, -7))
    return _recorded(sound, after, 0.3)


def made_hat(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a closed hi-hat."""
    return _made_metal(seed, velocity, rng, 0.008, 0.08, 3000)


def made_open(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make an open or half-open hi-hat."""
    return _made_metal(seed, velocity, rng, 0.08, 0.4, 3000)


def made_ride(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a ride cymbal: a ping over a wash."""
    return _made_metal(seed, velocity, rng, 0.12, 0.6, 1500)


def made_crash(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a crash cymbal."""
    return _made_metal(seed, velocity, rng, 0.4, 1.0, 900)


def made_tom(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a tom; its pitch is changed by playing it at another speed."""
    build, times = np.random.default_rng(seed), sample_times(0.8)
    sound = membrane(
        build, times, log_uniform(build, 75, 260), log_uniform(build, 0.05, 0.25), 0.8 * velocity, build.uniform(0, 0.3)
    )
    stick = noise_burst(times, 0.002, rng)
    sound += build.uniform(0, 0.7) * velocity * band_limit(stick, 400, 9000)
    # Skin and shell are not only tones: a short thud of noise under the stroke.
    thud = band_limit(noise_burst(times, log_uniform(build, 0.008, 0.04), rng), 150, 2500)
    sound += scale_to_attack(thud, sound, build.uniform(-26, -10))
    if build.random() < 0.35:
        sound = add_room(sound, build)
    return trimmed(sound.astype(np.float32))


def made_shaker(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a shaker or tambourine."""
    build, times = np.random.default_rng(seed), sample_times(0.2)
    shape = np.minimum(times / log_uniform(build, 0.001, 0.03), 1) * np.exp(-times / log_uniform(build, 0.015, 0.05))
    top = 9000 + 8000 * velocity
    return trimmed(
        band_limit(rng.standard_normal(len(times)) * shape, log_uniform(build, 2500, 6000), top, 2).astype(np.float32)
    )


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
