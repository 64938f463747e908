"""Which frames become drum hits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.models import ModelError
from samplechop.realtime.detectors.drums.hit_picking import NEVER, DrumChoice, DrumDecision, HitPicker

HOP, RATE = 256, 44_100
GAP = 5 * HOP / RATE
DRUM = {"threshold": 0.3, "relative": 0.5, "gap": GAP, "calibration": [[0.1, 0.2], [0.9, 0.95]]}
RECORD = {"drums": {"kick": DRUM}, "memory_seconds": 6.0}


def picked(*columns: list[float], relative: float = 0.5) -> list[tuple[int, int]]:
    scores = np.ascontiguousarray(np.array(columns, np.float32).T)
    choices = [DrumChoice(0.3, relative, GAP)] * len(columns)
    return [(frame, drum) for frame, drum in HitPicker(choices, 6.0, HOP, RATE, len(scores)).push(scores).tolist()]


def test_the_first_frame_that_reaches_the_threshold_is_the_hit() -> None:
    assert picked([0, 0.1, 0.4, 0.9, 0.5, 0]) == [(2, 0)]


def test_a_score_at_the_threshold_reaches_it() -> None:
    assert picked([0, 0.3, 0]) == [(1, 0)]


def test_a_drum_that_is_never_given_is_not_given_by_a_net_that_is_very_sure() -> None:
    choices = [DrumChoice(NEVER, 0.0, GAP), DrumChoice(0.99, 0.0, GAP)]
    scores = np.ones((3, 2), np.float32)
    assert HitPicker(choices, 6.0, HOP, RATE, len(scores)).push(scores).tolist() == [[0, 1]]


def test_within_the_gap_there_is_no_second_hit() -> None:
    assert picked([0.9, 0, 0.9, 0, 0, 0, 0.9]) == [(0, 0), (6, 0)]


def test_a_score_far_below_its_like_is_no_hit() -> None:
    assert picked([0.9, 0, 0, 0, 0, 0, 0, 0.4]) == [(0, 0)]
    assert picked([0.9, 0, 0, 0, 0, 0, 0, 0.4], relative=0.4) == [(0, 0), (7, 0)]


def test_what_was_loud_long_ago_is_forgotten() -> None:
    seconds = [0.0] * (6 * RATE // HOP)
    assert picked([0.9, *seconds, 0.4]) == [(0, 0), (1 + len(seconds), 0)]


def test_drums_do_not_disturb_each_other() -> None:
    assert picked([0, 0.9, 0], [0, 0.4, 0]) == [(1, 0), (1, 1)]


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=60), st.integers(1, 59))
def test_picking_does_not_depend_on_how_scores_come(scores: list[float], split: int) -> None:
    whole, parts = (HitPicker([DrumChoice(0.3, 0.5, GAP)], 6.0, HOP, RATE, 60) for _ in range(2))
    column = np.array(scores, np.float32)[:, None]
    first = parts.push(column[:split])[:, 0].tolist()
    later = parts.push(column[split:])[:, 0] + split
    assert whole.push(column)[:, 0].tolist() == first + later.tolist()


def test_in_other_passages_other_thresholds_count() -> None:
    picker = HitPicker([DrumChoice(0.3, 0.0, GAP)], 6.0, HOP, RATE, 40, None, [DrumChoice(0.6, 0.0, GAP)])
    scores = np.full((40, 1), 0.0, np.float32)
    scores[[5, 15, 25, 35], 0] = 0.5, 0.5, 0.7, 0.7
    passages = (np.arange(40) >= 10).astype(np.uint8)
    assert picker.push(scores, passages)[:, 0].tolist() == [5, 25, 35]
    picker.reset()
    assert picker.push(scores)[:, 0].tolist() == [5, 15, 25, 35]


def test_drums_alone_are_chosen_by_the_same_names() -> None:
    assert DrumDecision.read(RECORD | {"drums_alone": {"kick": DRUM}}, "here").alone["kick"].threshold == 0.3
    with pytest.raises(ModelError, match="for drums alone"):
        DrumDecision.read(RECORD | {"drums_alone": {"snare": DRUM}}, "here")


def test_a_decision_is_read() -> None:
    decision = DrumDecision.read(RECORD, "here")
    assert decision.drums == {"kick": DrumChoice(0.3, 0.5, GAP, ((0.1, 0.2), (0.9, 0.95)))}
    assert decision.memory_seconds == 6.0


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"drums": {}},
        {"drums": [], "memory_seconds": 6},
        {"drums": {"kick": {}}, "memory_seconds": 6},
        {"drums": {"kick": DRUM | {"threshold": 2}}, "memory_seconds": 6},
        {"drums": {"kick": DRUM | {"gap": float("nan")}}, "memory_seconds": 6},
        {"drums": {"kick": DRUM | {"calibration": [1]}}, "memory_seconds": 6},
        {"drums": {"kick": DRUM}, "memory_seconds": 0},
    ],
)
def test_a_decision_nobody_understands_is_refused(broken: dict) -> None:
    with pytest.raises(ModelError, match="here: decision"):
        DrumDecision.read(broken, "here")
