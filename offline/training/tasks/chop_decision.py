"""How attacks are chosen, fitted on recordings whose places are known: the `decision` of a chop model's manifest.

For each way to choose: how much every head counts (logistic regression over attacks, weights of 0 or more), the
threshold and the share of the highest score lately (the best mean F over recordings), and how often a score is right
(isotonic regression).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import numpy as np

from samplechop import models
from samplechop.models import Manifest
from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE
from samplechop.offline.training.tasks.chop_scoring import (
    ALONE_SECONDS,
    ATTACK_GAP,
    BEAT_REACH,
    MEMORY_SECONDS,
    REFERENCES,
    TOLERANCE_FRAMES,
    UNKNOWN,
    Fit,
    above,
    mean_f,
    right,
    verdicts,
)
from samplechop.offline.training.tasks.chop_targets import HOP
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.attack_ranking import Peaks
from samplechop.realtime.detectors.chop.choice import strength_score
from samplechop.realtime.detectors.chop.decision import Decision, DrumsAlone, Way
from samplechop.realtime.detectors.chop.drums_alone import FEATURES, SOLO

USED = {
    "hits": ("hit", "kick", "snare", "stick", "chop", "onset", "beat"),
    "beats": ("chop", "hit", "onset", "beat"),
    "bars": ("chop", "hit", "kick", "change", "onset", "downbeat", "beat", "bar"),
    "both": ("chop", "hit", "beat"),
}
"""What may count for each way; heads that a net has not are passed over."""
USUAL = ("attacks", "both")
"""The ways of "auto"."""
THRESHOLDS = tuple(np.round(np.arange(0.05, 0.9, 0.025), 3).tolist())
RELATIVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
ATTACK_THRESHOLDS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
AS_GOOD = 0.01
"""Less F than that is given away for a higher threshold: noise should reach it nowhere, and not all noise is known."""
STEADY, STEADY_LEAST = 0.015, 0.15
"""For "both", the default for music, less F than that is given away for a lower threshold and share, the threshold at
least the second: where a worn play of a record has lower scores, what was chosen in the first is chosen again. Noise
reaches no attack, of which chops are chosen.
"""
RISING = 0.02
"""How much of a strength is the score itself."""
OTHERS = 0.75
"""`others` of attacks. Of the N strongest attacks of made breaks as many are right for any N with it as without; that
an attack is right rather than wrong is told with AUC .92 (.95 without), but what is on a beat or a strong stroke is
found among the N strongest, N being how many there are of those, with F .57 (.42).
"""
PENALTY = 1.0
"""Of the regression, its inverse, as scikit-learn has it."""
FEWEST = 200
"""Attacks of which something must be known for a way to be fitted."""
FALSE_ALONE = 0.05
"""Share of the attacks in music that may be taken for drums alone."""
UNDECIDED = 0.5
"""Log odds below that by which a passage goes on being drums alone."""
BEAT_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2)
"""Tried for the balance of hits and beats."""
FOLDS = 5
"""Parts of recordings, each judged by what the others decide."""
GIVEN_AWAY = 0.005
"""F of chops that may be given away for as many beats as possible: half the standard error of its mean."""


def fitted(way: str, fit: Fit, peaks: Sequence[Peaks], gap: float) -> Way | None:
    """Fit what counts for a way, over the attacks of which is known whether they are right.

    None where of few is, and where nothing that may count speaks for them.
    """
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
    while used:
        model.fit(x[:, [columns[name] for name in used]], y, weight / weight.mean())
        worst = int(np.argmin(model.coef_[0]))
        if model.coef_[0][worst] >= 0:
            break
        del used[worst]  # what speaks against it here may speak for it in other music
    if not np.any(np.round(model.coef_[0], 4) > 0):
        return None
    weights = {name: round(float(one), 4) for name, one in zip(used, model.coef_[0], strict=True)}
    beat, bar = weights.pop("beat", 0.0), weights.pop("bar", 0.0)
    return Way(0.5, 0.0, weights or {head: 0.0}, round(float(model.intercept_[0]), 4), beat, bar, gap)


def strengths(fit: Fit, peaks: Sequence[Peaks], decision: Decision, name: str) -> tuple[tuple[float, float], ...]:
    """Say how often a score of a way is right, over all attacks; of two attacks the likelier one stays the stronger."""
    known: list[Verdict] = []
    head, column, dial = REFERENCES[name], fit.column(decision, name), [fit.column(decision, way) for way in DIAL]
    others = decision.ways[name].others
    for one, found in zip(fit.scored, peaks, strict=True):
        if head in one.references:
            hits = right(found.frames, one.references[head])
            sure = hits | ~measures.near(found.frames, np.flatnonzero(one.unknown[head]), TOLERANCE_FRAMES)
            scores = [strength_score(each, column, dial, others) for each in found.scores[sure].tolist()]
            known += zip(scores, hits[sure].tolist(), strict=True)
    pairs = measures.calibration(known)
    if pairs and pairs[0][0] > 0 and pairs[-1][0] < 1:  # to both ends, beyond which all would be alike
        pairs = ((0.0, pairs[0][1]), *pairs, (1.0, pairs[-1][1]))
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
    decision = Decision(dict(ways), MEMORY_SECONDS, BEAT_REACH, 0.0, alone)
    for name, head in REFERENCES.items():
        if name != "attacks" and fit.knows(head):
            ways[name], scores[name] = _best(name, fit, decision)
    decision = replace(decision, ways=dict(ways))
    peaks = fit.peaks(decision)
    for name in REFERENCES:
        if pairs := strengths(fit, peaks, decision, name):
            ways[name] = replace(ways[name], calibration=pairs)
    return replace(decision, ways=ways), {name: round(f, 4) for name, f in scores.items()}


def unless_better(
    fit: Fit, before: Decision, decision: Decision, found: Mapping[str, float]
) -> tuple[Decision, dict[str, float]]:
    """Give a decision with each of the ways of USUAL as it was before, and the others where they were better; each F.

    Those of USUAL stay where they are as good on the recordings, by AS_GOOD: recordings made anew, of the same kind, do
    not change by their chance what is cut by default. What tells drums alone stays. How strong attacks are, in which
    all ways have a say, is fitted anew, unless the recordings do not tell. found: F of the decision's ways.
    """
    peaks, ways, f = fit.peaks(before), dict(decision.ways), dict(found)
    for name in found:
        way = before.ways[name]
        was = round(mean_f(fit, peaks, REFERENCES[name], above(fit.column(before, name), way)), 4)
        if found[name] <= was + (AS_GOOD if name in USUAL else 0.0):
            ways[name], f[name] = way, was
    attacks = replace(ways["attacks"], others=OTHERS)
    now = replace(decision, ways=ways | {"attacks": attacks})
    if pairs := strengths(fit, fit.peaks(now), now, "attacks"):  # without them strengths would be read off wrongly
        ways["attacks"] = replace(attacks, calibration=pairs)
    return replace(decision, ways=ways, drums_alone=before.drums_alone or decision.drums_alone), f


def cross_judged(
    fit: Fit, before: Decision, gap: float, features: Sequence[str] = FEATURES
) -> list[tuple[int, list[Verdict]]]:
    """Give verdicts on the chops of each recording, as `verdicts`, by a decision that the other recordings chose.

    So no recording is judged by thresholds that suit it; one alone is judged by those of before. The order of
    recordings is not kept. before, gap, features: as for `decide`.
    """
    found: list[tuple[int, list[Verdict]]] = []
    for fold in range(min(FOLDS, len(fit.scored))):
        others = [one for place, one in enumerate(fit.scored) if place % FOLDS != fold]
        decision = decide(Fit(others, fit.evidence), before, gap, features)[0] if others else before
        found += verdicts(Fit(fit.scored[fold::FOLDS], fit.evidence), decision, "both")
    return found


def _best(name: str, fit: Fit, decision: Decision) -> tuple[Way, float]:
    """Choose threshold and share of the highest score of a way; for the balance of hits and beats that of the beat."""
    found, way = [], decision.ways[name]
    judges = [REFERENCES[name]]
    if name == "both" and fit.knows("beat"):
        judges.append("beat")
    for beat in BEAT_SHARES if len(judges) > 1 else (way.beat,):
        one = replace(way, beat=beat)
        peaks = fit.peaks(replace(decision, ways={**decision.ways, name: one}))
        thresholds = [t for t in THRESHOLDS if t >= STEADY_LEAST] if name == "both" else THRESHOLDS
        tried = [replace(one, threshold=t, relative=r) for t, r in product(thresholds, RELATIVE)]
        chosen = [above(fit.column(decision, name), each) for each in tried]
        marks = [mean_f(fit, peaks, judges[0], each) for each in chosen]
        if name == "both":
            good = [place for place, mark in enumerate(marks) if mark >= max(marks) - STEADY]
            best = min(good, key=lambda place: (tried[place].threshold, tried[place].relative))
        else:
            best = max(range(len(marks)), key=lambda place: (marks[place], tried[place].threshold))
        found.append((marks[best], mean_f(fit, peaks, judges[-1], chosen[best]), tried[best]))
    most = max(f for f, _, _ in found)
    f, _, way = max((each for each in found if each[0] >= most - GIVEN_AWAY), key=lambda each: each[1])
    return way, f


def _best_attacks(fit: Fit, ways: Mapping[str, Way]) -> tuple[Way, float]:
    """Choose threshold and share of the highest score for attacks; of those as good the highest threshold."""
    head, found = REFERENCES["attacks"], []
    for threshold, relative in product(ATTACK_THRESHOLDS, RELATIVE):
        way = Way(threshold, relative, {"onset": 1.0}, gap=ATTACK_GAP, others=OTHERS)
        peaks = fit.peaks(Decision({**ways, "attacks": way}, MEMORY_SECONDS, BEAT_REACH, 0.0))
        found.append((mean_f(fit, peaks, head, lambda one: np.ones(len(one.frames), np.bool_)), way))
    best = max(f for f, _ in found)
    f, way = max((one for one in found if one[0] >= best - AS_GOOD), key=lambda one: (one[1].threshold, one[0]))
    return way, f


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
