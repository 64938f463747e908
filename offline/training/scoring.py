"""From probabilities to events, and how good the events are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offline.training.sounds import RATE
from realtime.peaks import RunPicker

TOLERANCE = 0.05
"""Seconds a marker may lie from the reference, either way."""


def pick(scores: NDArray[np.float32], threshold: float, hop_length: int, min_gap: float) -> list[float]:
    """Give event times in seconds as the live host would, before it searches for the attack.

    scores: float32, (n_frames,). Runs of at least threshold give one event each; of two within min_gap seconds the
    first is kept, which is the host's default.
    """
    # One more frame of nothing ends a run that reaches the end.
    found = RunPicker(threshold).push(np.append(scores, np.float32(0)).astype(np.float32))
    times: list[float] = []
    for frame, _, _ in found:
        time = frame * hop_length / RATE
        if not times or time - times[-1] >= min_gap:
            times.append(time)
    return times


def matches(reference: Sequence[float], found: Sequence[float], tolerance: float = TOLERANCE) -> int:
    """Count the largest set of one-to-one pairs within tolerance seconds; both in order of time.

    Walking both lists in order and pairing the earliest that fit is a maximum matching on a line.
    """
    pairs, i, j = 0, 0, 0
    while i < len(reference) and j < len(found):
        if abs(reference[i] - found[j]) <= tolerance:
            pairs, i, j = pairs + 1, i + 1, j + 1
        elif reference[i] < found[j]:
            i += 1
        else:
            j += 1
    return pairs


def precision_recall_f(reference: Sequence[float], found: Sequence[float]) -> tuple[float, float, float]:
    """Give precision, recall and their harmonic mean, 0 where undefined."""
    hits = matches(reference, found)
    precision = hits / len(found) if len(found) else 0.0
    recall = hits / len(reference) if len(reference) else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0
