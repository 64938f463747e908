"""Evaluation of the tempo that beats have: right, half, double, or another; and of the beats themselves.

Accuracy 1: within 4 % of the true tempo; Accuracy 2: of it, its half, double, third or triple (Gouyon et al., "An
experimental comparison of audio tempo induction algorithms", 2006). F-measure within 70 ms; CMLt: the share of beats
that go on at the right level and phase, AMLt: at any level, or on the offbeat (Davies, Degara and Plumbley, 2009), by
mir_eval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import mir_eval
import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import Event

TOLERANCE = 0.04
"""Share by which a tempo may be off."""
BEGIN_SECONDS = 5.0
"""Of a recording, which do not count: there a listener has no tempo yet."""
LEVELS = {"right": 1.0, "half": 0.5, "double": 2.0}
OTHERS = (1 / 3, 3.0)


@dataclass(frozen=True, slots=True)
class TempoScore:
    """What was made of a recording. level: of LEVELS, "other", or "none" where there are no beats. bpm: 0 for none."""

    level: str
    bpm: float
    accuracy1: float
    accuracy2: float
    f_measure: float
    cmlt: float
    amlt: float


def score(beats: Sequence[Event], true_beats: NDArray[np.float64], sample_rate: int) -> TempoScore:
    """Compare beat events with the true beats, seconds, rising."""
    true = true_beats[true_beats >= BEGIN_SECONDS]
    kept = [beat for beat in beats if beat.sample / sample_rate >= BEGIN_SECONDS]
    found = np.sort(np.array([beat.sample / sample_rate for beat in kept]))
    if len(found) < 3 or len(true) < 3:
        return TempoScore("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    bpm = float(np.median([beat.tempo for beat in kept if beat.tempo]))
    ratio = bpm * float(np.median(np.diff(true))) / 60
    near = {name: abs(ratio / level - 1) <= TOLERANCE for name, level in LEVELS.items()}
    level = next((name for name, is_near in near.items() if is_near), "other")
    any_level = level != "other" or any(abs(ratio / other - 1) <= TOLERANCE for other in OTHERS)
    _, cmlt, _, amlt = mir_eval.beat.continuity(true, found)
    f = float(mir_eval.beat.f_measure(true, found))
    return TempoScore(level, bpm, float(near["right"]), float(any_level), f, float(cmlt), float(amlt))


COLUMNS = ("records", "right", "half", "double", "other", "none", "Acc. 1", "Acc. 2", "beats F", "CMLt", "AMLt")


def table(scores: Mapping[str, Sequence[TempoScore]]) -> list[tuple[str, list[str]]]:
    """Give a row for each group, and one for all: its name and what stands under COLUMNS."""
    groups = dict(scores)
    if len(groups) > 1:
        groups["all"] = [one for some in scores.values() for one in some]
    return [(name, _row(some)) for name, some in groups.items()]


def _row(some: Sequence[TempoScore]) -> list[str]:
    shares = [fmean(one.level == level for one in some) for level in (*LEVELS, "other", "none")]
    means = [
        fmean(getattr(one, name) for one in some) for name in ("accuracy1", "accuracy2", "f_measure", "cmlt", "amlt")
    ]
    return [str(len(some)), *(f"{share:.2f}" for share in shares), *(f"{mean:.3f}" for mean in means)]
