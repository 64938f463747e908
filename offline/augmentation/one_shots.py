"""Augmentation of sounds that leaves their tags valid: speed, length, tone, room, drive, an early sampler, noise."""

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE
from samplechop.offline.augmentation.effects import add_room, band_limit, change_speed, early_sampler, log_uniform

Sound = NDArray[np.float32]
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
