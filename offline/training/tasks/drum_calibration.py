"""How the drum net's word becomes hits: thresholds for each drum, and how often a score is right, both measured on
records that the net was not trained on.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.calibration import calibration
from samplechop.offline.training.ensemble import Predict
from samplechop.offline.training.prepare import Heard
from samplechop.offline.training.targets import SAMPLE_RATE
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.drums.peak_picking import DrumChoice, HitPicker
from samplechop.realtime.nets.drum_features import HOP_LENGTH

MEMORY_SECONDS = 6.0
GAPS = {"kick": 0.07, "snare": 0.06, "hat": 0.06, "tom": 0.06, "cymbal": 0.08}
"""Seconds between two hits of one drum."""
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.8, 0.05), 2).tolist())
RELATIVES = (0.3, 0.45, 0.6, 0.75)
TOLERANCE_FRAMES = 5
"""29 ms: how far a hit may lie from a true one and count as right."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One record and one drum: the net's probability at every frame; frames at which it was struck; where nobody knows.

    scores: float32 (n,). truth: int64 (m,). unknown: bool (n,).
    """

    scores: NDArray[np.float32]
    truth: NDArray[np.int64]
    unknown: NDArray[np.bool_]


def judge(predict: Predict, records: Sequence[Heard]) -> dict[str, list[Judged]]:
    """Let the net hear records; gives for each drum how it judged those of which something is known."""
    found: dict[str, list[Judged]] = {name: [] for name in DRUMS}
    for record in records:
        said = predict(np.asarray(record.x, np.float32))
        for column, name in enumerate(DRUMS):
            target, weight = np.asarray(record.target[:, column]), np.asarray(record.weight[:, column])
            if weight.any():
                scores = np.ascontiguousarray(said[:, column])
                found[name].append(Judged(scores, np.flatnonzero(target == 1), weight == 0))
    return found


def hits(one: Judged, choice: DrumChoice) -> NDArray[np.int64]:
    """Give the frames at which the live detector would hear this drum."""
    picker = HitPicker([choice], MEMORY_SECONDS, HOP_LENGTH, SAMPLE_RATE, most=len(one.scores))
    return picker.push(one.scores[:, None])[:, 0]


def verdicts(one: Judged, choice: DrumChoice) -> list[tuple[float, bool]]:
    """Give the score of every hit of which one can tell whether it is right, and whether it is."""
    frames = hits(one, choice)
    right = _near(frames, one.truth)
    told = right | ~_near(frames, np.flatnonzero(one.unknown))
    return list(zip(one.scores[frames[told]].tolist(), right[told].tolist(), strict=True))


def _near(frames: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each frame whether one of the places, rising, lies within the tolerance."""
    if not len(places):
        return np.zeros(len(frames), np.bool_)
    after = np.searchsorted(places, frames)
    either = [np.abs(places[np.clip(after + step, 0, len(places) - 1)] - frames) for step in (-1, 0)]
    return np.minimum(*either) <= TOLERANCE_FRAMES


def precision_recall(judged: Sequence[Judged], choice: DrumChoice) -> tuple[float, float]:
    """Give precision and recall over all records; hits where nobody knows do not count. 1 where undefined."""
    right = wrong = struck = 0
    for one in judged:
        said = [is_right for _, is_right in verdicts(one, choice)]
        right += min(len(one.truth), said.count(True))
        wrong += said.count(False)
        struck += len(one.truth)
    return right / (right + wrong) if right + wrong else 1.0, right / struck if struck else 1.0


def f_measure(judged: Sequence[Judged], choice: DrumChoice) -> float:
    """Give the harmonic mean of precision and recall."""
    precision, recall = precision_recall(judged, choice)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def decide(judged: dict[str, list[Judged]]) -> tuple[dict[str, DrumChoice], dict[str, float]]:
    """Give each drum's choice with the highest F-measure, calibrated, and those measures."""
    choices, scores = {}, {}
    for name, records in judged.items():
        tried = [
            DrumChoice(threshold, relative, GAPS[name])
            for threshold, relative in itertools.product(THRESHOLDS, RELATIVES)
        ]
        best = max(tried, key=lambda choice: f_measure(records, choice))
        known = [verdict for one in records for verdict in verdicts(one, best)]
        choices[name], scores[name] = replace(best, calibration=calibration(known)), f_measure(records, best)
    return choices, scores


def record_of(choices: dict[str, DrumChoice]) -> dict[str, Any]:
    """Give the manifest's decision, as realtime/detectors/drums/peak_picking.py reads it."""
    drums = {
        name: {
            "threshold": one.threshold,
            "relative": one.relative,
            "gap": one.gap,
            "calibration": [list(pair) for pair in one.calibration],
        }
        for name, one in choices.items()
    }
    return {"drums": drums, "memory_seconds": MEMORY_SECONDS}
