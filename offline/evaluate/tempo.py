"""Evaluation of the beats: their tempo (right, half, double, or another), their places, and the bars they count.

Accuracy 1: within 4 % of the true tempo; Accuracy 2: of it, its half, double, third or triple (Gouyon et al., "An
experimental comparison of audio tempo induction algorithms", 2006). F-measure of beats and of downbeats within 70 ms;
CMLt: the share of beats that go on at the right level and phase, AMLt: at any level, or on the offbeat (Davies, Degara
and Plumbley, 2009), by mir_eval. A slip is a beat that lies no whole number of periods after the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import mir_eval
import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from samplechop.realtime.core.events import DOWNBEAT, Event

TOLERANCE = 0.04
"""Share by which a tempo may be off."""
BEGIN_SECONDS = 5.0
"""Of a recording, which do not count for tempo and continuity: there a listener has no tempo yet."""
LEVELS = {"right": 1.0, "half": 0.5, "double": 2.0}
OTHERS = (1 / 3, 3.0)
SLIP = 0.25
"""Share of a period by which a beat that slips lies beside where it belongs."""


@dataclass(frozen=True, slots=True)
class TempoScore:
    """What was made of a recording.

    level: of LEVELS, "other", or "none" where there are no beats. bpm: 0 for none. f_measure, downbeat_f: over the
    whole recording; downbeat_f is None where bars are not known. slips, rephased: slips, and those that were announced,
    a minute. late: seconds from the first true beat to the first found, None for none.
    """

    level: str
    bpm: float
    accuracy1: float
    accuracy2: float
    f_measure: float
    cmlt: float
    amlt: float
    downbeat_f: float | None = None
    slips: float = 0.0
    rephased: float = 0.0
    late: float | None = None


def score(
    beats: Sequence[Event],
    true_beats: NDArray[np.float64],
    sample_rate: int,
    positions: NDArray[np.int64] | None = None,
) -> TempoScore:
    """Compare beat events with the true beats, seconds, rising. positions: of these in the bar, from 1, if known."""
    places = np.array([beat.sample / sample_rate for beat in beats])
    f = float(mir_eval.beat.f_measure(true_beats, np.sort(places))) if len(places) and len(true_beats) else 0.0
    late = float(places.min() - true_beats[0]) if len(places) and len(true_beats) else None
    downbeat_f = None
    if positions is not None and np.any(positions == 1):
        bars = np.sort([place for place, beat in zip(places, beats, strict=True) if beat.label == DOWNBEAT])
        downbeat_f = float(mir_eval.beat.f_measure(true_beats[positions == 1], bars)) if len(bars) else 0.0
    minutes = max(float(true_beats[-1] - true_beats[0]), 1.0) / 60 if len(true_beats) else 1.0
    slips, rephased = _slips(beats, sample_rate) / minutes, sum(beat.rephased for beat in beats) / minutes
    true = true_beats[true_beats >= BEGIN_SECONDS]
    kept = [beat for beat in beats if beat.sample / sample_rate >= BEGIN_SECONDS]
    found = np.sort(np.array([beat.sample / sample_rate for beat in kept]))
    if len(found) < 3 or len(true) < 3:
        return TempoScore("none", 0.0, 0.0, 0.0, f, 0.0, 0.0, downbeat_f, slips, rephased, late)
    bpm = float(np.median([beat.tempo for beat in kept if beat.tempo]))
    ratio = bpm * float(np.median(np.diff(true))) / 60
    near = {name: abs(ratio / level - 1) <= TOLERANCE for name, level in LEVELS.items()}
    level = next((name for name, is_near in near.items() if is_near), "other")
    any_level = level != "other" or any(abs(ratio / other - 1) <= TOLERANCE for other in OTHERS)
    _, cmlt, _, amlt = mir_eval.beat.continuity(true, found)
    right = float(near["right"]), float(any_level)
    return TempoScore(level, bpm, *right, f, float(cmlt), float(amlt), downbeat_f, slips, rephased, late)


def _slips(beats: Sequence[Event], sample_rate: int) -> int:
    """Count the beats that lie no whole number of periods after the one before; a tempo has to be known."""
    slips = 0
    for before, beat in pairwise(beats):
        if beat.tempo:
            periods = (beat.sample - before.sample) / sample_rate * beat.tempo / 60
            slips += abs(periods - max(1, round(periods))) > SLIP
    return slips


COLUMNS = (
    *("records", "right", "half", "double", "other", "none", "Acc. 1", "Acc. 2", "beats F", "CMLt", "AMLt"),
    *("bars F", "slips/min", "rephased/min", "late s"),
)


def row(some: Sequence[TempoScore]) -> list[str]:
    """Give what stands under COLUMNS for a group of recordings."""
    shares = [fmean(one.level == level for one in some) for level in (*LEVELS, "other", "none")]
    means = [
        fmean(getattr(one, name) for one in some) for name in ("accuracy1", "accuracy2", "f_measure", "cmlt", "amlt")
    ]
    bars = [one.downbeat_f for one in some if one.downbeat_f is not None]
    rates = [fmean(one.slips for one in some), fmean(one.rephased for one in some)]
    late = [one.late for one in some if one.late is not None]
    return [
        str(len(some)),
        *(f"{share:.2f}" for share in shares),
        *(f"{mean:.3f}" for mean in means),
        f"{fmean(bars):.3f}" if bars else "-",
        *(f"{rate:.2f}" for rate in rates),
        f"{np.median(late):.1f}" if late else "-",
    ]


def table(scores: Mapping[str, Sequence[TempoScore]], everything: Sequence[TempoScore]) -> Table:
    """Give the scores of groups, by name, as a table, and of all of them together where they are several."""
    made = Table(title="Beats and bars", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    made.add_column("")
    for column in COLUMNS:
        made.add_column(column, justify="right")
    for name, some in sorted(scores.items()):
        made.add_row(name, *row(some))
    if len(scores) > 1:
        made.add_row("all", *row(everything))
    return made
