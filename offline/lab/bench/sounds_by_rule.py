"""One-shots made by rule, seven kinds of them, as many as one likes: to measure with where there is no sample pack."""

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
SHORTEST, LONGEST = 0.05, 1.0
"""Seconds of a sound."""


def sound(number: int) -> NDArray[np.float32]:
    """Give the sound of a number, of the kind GROUPS[number % 7]: float32 (samples,), peak 1, RATE."""
    luck = np.random.default_rng(number)
    time = np.arange(round(luck.uniform(SHORTEST, LONGEST) * RATE)) / RATE
    wave = _KINDS[number % len(_KINDS)](time, luck)
    return (wave / np.abs(wave).max()).astype(np.float32)


def _decay(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    return np.exp(-time * luck.uniform(4, 60))


def _sine(cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * cycles)


def _kick(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    fall = luck.uniform(1, 8) * (1 - np.exp(-time * luck.uniform(15, 60)))
    return _sine(luck.uniform(35, 90) * time + fall) * _decay(time, luck)


def _hat(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    return np.diff(luck.standard_normal(len(time)), prepend=0.0) * _decay(time, luck)


def _snare(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    skin = luck.uniform(0.3, 2) * _sine(luck.uniform(150, 320) * time)
    return (luck.standard_normal(len(time)) + skin) * _decay(time, luck)


def _tone(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    pitch = 55 * 2 ** (luck.integers(48) / 12)
    partials = np.arange(1, 8)
    return (luck.random(7) / partials) @ _sine(pitch * partials[:, None] * time) * _decay(time, luck)


def _sweep(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    low, high = luck.uniform(60, 6000, 2)
    return _sine(low * time + (high - low) * time**2 / (2 * time[-1])) * np.exp(-3 * time)


def _rumble(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    walk = np.cumsum(luck.standard_normal(len(time)))
    return (walk - walk.mean()) * np.exp(-3 * time)


def _bell(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    pitch = luck.uniform(300, 3000)
    bent = luck.uniform(0.2, 1) * _sine(pitch * luck.uniform(0.3, 3) * time)
    return _sine(pitch * time + bent) * _decay(time, luck)


_KINDS = (_kick, _hat, _snare, _tone, _sweep, _rumble, _bell)
GROUPS = ("kick", "hat", "snare", "tone", "sweep", "rumble", "bell")
