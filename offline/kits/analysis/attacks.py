"""Attacks of a record as columns, and which of them lie at places that are known otherwise: its beats and bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import ATTACK, CHOP, Event
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.choice import at_density

BESIDE_SECONDS = 0.05
"""How far from the beginning of a bar the attack may lie that it begins with."""
_BARS, _BEATS = (DIAL.index(way) / (len(DIAL) - 1) for way in ("bars", "beats"))
_STEP = 0.01
"""Of density, by which what is chosen next lies behind."""
PULSE_SECONDS = 2.0
"""How far from the nearest beat an attack may lie and still belong to the pulse: longer than the slowest beat."""


@dataclass(frozen=True, slots=True)
class Attacks:
    """Attacks in the order they were detected in. samples: int64 (n,). strengths, levels: float64 (n,), as Candidate.

    chops: bool (n,), whether each is a chop. alone: bool (n,), whether it was judged as where drums alone sound. dial:
    float64 (n, 4), the strength at each way of DIAL, (n, 0) for models without.
    """

    samples: NDArray[np.int64]
    strengths: NDArray[np.float64]
    levels: NDArray[np.float64]
    chops: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    dial: NDArray[np.float64]

    @classmethod
    def of(cls, events: Sequence[Event]) -> "Attacks":
        """Take the chops and other attacks among events."""
        struck = [event for event in events if event.kind in (CHOP, ATTACK)]
        told = bool(struck) and all(event.dial is not None for event in struck)
        return cls(
            np.array([event.sample for event in struck], np.int64),
            np.array([event.strength for event in struck], np.float64),
            np.array([event.level or 0.0 for event in struck], np.float64),
            np.array([event.kind == CHOP for event in struck], bool),
            np.array([event.way == "attacks" for event in struck], bool),
            np.array([event.dial if told else () for event in struck], np.float64).reshape(
                len(struck), len(DIAL) * told
            ),
        )

    def part(self, which: NDArray[Any]) -> "Attacks":
        """Give some of them, by indices or as a mask."""
        return Attacks(*(getattr(self, name)[which] for name in COLUMNS))

    def joined(self, others: "Attacks") -> "Attacks":
        """Give them with others behind them."""
        return Attacks(*(np.concatenate([getattr(self, name), getattr(others, name)]) for name in COLUMNS))

    def at(self, density: float) -> "Attacks":
        """Give them as they are at a density, 0..1, with which nobody looks for drums alone."""
        if not len(self.samples):
            return self
        chops = self.levels <= density
        strengths = at_density(self.dial.T, density)
        return replace(self, strengths=strengths, chops=chops, alone=np.zeros(len(chops), bool))


COLUMNS = ("samples", "strengths", "levels", "chops", "alone", "dial")
"""The arrays of Attacks."""


def rising(samples: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give places, 0 or more, in order of time, each once: those of np.unique, which hashes them first."""
    ordered = np.sort(samples)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def at_places(attacks: Attacks, places: Sequence[int], sample_rate: int, bare: bool = True) -> Attacks:
    """Give the attacks with others as chops: the nearest to each of the places, samples, and nothing else.

    Where none lies within BESIDE_SECONDS, there is one of no strength more; none without `bare`.
    """
    chops, left = _nearest(attacks, places, sample_rate)
    found = replace(attacks, chops=chops)
    if not bare:
        return found
    none, yes = np.zeros(len(left)), np.ones(len(left), bool)
    return found.joined(Attacks(left, none, none + 1, yes, ~yes, np.zeros((len(left), attacks.dial.shape[1]))))


def _nearest(attacks: Attacks, places: Sequence[int], sample_rate: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Say which attacks are the nearest to one of the places, bool (n,), and give those near which there is none."""
    reach, found = round(BESIDE_SECONDS * sample_rate), np.zeros(len(attacks.samples), bool)
    order = np.argsort(attacks.samples, kind="stable")
    ordered, wanted = attacks.samples[order], np.array(places, np.int64)
    begin, end = np.searchsorted(ordered, wanted - reach), np.searchsorted(ordered, wanted + reach, "right")
    for place, first, last in zip(places, begin.tolist(), end.tolist(), strict=True):
        if first < last:
            found[order[first + int(np.abs(ordered[first:last] - place).argmin())]] = True
    return found, wanted[begin == end]


def on_pulse(attacks: Attacks, beats: Sequence[int], bars: Sequence[int], sample_rate: int) -> Attacks:
    """Give the attacks with levels by the beats of a whole record, which are better known than those live.

    beats, bars: samples, rising, of all, at least one, and of those with which bars begin. At the density of "bars"
    what begins a bar is a chop, and nothing else; at that of "beats" what lies on a beat; above, all that is one live
    as well. Where no beat is near, as in an introduction without a pulse, levels above that of "bars" are as live.
    """
    if not attacks.dial.size:
        return attacks
    levels = np.maximum(attacks.levels, np.where(_has_pulse(attacks, beats, sample_rate), _BEATS + _STEP, _STEP))
    on_beat, on_bar = (_nearest(attacks, places, sample_rate)[0] for places in (beats, bars))
    levels[on_beat] = np.clip(attacks.levels[on_beat], _STEP, math.floor(_BEATS / _STEP) * _STEP)  # .33, as people say
    levels[on_bar] = _BARS
    return replace(attacks, levels=levels)


def _has_pulse(attacks: Attacks, beats: Sequence[int], sample_rate: int) -> NDArray[np.bool_]:
    """Say which attacks lie within PULSE_SECONDS of a beat, bool (n,)."""
    places = np.array(beats, np.int64)
    after = np.searchsorted(places, attacks.samples)
    ends = places[np.maximum(after - 1, 0)], places[np.minimum(after, len(places) - 1)]
    return np.minimum(*(np.abs(attacks.samples - end) for end in ends)) <= PULSE_SECONDS * sample_rate
