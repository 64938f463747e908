"""How one drum's hits are chosen, fitted on recordings whose strokes are known: the threshold and the share of the
highest score lately that have the best mean F-measure, and how often a score is right.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE
from samplechop.realtime.detectors.drums.hit_picking import ALONE, NEVER, DrumChoice, HitPicker, Pairs
from samplechop.realtime.nets.features import HOP_LENGTH
from samplechop.realtime.nets.streaming import calibrated

MEMORY_SECONDS = 6.0
GAPS = {"kick": 0.07, "snare": 0.06, "hat": 0.06, "tom": 0.06, "cymbal": 0.08}
"""Seconds between two hits of one drum."""
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
RELATIVES = (0.3, 0.45, 0.6, 0.75)
LEAST_RIGHT = 0.25
"""How often a stroke of the least score is right, at least. The best F has about half of itself there, which is hardly
anything for a drum that is struck seldom."""
TOLERANCE_FRAMES = 5
"""29 ms: how far a hit may lie from a true one and count as right."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording and one drum: the net's probability at every frame; frames at which it was struck; where nobody
    knows.

    scores: float32 (n,). references: int64 (m,). unknown: bool (n,). alone: bool (n,), where drums alone sound, as the
    detector knows it at that frame; None if nothing says so.
    """

    scores: NDArray[np.float32]
    references: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    alone: NDArray[np.bool_] | None = None

    @classmethod
    def of(
        cls,
        scores: NDArray[Any],
        target: NDArray[Any],
        weight: NDArray[Any],
        alone: NDArray[np.bool_] | None = None,
    ) -> "Scored":
        """Set scores, float32 (n,), beside what is asked of a drum's head: its columns of `Answers.targets`."""
        return cls(np.ascontiguousarray(scores), np.flatnonzero(target == 1), weight == 0, alone)

    def where(self, alone: bool) -> "Scored":
        """Give what is known of the passages of drums alone, or of the others."""
        if self.alone is None:
            return self
        return replace(
            self,
            references=self.references[self.alone[self.references] == alone],
            unknown=self.unknown | (self.alone != alone),
        )


def verdicts(one: Scored, choice: DrumChoice) -> list[Verdict]:
    """Compare the hits the live detector would give with the truth."""
    picker = HitPicker([choice], MEMORY_SECONDS, HOP_LENGTH, SAMPLE_RATE, most=len(one.scores))
    frames = picker.push(one.scores[:, None])[:, 0]
    return measures.verdicts(frames, one.scores[frames], one.references, one.unknown, TOLERANCE_FRAMES)


Judge = Callable[[Scored, DrumChoice], list[Verdict]]
"""What would be detected in one recording by a choice, compared with the truth."""
Judged = tuple[int, list[Verdict]]
"""How many strokes there are, and what would be detected, compared with the truth."""


def judged_by(scored: Sequence[Scored], choice: DrumChoice, judge: Judge = verdicts) -> list[Judged]:
    """Judge each recording."""
    return [(len(one.references), judge(one, choice)) for one in scored]


def together(some: Sequence[Judged], others: Sequence[Judged] | None) -> Sequence[Judged]:
    """Join what is judged of the same recordings by two choices."""
    if others is None:
        return some
    return [(n + m, [*found, *more]) for (n, found), (m, more) in zip(some, others, strict=True)]


def calibration_of(judged: Sequence[Judged]) -> Pairs:
    """Give how often a score is right, over recordings; () where too little is detected."""
    return measures.calibration([verdict for _, some in judged for verdict in some])


def right_often(calibration: Pairs, threshold: float) -> bool:
    """Say whether strokes at a threshold are right in LEAST_RIGHT of all cases; where nobody knows, they are."""
    return not calibration or calibrated(calibration, threshold) >= LEAST_RIGHT


def best_choice(
    scored: Sequence[Scored], gap: float, judge: Judge = verdicts, beside: Sequence[Judged] | None = None
) -> tuple[DrumChoice, float]:
    """Give the choice with the highest mean F-measure, calibrated, and that measure. gap: seconds.

    Of those whose strokes are right in LEAST_RIGHT of all cases even at the threshold. If there are none, the threshold
    of the best one is raised to where they are, or to NEVER. Where so little is detected that nothing can be
    calibrated, the best F alone counts. Recordings without a stroke count in how often a score is right, not in F.
    beside: of each recording what is judged by another choice, for its other passages; that counts in its F-measure.
    """

    def f_of(choice: DrumChoice) -> tuple[float, DrumChoice]:
        judged = judged_by(scored, choice, judge)
        pairs = choice.calibration or calibration_of(judged)
        return measures.mean_f_measure(together(judged, beside)), replace(choice, calibration=pairs)

    found = [f_of(DrumChoice(*one, gap)) for one in itertools.product(THRESHOLDS, RELATIVES)]
    known = [one for one in found if one[1].calibration]
    sure = [one for one in known if right_often(one[1].calibration, one[1].threshold)]
    f, best = max(sure or known or found, key=itemgetter(0))
    if known and not sure:
        enough = (one for one in THRESHOLDS if right_often(best.calibration, one))
        f, best = f_of(replace(best, threshold=next(enough, NEVER)))
    return best, f


def f_by_drum(scored: Mapping[str, Sequence[Scored]], choices: Mapping[str, DrumChoice]) -> dict[str, float]:
    """Give the F-measure of each drum; nan of one that is struck nowhere."""
    return {
        name: measures.mean_f_measure(judged_by(scored[name], choice))
        if any(len(one.references) for one in scored[name])
        else float("nan")
        for name, choice in choices.items()
    }


def decision_of(choices: Mapping[str, DrumChoice], alone: Mapping[str, DrumChoice] | None = None) -> dict[str, object]:
    """Give the manifest's decision, as realtime/detectors/drums/hit_picking.py reads it. alone: for drums alone."""
    parts = {"drums": choices, **({ALONE: alone} if alone else {})}
    records = {key: {name: asdict(one) for name, one in some.items()} for key, some in parts.items()}
    return {**records, "memory_seconds": MEMORY_SECONDS}
