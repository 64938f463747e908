"""Clicks and drum patterns at known beats, for the tests of the beat detector."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
Times = NDArray[np.float64]

ROCK = {"kick": (0, 2, 2.5), "snare": (1, 3), "hat": tuple(np.arange(0, 4, 0.5))}
WALTZ = {"kick": (0,), "snare": (1, 2), "hat": (0, 1, 2)}
SIX_EIGHT = {"kick": (0,), "snare": (1,), "hat": (0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3)}
Pattern = Mapping[str, tuple[float, ...]]


def even(bpm: float, seconds: float, first: float = 0.5) -> Times:
    """Give the beats of a steady tempo, in seconds."""
    return np.arange(first, seconds, 60 / bpm)


def drifting(bpm: float, to_bpm: float, seconds: float, first: float = 0.5) -> Times:
    """Give the beats of a tempo that moves evenly, in seconds."""
    places = [first]
    while places[-1] < seconds:
        places.append(places[-1] + 60 / (bpm + (to_bpm - bpm) * places[-1] / seconds))
    return np.array(places[:-1])


def clicks(beats: Times, seconds: float) -> NDArray[np.float32]:
    """Give a click of a metronome on each beat, float32 (n,)."""
    times = np.arange(round(0.03 * RATE)) / RATE
    return _struck([(place, np.sin(2 * np.pi * 1000 * times) * np.exp(-times / 0.008)) for place in beats], seconds)


def drums(beats: Times, pattern: Pattern, meter: int, seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """Play a bar over and over, float32 (n,). pattern: places in the bar, in beats, of each drum."""
    rng, times = np.random.default_rng(seed), np.arange(round(0.2 * RATE)) / RATE
    noise = rng.standard_normal(len(times))
    sounds = {
        "kick": np.sin(2 * np.pi * (50 * times + 8 * (1 - np.exp(-times / 0.03)))) * np.exp(-times / 0.08),
        "snare": 0.4 * noise * np.exp(-times / 0.05) + 0.5 * np.sin(2 * np.pi * 190 * times) * np.exp(-times / 0.04),
        "hat": 0.15 * np.diff(noise, prepend=0) * np.exp(-times / 0.02),
    }
    strokes = []
    for bar in range(0, len(beats), meter):
        for name, places in pattern.items():
            for place in places:
                if bar + place <= len(beats) - 1:
                    at = float(np.interp(bar + place, np.arange(len(beats)), beats))
                    strokes.append((at, sounds[name] * rng.uniform(0.8, 1.0)))
    return _struck(strokes, seconds)


def _struck(strokes: list[tuple[float, NDArray[np.float64]]], seconds: float) -> NDArray[np.float32]:
    out = np.zeros(round((seconds + 1.0) * RATE))
    for place, sound in strokes:
        at = round(place * RATE)
        end = out[at : at + len(sound)]
        end += sound[: len(end)]
    return (0.5 * out / np.abs(out).max()).astype(np.float32)
