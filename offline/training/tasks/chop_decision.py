"""How attacks are chosen, fitted on recordings whose places are known: the `decision` of a chop model's manifest.

For each way to choose: how much every head counts (logistic regression over attacks, weights of 0 or more), the
threshold and the share of the highest score lately (the best mean F over recordings), and how often a score is right
(isotonic regression).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Manifest
from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Answers
from samplechop.offline.training.tasks.chop_targets import BESIDE, HOP
from samplechop.realtime.detectors.chop.attack_ranking import AttackRanking, Evidence, Peaks
from samplechop.realtime.detectors.chop.decision import Decision, DrumsAlone, Way
from samplechop.realtime.detectors.chop.drums_alone import FEATURES, SOLO, PassageFeatures
from samplechop.realtime.nets.streaming import decay_of

REFERENCES = {"attacks": "onset", "hits": "hit", "beats": "beat", "bars": "downbeat", "both": "chop"}
"""The head of whose truth each way is right."""
JUDGED = Answers(dict.fromkeys((*REFERENCES.values(), SOLO), 1.0), HOP, BESIDE, states=frozenset({SOLO}))
"""Turns what is known of a recording into what the ways are judged by."""
USED = {
    "hits": ("hit", "kick", "snare", "stick", "chop", "onset", "beat"),
    "beats": ("chop", "hit", "onset", "beat"),
    "bars": ("chop", "hit", "kick", "change", "onset", "downbeat", "beat", "bar"),
    "both": ("chop", "hit", "beat"),
}
"""What may count for each way; heads that a net has not are passed over."""
BEAT_REACH, MEMORY_SECONDS = 2, 6.0
ATTACK_GAP = 0.05
TOLERANCE_FRAMES = 4
"""46 ms: how far an attack may lie from a place and count as right."""
THRESHOLDS = tuple(np.round(np.arange(0.05, 0.9, 0.025), 3).tolist())
RELATIVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
ATTACK_THRESHOLDS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
QUIET_SECONDS = 10.0
AS_GOOD = 0.01
"""Less F than that is given away for a higher threshold: noise should reach it nowhere, and not all noise is known."""
RISING = 0.02
"""How much of a strength is the score itself."""
PENALTY = 1.0
"""Of the regression, its inverse, as scikit-learn has it."""
FEWEST = 200
"""Attacks of which something must be known for a way to be fitted."""
ALONE_SECONDS = 2.0
"""Over which it is decided whether drums alone sound."""
FALSE_ALONE = 0.05
"""Share of the attacks in music that may be taken for drums alone."""
UNDECIDED = 0.5
"""Log odds below that by which a passage goes on being drums alone."""
BEAT_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2)
"""Tried for the balance of hits and beats."""
GIVEN_AWAY = 0.003
"""F of chops that may be given away for as many beats as possible."""
UNKNOWN = -1


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
        return Scored(rows[:n], self._passage.push(heads, spectra)[:n], references, unknown, alone)


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
            found.append(self._apart(ranking.peaks(one.rows)))
        return found

    @staticmethod
    def _apart(peaks: Peaks) -> Peaks:
        kept: list[int] = []
        for place, frame in enumerate(peaks.frames.tolist()):
            if not kept or (frame - peaks.frames[kept[-1]]) * HOP >= ATTACK_GAP * SAMPLE_RATE:
                kept.append(place)
        return Peaks(peaks.frames[kept], peaks.scores[kept], peaks.highest[kept], peaks.every)


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


def fitted(way: str, fit: Fit, peaks: Sequence[Peaks], gap: float) -> Way | None:
    """Fit what counts for a way, over the attacks of which is known whether they are right; None where few are."""
    from sklearn.linear_model import LogisticRegression

    head, columns = REFERENCES[way], fit.evidence.columns
    used = [name for name in USED[way] if name in columns]
    inputs, targets, counts = [], [], []
    for one, found in zip(fit.scored, peaks, strict=True):
        if head not in one.references:
            continue
        near = measures.near(found.frames, one.references[head], TOLERANCE_FRAMES)
        known = near | ~measures.near(found.frames, np.flatnonzero(one.unknown[head]), TOLERANCE_FRAMES)
        inputs.append(one.rows[found.frames[known]])
        targets.append(near[known])
        counts.append(np.full(int(known.sum()), 1 / max(1, int(known.sum()))))  # each recording counts as much
    if not targets or sum(map(len, targets)) < FEWEST or len(np.unique(np.concatenate(targets))) < 2:
        return None
    x, y, weight = np.concatenate(inputs), np.concatenate(targets), np.concatenate(counts)
    model = LogisticRegression(C=PENALTY, max_iter=500)
    while True:
        model.fit(x[:, [columns[name] for name in used]], y, weight / weight.mean())
        worst = int(np.argmin(model.coef_[0]))
        if model.coef_[0][worst] >= 0 or len(used) == 1:
            break
        del used[worst]  # what speaks against it here may speak for it in other music
    weights = {name: round(float(one), 4) for name, one in zip(used, model.coef_[0], strict=True)}
    beat, bar = weights.pop("beat", 0.0), weights.pop("bar", 0.0)
    return Way(0.5, 0.0, weights or {head: 1.0}, round(float(model.intercept_[0]), 4), beat, bar, gap)


def strengths(fit: Fit, peaks: Sequence[Peaks], column: int, head: str) -> tuple[tuple[float, float], ...]:
    """Say how often a score is right, over all attacks; of two attacks the likelier one stays the stronger."""
    known: list[Verdict] = []
    for one, found in zip(fit.scored, peaks, strict=True):
        if head in one.references:
            hits = right(found.frames, one.references[head])
            sure = hits | ~measures.near(found.frames, np.flatnonzero(one.unknown[head]), TOLERANCE_FRAMES)
            known += zip(found.scores[sure, column].tolist(), hits[sure].tolist(), strict=True)
    pairs = measures.calibration(known)
    return tuple((score, round(RISING * score + (1 - RISING) * share, 4)) for score, share in pairs)


def drums_alone(fit: Fit, peaks: Sequence[Peaks], features: Sequence[str]) -> DrumsAlone | None:
    """Fit when drums alone sound, at attacks; None where recordings do not know both. features: that may count."""
    from sklearn.linear_model import LogisticRegression

    places = [(*FEATURES, SOLO).index(name) for name in features]
    inputs, targets, counts = [], [], []
    for one, found in zip(fit.scored, peaks, strict=True):
        changes = np.flatnonzero(np.diff(one.alone))
        since = found.frames[:, None] - changes if len(changes) else np.full((len(found.frames), 1), -1)
        settled = ~np.any((since >= 0) & (since * HOP < ALONE_SECONDS * SAMPLE_RATE), axis=1)
        frames = found.frames[settled & (one.alone[found.frames] != UNKNOWN)]
        inputs.append(one.passage[np.ix_(frames, places)])
        targets.append(one.alone[frames] == 1)
        counts.append(np.full(len(frames), 1 / max(1, len(frames))))
    x, y, weight = np.concatenate(inputs), np.concatenate(targets), np.concatenate(counts)
    if not features or len(np.unique(y)) < 2:
        return None
    model = LogisticRegression(C=10 * PENALTY, max_iter=500, class_weight="balanced").fit(x, y, weight / weight.mean())
    weights = {name: round(float(one), 3) for name, one in zip(features, model.coef_[0], strict=True)}
    enter = round(float(np.quantile(model.decision_function(x[~y]), 1 - FALSE_ALONE)), 3)
    return DrumsAlone(weights, round(float(model.intercept_[0]), 3), ALONE_SECONDS, enter, enter - UNDECIDED, 0.0)


def decide(
    fit: Fit, before: Decision, gap: float, features: Sequence[str] = FEATURES
) -> tuple[Decision, dict[str, float]]:
    """Fit a decision on recordings whose places are known; give the mean F of each way that was fitted, too.

    before: has a dial; what it says stays where the recordings know nothing. gap: seconds between chops of music.
    features: which may tell drums alone.
    """
    ways, scores = dict(before.ways), {}
    if fit.knows(REFERENCES["attacks"]):
        ways["attacks"], scores["attacks"] = _best_attacks(fit, ways)
    peaks = fit.peaks(replace(before, ways=ways))
    for name in USED:
        ways[name] = fitted(name, fit, peaks, gap if name == "both" else ATTACK_GAP) or ways[name]
    alone = drums_alone(fit, peaks, features) or before.drums_alone
    decision = Decision(ways, MEMORY_SECONDS, BEAT_REACH, 0.0, alone)
    for name, head in REFERENCES.items():
        if name != "attacks" and fit.knows(head):
            ways[name], scores[name] = _best(name, fit, decision)
        peaks = fit.peaks(replace(decision, ways=ways))
        if pairs := strengths(fit, peaks, fit.column(decision, name), head):
            ways[name] = replace(ways[name], calibration=pairs)
    return replace(decision, ways=ways), {name: round(f, 4) for name, f in scores.items()}


def _best(name: str, fit: Fit, decision: Decision) -> tuple[Way, float]:
    """Choose threshold and share of the highest score of a way; for the balance of hits and beats that of the beat."""
    found, way = [], decision.ways[name]
    judges = [REFERENCES[name]]
    if name == "both" and fit.knows("beat"):
        judges.append("beat")
    for beat in BEAT_SHARES if len(judges) > 1 else (way.beat,):
        one = replace(way, beat=beat)
        peaks = fit.peaks(replace(decision, ways={**decision.ways, name: one}))
        tried = [replace(one, threshold=t, relative=r) for t, r in product(THRESHOLDS, RELATIVE)]
        chosen = [above(fit.column(decision, name), each) for each in tried]
        marks = [mean_f(fit, peaks, judges[0], each) for each in chosen]
        good = [place for place, mark in enumerate(marks) if mark >= max(marks) - AS_GOOD]
        best = max(good, key=lambda place: (tried[place].threshold, marks[place]))
        found.append((marks[best], mean_f(fit, peaks, judges[-1], chosen[best]), tried[best]))
    most = max(f for f, _, _ in found)
    f, _, way = max((each for each in found if each[0] >= most - GIVEN_AWAY), key=lambda each: each[1])
    return way, f


def _best_attacks(fit: Fit, ways: Mapping[str, Way]) -> tuple[Way, float]:
    """Choose threshold and share of the highest score for attacks; of those as good the highest threshold."""
    head, found = REFERENCES["attacks"], []
    for threshold, relative in product(ATTACK_THRESHOLDS, RELATIVE):
        way = Way(threshold, relative, {"onset": 1.0}, gap=ATTACK_GAP)
        peaks = fit.peaks(Decision({**ways, "attacks": way}, MEMORY_SECONDS, BEAT_REACH, 0.0))
        found.append((mean_f(fit, peaks, head, lambda one: np.ones(len(one.frames), np.bool_)), way))
    best = max(f for f, _ in found)
    f, way = max((one for one in found if one[0] >= best - AS_GOOD), key=lambda one: (one[1].threshold, one[0]))
    return way, f


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


def usual_decision(manifest: Manifest | None, heads: Sequence[str]) -> Decision:
    """Give the decision that stands where recordings know nothing: a model's, or the released one's; heads: of the net.

    Raises ModelError for a manifest whose decision cannot be read.
    """
    released = models.load("chop")
    decision = Decision.read((manifest or released).decision, f"model {(manifest or released).name!r}")
    if not decision.has_dial:
        decision = Decision.read(released.decision, f"model {released.name!r}")
    ways = {}
    for name, way in decision.ways.items():
        weights = {head: weight for head, weight in way.weights.items() if head in heads}
        ways[name] = replace(way, weights=weights or {REFERENCES[name]: 1.0})
    return replace(decision, ways=ways)


def record_of(decision: Decision) -> dict[str, Any]:
    """Give what is written into a manifest."""
    record = {
        "choose": {name: way.record() for name, way in decision.ways.items()},
        "memory_seconds": decision.memory_seconds,
        "beat_reach": decision.beat_reach,
        "first_highest": decision.first_highest,
    }
    if decision.drums_alone is not None:
        record["drums_alone"] = asdict(decision.drums_alone)
    return record
