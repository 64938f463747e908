"""Mild wear: a turntable in good order and a clean record."""

import numpy as np

from samplechop.offline.audio.reading import Sound
from samplechop.offline.augmentation import effects, surface_noise
from samplechop.offline.lab.synthetic import turntable


def find_turntable(rng: np.random.Generator) -> turntable.Turntable:
    """Choose a turntable in good order: within 4 % of its speed, hardly any wow."""
    swings = (
        (float(100 / 3 / 60), float(rng.uniform(0, 0.001)), float(rng.uniform(0, 6.28))),
        (float(rng.uniform(4, 10)), float(rng.uniform(0, 0.0003)), float(rng.uniform(0, 6.28))),
    )
    return turntable.Turntable(float(1 + rng.uniform(-0.04, 0.04)), swings)


def aged(samples: Sound, rng: np.random.Generator) -> Sound:
    """Wear a recording a little: tone half of the time, surface noise at -72 to -50 dB, level -18 to 0 dBFS."""
    out = effects.equalise(samples, rng) if rng.random() < 0.5 else samples
    out = out / np.float32(np.max(np.abs(out), initial=1e-9))
    noise = surface_noise.surface_noise(len(out), rng)
    out = out + noise * np.float32(10 ** (rng.uniform(-72, -50) / 20))
    return np.asarray(out / np.max(np.abs(out), initial=1e-9) * 10 ** (rng.uniform(-18, 0) / 20), np.float32)
