"""Which frames become chops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.models import ModelError
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker, BeatWeigher, Decision
from samplechop.realtime.dsp.smoothing import decay_of
from samplechop.realtime.nets.activations import calibrated

UNITS = st.floats(0, 1, width=32)


def picked(scores: list[float], relative: float = 0.4) -> list[int]:
    found = AdaptivePicker(0.3, relative, decay_of(6.0, 512, 44_100)).push(np.array([*scores, 0], np.float32))
    return [frame for frame, _, _ in found]


def test_peaks_above_the_threshold_are_picked() -> None:
    assert picked([0, 0.1, 0.5, 0.2, 0, 0.25, 0, 0.9, 0.1]) == [2, 7]


def test_a_peak_at_the_threshold_reaches_it() -> None:
    found = AdaptivePicker(0.7, 0.4, 0.99).push(np.array([0, 0.7, 0], np.float32))
    assert [frame for frame, _, _ in found] == [1]


def test_a_peak_far_below_its_like_is_not_picked() -> None:
    assert picked([0, 0.95, 0, 0.36, 0, 0.9, 0]) == [1, 5]


def test_what_was_loud_long_ago_is_forgotten() -> None:
    quiet = [0.0] * (6 * 86)
    assert picked([0, 0.95, 0, *quiet, 0.36]) == [1, 3 + len(quiet)]


def test_a_plateau_is_one_peak() -> None:
    assert picked([0, 0.5, 0.5, 0.5, 0]) == [3]


@given(st.lists(UNITS, min_size=1, max_size=60), st.integers(1, 59))
def test_picking_does_not_depend_on_how_scores_come(scores: list[float], split: int) -> None:
    whole, parts = (AdaptivePicker(0.3, 0.4, 0.99) for _ in range(2))
    array = np.array(scores, np.float32)
    assert whole.push(array) == parts.push(array[:split]) + parts.push(array[split:])


@given(st.lists(st.tuples(UNITS, UNITS, UNITS), min_size=1, max_size=40), st.integers(1, 39))
def test_weighing_does_not_depend_on_how_frames_come(rows: list[tuple[float, float, float]], split: int) -> None:
    columns = np.array(rows, np.float32).T.copy()
    whole, parts = (BeatWeigher(0.3, 2) for _ in range(2))
    together = np.concatenate([parts.push(*columns[:, :split]), parts.push(*columns[:, split:])])
    np.testing.assert_array_equal(whole.push(*columns), together)


def weigh(chop: float, beat: float, confidence: float, share: float = 1.0) -> float:
    row = np.full(5, 0, np.float32)
    chops, beats = row.copy(), row.copy()
    chops[2], beats[2] = chop, beat
    return float(BeatWeigher(share, 2).push(chops, beats, np.full(5, confidence, np.float32))[2])


def test_a_beat_raises_and_its_absence_lowers() -> None:
    assert weigh(0.5, 0.9, 1.0) > 0.5 > weigh(0.5, 0.01, 1.0)


def test_without_a_pulse_only_the_net_counts() -> None:
    assert weigh(0.5, 0.9, 0.0) == pytest.approx(0.5, abs=1e-6)


def test_what_is_surely_no_chop_is_none_on_a_beat_either() -> None:
    assert weigh(0.001, 0.9, 1.0, share=0.3) < 0.01


def test_calibration_is_read_between_its_pairs() -> None:
    pairs = ((0.2, 0.5), (0.6, 0.9))
    assert [calibrated(pairs, score) for score in (0.1, 0.4, 0.8)] == pytest.approx([0.5, 0.7, 0.9])
    assert calibrated((), 0.4) == 0.4


def test_the_released_model_can_choose_in_every_way() -> None:
    decision = Decision.read(models.load("chop").decision, "here")
    assert set(decision.weighings) == {"hits", "beats", "both"}


@pytest.mark.parametrize(
    "change",
    [
        {"relative": 2},
        {"memory_seconds": 0},
        {"memory_seconds": float("nan")},
        {"choose": 3},
        {"choose": {"hits": {}}},
        {"choose": {"hits": {"beat": 0, "threshold": 0.5}}},
        {"beat_reach": "x"},
        {"beat_reach": float("inf")},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(change: dict) -> None:
    record = dict(models.load("chop").decision) | change
    with pytest.raises(ModelError, match="here: decision"):
        Decision.read(record, "here")
