"""Snare drums made by rule, each seed another: shells, wires, sticks and brushes, microphones, machines, mishaps.

A stroke's spectrum follows its velocity as it does on a real drum: softly struck, the wires answer nearly alone; hard,
the head bends, its pitch falls further and the stick meets the rim. After S. Bilbao, "Time domain simulation and sound
synthesis for the snare drum" (JASA 2012), for the wires that answer late and are thrown off by the head; here in closed
form. The ranges are those of 200 real snares: half of the energy at 150-400 Hz, the band at 3-7 kHz 10-25 dB below,
nine tenths of the energy within 25-105 ms.
"""

from functools import partial

import numpy as np

from samplechop.offline.audio.one_shots import trimmed
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import (
    Wave,
    add_room,
    attack_energy,
    band_limit,
    early_sampler,
    log_uniform,
    noise_burst,
    sample_times,
    scale_to_attack,
)

KINDS = ("sticks", "brush", "machine", "noise", "muffled", "marching")
CHANCES = (0.58, 0.07, 0.13, 0.05, 0.12, 0.05)


def made_snare(seed: int, velocity: float, rng: np.random.Generator) -> Sound:
    """Make a stroke on the snare drum number `seed`: float32, (n,), peak 1; with noise from rng no two are alike."""
    build = np.random.default_rng(seed)
    kind = str(build.choice(KINDS, p=CHANCES))
    times = sample_times(0.45)
    if kind == "brush":
        sound = _brushed(build, times, velocity, rng)
    elif kind == "machine":
        sound = _machine(build, times, rng)
    elif kind == "noise":
        sound = _noise(build, times, velocity, rng)
    else:
        sound = _struck(build, kind, times, velocity, rng)
    return trimmed(_treated(sound, np.random.default_rng(seed + 1), rng).astype(np.float32))


def _wires(build: np.random.Generator, times: Wave, lowest: float, velocity: float, rng: np.random.Generator) -> Wave:
    """Let the wires rattle: late, thrown off by the head, coloured by the shell, longer when struck hard."""
    draw = partial(log_uniform, build)
    since = np.maximum(times - build.uniform(0.0003, 0.004), 0)
    rise, decay = build.uniform(0.0005, 0.004), draw(0.018, 0.11) * (0.7 + 0.5 * velocity)
    sound = rng.standard_normal(len(times)) * (1 - np.exp(-since / rise)) * np.exp(-since / decay)
    sound *= 1 + build.uniform(0, 0.7) * np.sin(2 * np.pi * lowest * times)
    # A second, slower decay: loose wires go on whispering.
    sound += build.uniform(0, 0.12) * rng.standard_normal(len(times)) * np.exp(-since / (3 * decay))
    sound = band_limit(sound, draw(300, 2200), draw(3500, 15_000) * (0.55 + 0.45 * velocity))
    comb = int(RATE / draw(500, 2500))
    sound[comb:] += build.uniform(-0.6, 0.6) * sound[:-comb]
    return sound


def _struck(build: np.random.Generator, kind: str, times: Wave, velocity: float, rng: np.random.Generator) -> Wave:
    draw = partial(log_uniform, build)
    lowest = log_uniform(
        build, *((130, 260) if kind == "muffled" else (230, 380) if kind == "marching" else (145, 310))
    )
    lowest *= 1 + rng.normal(0, 0.006)
    decay = draw(*((0.012, 0.03) if kind == "muffled" else (0.02, 0.1)))
    ringing, rim = build.random() < 0.2, build.random() < 0.3
    bright = velocity * build.uniform(0.25, 0.9)
    head = membrane(build, times, lowest, decay * (2 if ringing else 1), bright, build.uniform(0, 0.2) * velocity)
    # Where the stick falls: near the edge the lowest mode is weak, as it is in a ghost note.
    under = membrane(build, times, lowest * build.uniform(1.35, 1.9), decay * 0.7, bright, 0.04)
    body = head * build.uniform(0.4, 1.0) + scale_to_attack(under, head, build.uniform(-18, 0))
    wires = _wires(build, times, lowest, velocity, rng)
    below = build.uniform(*((-26, -12) if kind == "muffled" else (-22, 2)))
    sound = body + scale_to_attack(wires, body, below + (0.5 - velocity) * build.uniform(0, 10))
    stick = band_limit(noise_burst(times, draw(0.0006, 0.003), rng), 700, 16_000)
    sound += scale_to_attack(stick, sound, build.uniform(-32, -10) + 10 * np.log10(velocity + 0.05))
    if rim and velocity > 0.6:
        ring = np.zeros(len(times))
        for _ in range(4):
            ring += np.sin(2 * np.pi * draw(420, 2600) * times) * np.exp(-times / draw(0.006, 0.05))
        sound += scale_to_attack(ring, sound, build.uniform(-12, 2))
    return sound


def _brushed(build: np.random.Generator, times: Wave, velocity: float, rng: np.random.Generator) -> Wave:
    """Slap or sweep a brush: many soft wires that land over some milliseconds."""
    width = build.uniform(0.003, 0.018) * (1.3 - 0.6 * velocity)
    sound = np.zeros(len(times))
    for start in np.sort(rng.gamma(2.0, width / 2, 14)):
        since = times - start
        sound += rng.standard_normal(len(times)) * np.exp(-np.maximum(since, 0) / 0.006) * (since > 0)
    sound += (
        build.uniform(0.05, 0.5) * rng.standard_normal(len(times)) * np.exp(-times / log_uniform(build, 0.03, 0.12))
    )
    sound = band_limit(sound, log_uniform(build, 300, 1800), log_uniform(build, 5000, 14_000) * (0.6 + 0.4 * velocity))
    lowest = log_uniform(build, 150, 280)
    head = membrane(build, times, lowest, log_uniform(build, 0.02, 0.08), 0.2 * velocity, 0.03)
    sound += scale_to_attack(head, sound, build.uniform(-14, 2))
    return sound + scale_to_attack(_wires(build, times, lowest, velocity, rng), sound, build.uniform(-16, -2))


def _machine(build: np.random.Generator, times: Wave, rng: np.random.Generator) -> Wave:
    """Make an analogue drum machine's: two falling tones and filtered noise."""
    draw = partial(log_uniform, build)
    sound = np.zeros(len(times))
    lowest, fall = draw(130, 260), build.uniform(0, 1.2)
    for ratio, level in ((1.0, 1.0), (build.uniform(1.4, 2.0), build.uniform(0.1, 0.9))):
        phase = np.cumsum(lowest * ratio * (1 + fall * np.exp(-times / draw(0.004, 0.025)))) / RATE
        sound += level * np.sin(2 * np.pi * phase) * np.exp(-times / draw(0.02, 0.12))
    noise = noise_burst(times, draw(0.03, 0.15), rng)
    noise = band_limit(noise, draw(500, 5000), draw(6000, 19_000), int(build.integers(1, 3)))
    return sound + scale_to_attack(noise, sound, build.uniform(-14, 8))


def _noise(build: np.random.Generator, times: Wave, velocity: float, rng: np.random.Generator) -> Wave:
    """Make the cheap machine's: a burst of noise, with hardly a tone."""
    noise = noise_burst(times, log_uniform(build, 0.015, 0.12), rng)
    sound = band_limit(noise, log_uniform(build, 150, 2500), log_uniform(build, 3500, 16_000) * (0.5 + 0.5 * velocity))
    tone = np.sin(2 * np.pi * log_uniform(build, 140, 400) * times) * np.exp(-times / log_uniform(build, 0.008, 0.05))
    return sound + scale_to_attack(tone, sound, build.uniform(-20, -3))


def _treated(sound: Wave, build: np.random.Generator, rng: np.random.Generator) -> Wave:
    """Record, layer and bend the stroke as records have it; the same way for all strokes of one drum."""
    if build.random() < 0.12:
        sound = sound + scale_to_attack(_hands(build, len(sound), rng), sound, build.uniform(-14, 0))
    if build.random() < 0.35:
        drive = log_uniform(build, 1.2, 6) / (np.max(np.abs(sound)) + 1e-9)
        sound = np.tanh(drive * sound)
    if build.random() < 0.55:
        sound = add_room(sound, build)
    if build.random() < 0.2:
        # A gate, as in the eighties: the room, cut off.
        sound = sound / (1 + np.exp((np.arange(len(sound)) / RATE - build.uniform(0.05, 0.2)) / 0.006))
    if build.random() < 0.4:
        tilt = band_limit(sound, log_uniform(build, 800, 4000), 20_000)
        sound = sound + build.uniform(-0.6, 1.5) * tilt
    if build.random() < 0.15:
        sound = early_sampler(sound, build)
    return sound if attack_energy(sound) > 1e-9 else sound + 1e-6


def _hands(build: np.random.Generator, length: int, rng: np.random.Generator) -> Wave:
    times, clap = np.arange(length) / RATE, np.zeros(length)
    for start in (0.0, *np.sort(build.uniform(0.002, 0.025, 3))):
        since = times - start
        clap += rng.standard_normal(length) * np.exp(-np.maximum(since, 0) / 0.006) * (since >= 0)
    return band_limit(clap, log_uniform(build, 600, 1500), log_uniform(build, 2500, 8000), 2)


MODES = np.array([1.0, 1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50, 3.60, 3.65, 4.06, 4.15])
"""Frequencies of an ideal circular membrane over its lowest."""


def membrane(build: np.random.Generator, times: Wave, lowest: float, decay: float, bright: float, drop: float) -> Wave:
    """Sum decaying modes; higher ones die sooner and grow with `bright` (0..1); pitch falls by the fraction `drop`."""
    fall = 1 + drop * np.exp(-times / log_uniform(build, 0.006, 0.03))
    phase = 2 * np.pi * np.cumsum(fall) / RATE
    sound = np.zeros(len(times))
    for number, ratio in enumerate(MODES * (1 + build.normal(0, 0.03, len(MODES)))):
        level = (0.25 + 0.75 * bright) ** number * build.uniform(0.3, 1.0) if number else 1.0
        sound += level * np.sin(phase * lowest * ratio) * np.exp(-times * (1 + 0.6 * number) / decay)
    return sound
