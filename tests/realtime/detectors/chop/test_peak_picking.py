"""Which frames become chops."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.models import ModelError
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.decision import FIRST_HIGHEST, Decision, Way
from samplechop.realtime.detectors.chop.peak_picking import (
    PEAK_WAIT,
    AdaptivePicker,
    BeatWeigher,
    Candidate,
    MinimumGap,
    RunPicker,
)
from samplechop.realtime.nets.streaming import calibrated, decay_of

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
    assert decision.has_dial
    assert set(decision.ways) == {*DIAL, "both"}


def test_a_manifest_of_before_has_no_dial() -> None:
    ways = {name: {"beat": 0.0, "threshold": 0.5} for name in ("hits", "both", "beats")}
    decision = Decision.read({"choose": ways, "relative": 0.4, "memory_seconds": 6.0, "beat_reach": 2}, "here")
    assert not decision.has_dial
    assert decision.ways["hits"] == Way(0.5, 0.4)
    assert decision.first_highest == FIRST_HIGHEST


@pytest.mark.parametrize(
    "change",
    [
        {"relative": 2},
        {"memory_seconds": 0},
        {"memory_seconds": float("nan")},
        {"choose": 3},
        {"choose": {"hits": {}}},
        {"choose": {"hits": {"threshold": 0.5, "weights": {"hit": float("nan")}}}},
        {"choose": {"hits": {"threshold": 0.5, "gap": -1}}},
        {"choose": {"hits": {"threshold": 0.5, "calibration": [[0.5, 0.5], [0.4, 0.6]]}}},
        {"first_highest": 2},
        {"choose": {"hits": {"beat": 0, "threshold": 0.5}}},
        {"beat_reach": "x"},
        {"beat_reach": float("inf")},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(change: dict) -> None:
    record = dict(models.load("chop").decision) | change
    with pytest.raises(ModelError, match="here: decision"):
        Decision.read(record, "here")


probabilities = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=80)


def pick(scores: list[float], threshold: float = 0.5, split: int = 1000) -> list[tuple[int, int, float]]:
    picker = RunPicker(threshold)
    parts = [np.array(scores[first : first + split], np.float32) for first in range(0, len(scores), split)]
    return [found for part in parts for found in picker.push(part)]


def test_an_isolated_positive_frame_is_a_candidate() -> None:
    assert pick([0, 0, 0.75, 0, 0]) == [(2, 3, 0.75)]


def test_neighbouring_positive_frames_are_one_candidate_at_their_peak() -> None:
    assert pick([0, 0.5, 0.75, 1.0, 0.625, 0, 0]) == [(3, 5, 1.0)]


def test_a_long_run_is_decided_before_it_ends() -> None:
    assert pick([0, 1.0] + [0.75] * 20) == [(1, 1 + PEAK_WAIT, 1.0)]


def test_the_threshold_itself_is_positive() -> None:
    assert pick([0.5, 0]) == [(0, 1, 0.5)]


@given(probabilities)
def test_each_run_gives_at_most_one_candidate(scores: list[float]) -> None:
    positive = np.array([0, *scores, 0], np.float32) >= 0.5
    runs = int(np.sum(positive[1:] & ~positive[:-1]))
    assert len(pick([*scores, 0.0])) == runs


@given(probabilities, st.integers(1, 10))
def test_candidates_do_not_depend_on_how_scores_are_split(scores: list[float], split: int) -> None:
    assert pick(scores, split=split) == pick(scores)


@given(probabilities)
def test_no_candidate_waits_longer_than_promised(scores: list[float]) -> None:
    assert all(0 < decided - frame <= PEAK_WAIT for frame, decided, _ in pick([*scores, 0.0]))


def test_reset_begins_at_frame_zero() -> None:
    picker = RunPicker(0.5)
    picker.push(np.ones(10, np.float32))
    picker.reset()
    assert picker.push(np.array([0, 1, 0], np.float32)) == [(1, 2, 1.0)]


def test_a_score_equal_to_the_threshold_is_positive_whatever_its_digits() -> None:
    assert len(pick([0.7, 0.0], threshold=0.7)) == 1


def keep(candidates: list[Candidate], gap: int, hold: int) -> list[Candidate]:
    rule, kept = MinimumGap(gap, hold), []
    for frame in range(max((c.sample // 256 for c in candidates), default=0) + hold + 2):
        for candidate in (c for c in candidates if c.sample // 256 == frame):
            kept.append(rule.release(frame - 1))
            kept.append(rule.offer(candidate, frame))
        kept.append(rule.release(frame))
    return [released[0] for released in kept if released is not None]


spaced = st.lists(st.tuples(st.integers(0, 300), st.floats(0.5, 1.0)), max_size=20, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [Candidate(frame * 256, strength) for frame, strength in sorted(pairs)]
)


@given(spaced, st.integers(0, 60), st.integers(0, 60))
def test_released_candidates_are_a_gap_apart(candidates: list[Candidate], gap: int, hold: int) -> None:
    samples = [c.sample for c in keep(candidates, gap * 256, hold)]
    assert all(b - a >= gap * 256 for a, b in pairwise(samples))


@given(spaced, st.integers(1, 60))
def test_a_held_candidate_yields_only_to_a_stronger_one_inside_the_gap(candidates: list[Candidate], gap: int) -> None:
    kept = keep(candidates, gap * 256, gap)
    for candidate in candidates:
        near = [c for c in candidates if c is not candidate and abs(c.sample - candidate.sample) < gap * 256]
        if all(c.strength < candidate.strength for c in near):
            assert candidate in kept


def test_with_a_hold_the_stronger_of_two_close_ones_is_kept() -> None:
    weak, strong = Candidate(2560, 0.6), Candidate(5120, 0.9)
    assert keep([weak, strong], gap=11025, hold=44) == [strong]


def test_without_a_hold_the_first_of_two_close_ones_is_kept() -> None:
    first, second = Candidate(2560, 0.6), Candidate(5120, 0.9)
    assert keep([first, second], gap=11025, hold=0) == [first]


def test_no_gap_keeps_everything() -> None:
    both = [Candidate(2560, 0.6), Candidate(3072, 0.9)]
    assert keep(both, gap=0, hold=0) == both
