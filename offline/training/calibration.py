"""How a streaming net's word becomes chops: thresholds, and how often a score is right, both measured on records that
the net was not trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.ensemble import Predict
from samplechop.offline.training.prepare import Heard
from samplechop.offline.training.targets import SAMPLE_RATE
from samplechop.offline.training.tasks.chop_targets import HEADS, HOP, LOOKAHEAD
from samplechop.realtime.detectors.beats.tracker import CONFIDENCE, P_BEAT, BeatTracker
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker, BeatWeigher, Choose
from samplechop.realtime.dsp.smoothing import decay_of

RELATIVE = 0.4
MEMORY_SECONDS = 6.0
BEAT_REACH = 2
BEAT_SHARES: Mapping[Choose, float] = {"hits": 0.0, "both": 0.15, "beats": 1.0}
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.75, 0.05), 2).tolist())
TOLERANCE_FRAMES = 4
"""46 ms: how far a marker may lie from a chop and count as right."""
GAP_FRAMES = 9
MOST_PAIRS = 24
FEWEST, FEWEST_EACH = 100, 20
"""Markers from which how often they are right is told, and how many stand behind each pair."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One validation record: of every frame the net's probability of a chop, the tracker's of a beat, and how sure the
    tracker is; frames of its chops, and where nobody knows, bool.
    """

    chop: NDArray[np.float32]
    beat: NDArray[np.float32]
    sure: NDArray[np.float32]
    truth: NDArray[np.int64]
    unknown: NDArray[np.bool_]


def judge(predict: Predict, records: Sequence[Heard]) -> list[Judged]:
    """Let the net hear records and the beat tracker follow it."""
    tracker, found = BeatTracker(SAMPLE_RATE / HOP), []
    column = {head: HEADS.index(head) for head in ("chop", "beat", "downbeat")}
    for record in records:
        said = predict(np.asarray(record.x, np.float32))[LOOKAHEAD:]
        chop, beat, downbeat = (np.ascontiguousarray(said[:, column[head]]) for head in ("chop", "beat", "downbeat"))
        tracker.reset()
        pulse = tracker.push(beat, downbeat)
        truth = np.flatnonzero(record.target[LOOKAHEAD:, column["chop"]] == 1)
        unknown = np.asarray(record.weight[LOOKAHEAD:, column["chop"]] == 0)
        found.append(Judged(chop, pulse[:, P_BEAT], pulse[:, CONFIDENCE], truth, unknown))
    return found


def markers(one: Judged, choose: Choose, threshold: float) -> list[tuple[int, float]]:
    """Give (frame, score) of the markers the live detector would set, but for the search for the attack."""
    weigher = BeatWeigher(BEAT_SHARES[choose], BEAT_REACH)
    picker = AdaptivePicker(threshold, RELATIVE, decay_of(MEMORY_SECONDS, HOP, SAMPLE_RATE))
    chosen: list[tuple[int, float]] = []
    for frame, _, score in picker.push(weigher.push(one.chop, one.beat, one.sure)):
        if not chosen or frame - chosen[-1][0] >= GAP_FRAMES:
            chosen.append((frame, score))
    return chosen


def is_right(one: Judged, frame: int) -> bool | None:
    """Tell whether a marker is at a chop; None where nobody knows."""
    if len(one.truth) and int(np.min(np.abs(one.truth - frame))) <= TOLERANCE_FRAMES:
        return True
    near = one.unknown[max(0, frame - TOLERANCE_FRAMES) : frame + TOLERANCE_FRAMES + 1]
    return None if near.any() else False


def precision_recall(judged: Sequence[Judged], choose: Choose, threshold: float) -> tuple[float, float]:
    """Give precision and recall over all records; markers where nobody knows do not count. 1 where undefined."""
    right = wrong = chops = 0
    for one in judged:
        said = [is_right(one, frame) for frame, _ in markers(one, choose, threshold)]
        right += min(len(one.truth), said.count(True))
        wrong += said.count(False)
        chops += len(one.truth)
    return right / (right + wrong) if right + wrong else 1.0, right / chops if chops else 1.0


def f_measure(judged: Sequence[Judged], choose: Choose, threshold: float) -> float:
    """Give the harmonic mean of precision and recall."""
    precision, recall = precision_recall(judged, choose, threshold)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def best_threshold(judged: Sequence[Judged], choose: Choose) -> float:
    """Give the threshold with the highest F-measure."""
    return max(THRESHOLDS, key=lambda threshold: f_measure(judged, choose, threshold))


def verdicts(judged: Sequence[Judged], choose: Choose, threshold: float) -> list[tuple[float, bool]]:
    """Give the score of every marker of which one can tell whether it is right, and whether it is."""
    found = ((score, is_right(one, frame)) for one in judged for frame, score in markers(one, choose, threshold))
    return [(score, right) for score, right in found if right is not None]


def calibration(known: Sequence[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """Give pairs (score, share of markers with that score that are right), rising in the score, by isotonic regression.

    known: score of a marker, and whether it is right. Empty if there are too few markers to tell.
    """
    from sklearn.isotonic import IsotonicRegression

    if len(known) < FEWEST:
        return ()
    scores, right = (np.array(column, float) for column in zip(*sorted(known), strict=True))
    shares = IsotonicRegression(y_min=0.02, y_max=0.99).fit_transform(scores, right)
    # The mean over equally many markers each: a single one at an end says nothing.
    parts = np.array_split(np.stack([scores, shares]), min(MOST_PAIRS, len(known) // FEWEST_EACH), axis=1)
    means = (part.mean(axis=1).tolist() for part in parts)
    # Many markers may have the same score, such as 1: of equal pairs the last stands, as shares rise.
    return tuple({round(at, 4): round(share, 4) for at, share in means}.items())


def decide(judged: Sequence[Judged]) -> tuple[dict[str, Any], tuple[tuple[float, float], ...]]:
    """Give the manifest's decision and calibration."""
    thresholds = {choose: best_threshold(judged, choose) for choose in BEAT_SHARES}
    decision: dict[str, Any] = {
        "choose": {name: {"beat": BEAT_SHARES[name], "threshold": thresholds[name]} for name in BEAT_SHARES},
        "relative": RELATIVE,
        "memory_seconds": MEMORY_SECONDS,
        "beat_reach": BEAT_REACH,
    }
    return decision, calibration(verdicts(judged, "both", thresholds["both"]))
