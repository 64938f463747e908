"""Recordings with what a chop net answers and what is known of them, and how good the attacks chosen are."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Answers
from samplechop.offline.training.tasks.chop_targets import BESIDE, HOP
from samplechop.realtime.detectors.chop.attack_ranking import AttackRanking, Peaks
from samplechop.realtime.detectors.chop.decision import Decision, Way
from samplechop.realtime.detectors.chop.drums_alone import SOLO, PassageFeatures
from samplechop.realtime.detectors.chop.evidence import Evidence
from samplechop.realtime.nets.streaming import decay_of

REFERENCES = {"attacks": "onset", "hits": "hit", "beats": "beat", "bars": "downbeat", "both": "chop"}
"""The head of whose truth each way is right."""
JUDGED = Answers(dict.fromkeys((*REFERENCES.values(), SOLO), 1.0), HOP, BESIDE, states=frozenset({SOLO}))
"""Turns what is known of a recording into what the ways are judged by."""
BEAT_REACH, MEMORY_SECONDS = 2, 6.0
ATTACK_GAP = 0.05
TOLERANCE_FRAMES = 4
"""46 ms: how far an attack may lie from a place and count as right."""
QUIET_SECONDS = 10.0
UNKNOWN = -1
ALONE_SECONDS = 2.0
"""Over which it is decided whether drums alone sound."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording. rows: of `Evidence.push`. passage: of `PassageFeatures.push`, float64 (n, 3).

    references: frames of the true places, int64, rising, and unknown: where nobody knows, bool (n,); both by head.
    alone: int8 (n,), whether drums alone sound, or UNKNOWN.
    """

    rows: NDArray[np.float32]
    passage: NDArray[np.float64]
    references: Mapping[str, NDArray[np.int64]]
    unknown: Mapping[str, NDArray[np.bool_]]
    alone: NDArray[np.int8]


class Reader:
    """Sets what a net answers beside what is known."""

    def __init__(self, heads: Sequence[str]) -> None:
        """heads: of the net."""
        self.evidence = Evidence(heads, BEAT_REACH)
        self._passage = PassageFeatures(heads, ALONE_SECONDS, HOP / SAMPLE_RATE)

    def scored(
        self,
        heads: NDArray[np.float32],
        pulse: NDArray[np.float32],
        spectra: NDArray[np.float32],
        target: NDArray[Any],
        weight: NDArray[Any],
        names: Sequence[str],
    ) -> Scored:
        """Read a recording: probabilities, the tracker's rows, the newest spectrum of each frame; target and weight as
        of `Answers.targets`, (n, names).
        """
        self.evidence.reset()
        self._passage.reset()
        rows = self.evidence.push(heads, pulse).copy()
        n = min(len(rows), len(target))
        columns = {name: list(names).index(name) for name in JUDGED.names if name in names}
        alone = np.full(n, UNKNOWN, np.int8)
        if SOLO in columns:
            known = np.asarray(weight[:n, columns[SOLO]]) > 0
            alone[known] = np.asarray(target[:n, columns[SOLO]])[known] > 0.5
        references, unknown = {}, {}
        for name in set(REFERENCES.values()) & set(columns):
            references[name] = np.flatnonzero(np.asarray(target[:n, columns[name]]) == 1)
            unknown[name] = np.asarray(weight[:n, columns[name]]) == 0
        if "chop" in unknown:  # where drums alone sound, music is not cut
            unknown["chop"] = unknown["chop"] | (alone == 1)
            references["chop"] = references["chop"][alone[references["chop"]] != 1]
        passage = self._passage.push(heads, spectra)[:n].copy()  # a view, which the next recording would change
        return Scored(rows[:n], passage, references, unknown, alone)


@dataclass(frozen=True, slots=True)
class Fit:
    """Recordings to fit on. evidence: of their rows."""

    scored: Sequence[Scored]
    evidence: Evidence

    @property
    def decay(self) -> float:
        """What is left of the highest score after a frame."""
        return decay_of(MEMORY_SECONDS, HOP, SAMPLE_RATE)

    def column(self, decision: Decision, name: str) -> int:
        """Give the column of a way's scores."""
        return AttackRanking(decision, self.evidence, self.decay, "fitting").names.index(name)

    def knows(self, head: str) -> bool:
        """Say whether there is a recording with true places of a head."""
        return any(len(one.references.get(head, ())) for one in self.scored)

    def peaks(self, decision: Decision) -> list[Peaks]:
        """Find the attacks of each recording, as the live detector does, but for the refinement of their places."""
        ranking = AttackRanking(decision, self.evidence, self.decay, "fitting")
        found = []
        for one in self.scored:
            ranking.reset()
            every = ranking.peaks(one.rows)
            kept = measures.apart(every.frames, math.ceil(ATTACK_GAP * SAMPLE_RATE / HOP))
            found.append(Peaks(every.frames[kept], every.scores[kept], every.highest[kept], every.every))
        return found


def right(frames: NDArray[np.int64], references: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which of rising frames hit a place that none before it hit: bool (n,)."""
    said = np.zeros(len(frames), np.bool_)
    at = 0
    for place, frame in enumerate(frames.tolist()):
        while at < len(references) and references[at] < frame - TOLERANCE_FRAMES:
            at += 1
        if at < len(references) and references[at] <= frame + TOLERANCE_FRAMES:
            said[place] = True
            at += 1
    return said


def f_of(one: Scored, head: str, frames: NDArray[np.int64]) -> float | None:
    """Give the F-measure of chosen frames in one recording; None where nothing is known of it, or only of other heads.

    Where there is nothing at all, it is 1 if nothing is chosen, and half of that with a false one each QUIET_SECONDS.
    """
    references = one.references.get(head)
    if references is None or one.unknown[head].all():
        return None
    hits = right(frames, references)
    wrong = ~hits & ~measures.near(frames, np.flatnonzero(one.unknown[head]), TOLERANCE_FRAMES)
    if not len(references) and any(len(others) for others in one.references.values()):
        return None
    if not len(references):
        return 1 / (1 + float(wrong.sum()) * QUIET_SECONDS * SAMPLE_RATE / HOP / len(one.rows))
    return 2 * float(hits.sum()) / (float(hits.sum() + wrong.sum()) + len(references))


def mean_f(fit: Fit, peaks: Sequence[Peaks], head: str, chosen: Callable[[Peaks], NDArray[np.bool_]]) -> float:
    """Give the mean F of what is chosen over the recordings."""
    every = (f_of(one, head, found.frames[chosen(found)]) for one, found in zip(fit.scored, peaks, strict=True))
    known = [f for f in every if f is not None]
    return float(np.mean(known)) if known else 0.0


def above(column: int, way: Way) -> Callable[[Peaks], NDArray[np.bool_]]:
    """Give what says which peaks a way chooses. column: of its scores."""

    def chosen(peaks: Peaks) -> NDArray[np.bool_]:
        line = np.maximum(np.float32(way.threshold), way.relative * peaks.highest[:, column])
        return np.asarray(peaks.scores[:, column] >= line)

    return chosen


def verdicts(fit: Fit, decision: Decision, name: str) -> list[tuple[int, list[Verdict]]]:
    """Give how many true places of a way each recording has that knows, and (score, right) of each of its chops."""
    way, head = decision.ways[name], REFERENCES[name]
    column, found = fit.column(decision, name), []
    for one, peaks in zip(fit.scored, fit.peaks(decision), strict=True):
        if head in one.references:
            chosen = above(column, way)(peaks)
            frames, scores = peaks.frames[chosen], peaks.scores[chosen, column]
            apart = measures.apart(frames, round((way.gap or 0.0) * SAMPLE_RATE / HOP))
            given = measures.verdicts(
                frames[apart], scores[apart], one.references[head], one.unknown[head], TOLERANCE_FRAMES
            )
            found.append((len(one.references[head]), given))
    return found
