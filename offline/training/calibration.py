"""How good detections of held-out recordings are, and how often a detection with a given score is right."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_PAIRS = 24
FEWEST, FEWEST_EACH = 100, 20
"""Detections from which on there is a calibration, and how many stand behind each pair."""

Verdict = tuple[float, bool]
"""The score of a detection, and whether it is right."""


def near(frames: NDArray[np.int64], places: NDArray[np.int64], tolerance: int) -> NDArray[np.bool_]:
    """Tell for each frame whether one of the places, rising, lies within the tolerance, frames: bool (n,)."""
    if not len(places):
        return np.zeros(len(frames), np.bool_)
    after = np.searchsorted(places, frames)
    either = [np.abs(places[np.clip(after + step, 0, len(places) - 1)] - frames) for step in (-1, 0)]
    return np.minimum(*either) <= tolerance


def verdicts(
    frames: NDArray[np.int64],
    scores: NDArray[np.floating],
    references: NDArray[np.int64],
    unknown: NDArray[np.bool_],
    tolerance: int,
) -> list[Verdict]:
    """Judge the detections of one recording; those where the truth is unknown are left out.

    frames, scores: (n,), of the detections. references: int64 (m,), rising, frames of the true events. unknown: bool,
    one for every frame. tolerance: frames.
    """
    right = near(frames, references, tolerance)
    known = right | ~near(frames, np.flatnonzero(unknown), tolerance)
    return list(zip(scores[known].tolist(), right[known].tolist(), strict=True))


def precision_recall(recordings: Iterable[tuple[int, Sequence[Verdict]]]) -> tuple[float, float]:
    """Give precision and recall over recordings, each (number of true events, verdicts); 1 where undefined."""
    right = wrong = references = 0
    for count, found in recordings:
        detections = [is_right for _, is_right in found]
        right += min(count, detections.count(True))
        wrong += detections.count(False)
        references += count
    return right / (right + wrong) if right + wrong else 1.0, right / references if references else 1.0


def f_measure(recordings: Iterable[tuple[int, Sequence[Verdict]]]) -> float:
    """Give the F-measure over recordings, as of `precision_recall`."""
    import mir_eval

    return float(mir_eval.util.f_measure(*precision_recall(recordings)))


def calibration(known: Sequence[Verdict]) -> tuple[tuple[float, float], ...]:
    """Give pairs (score, share of detections with that score that are right), rising, by isotonic regression.

    Empty if there are too few detections to tell.
    """
    from sklearn.isotonic import IsotonicRegression

    if len(known) < FEWEST:
        return ()
    scores, right = (np.array(column, float) for column in zip(*sorted(known), strict=True))
    shares = IsotonicRegression(y_min=0.02, y_max=0.99).fit_transform(scores, right)
    # The mean over equally many detections each: a single one at an end says nothing.
    parts = np.array_split(np.stack([scores, shares]), min(MOST_PAIRS, len(known) // FEWEST_EACH), axis=1)
    means = (part.mean(axis=1).tolist() for part in parts)
    # Many detections may have the same score, such as 1: of equal pairs the last stands, as shares rise.
    return tuple({round(at, 4): round(share, 4) for at, share in means}.items())
