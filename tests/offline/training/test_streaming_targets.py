"""What the streaming net is asked."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.training.streaming_targets import FAINT, SAMPLE_RATE, Annotation
from samplechop.offline.training.tasks.chop_targets import EDGE, HOP, SHARED, leading

ANSWERS = SHARED.answers
CHOP, SOLO = (ANSWERS.names.index(head) for head in ("chop", "solo"))


def test_an_event_asks_for_its_frame_and_half_for_the_ones_beside_it() -> None:
    target, weight = ANSWERS.targets(Annotation({"chop": [1.0]}, {}), 200)
    frame = ANSWERS.frame_of(1.0)
    assert target[frame - 2 : frame + 3, CHOP].tolist() == [0, EDGE, 1, EDGE, 0]
    assert weight[:, CHOP].all()


def test_a_head_nobody_spoke_of_does_not_count() -> None:
    _, weight = ANSWERS.targets(Annotation({"chop": []}, {}), 10)
    assert weight[:, CHOP].all()
    assert not np.delete(weight, CHOP, axis=1).any()


def test_unknown_spans_do_not_count_but_an_event_inside_does() -> None:
    span = (0.5, 1.5)
    target, weight = ANSWERS.targets(Annotation({"chop": [1.0]}, {"chop": [span]}), 200)
    inside = slice(ANSWERS.frame_of(0.6), ANSWERS.frame_of(0.9))
    assert not weight[inside, CHOP].any()
    assert weight[ANSWERS.frame_of(1.0), CHOP] == 1
    assert target[ANSWERS.frame_of(1.0), CHOP] == 1
    assert weight[ANSWERS.frame_of(0.4), CHOP] == 1


def test_an_event_that_is_hardly_audible_counts_half() -> None:
    target, weight = ANSWERS.targets(Annotation({"chop": [1.0, 2.0]}, {}, faint={"chop": {2.0}}), 200)
    clear, faint = (ANSWERS.frame_of(time) for time in (1.0, 2.0))
    assert target[[clear, faint], CHOP].tolist() == [1, 1]
    assert weight[clear - 1 : clear + 2, CHOP].tolist() == [1, 1, 1]
    assert weight[faint - 1 : faint + 2, CHOP].tolist() == [FAINT, FAINT, FAINT]


def test_a_state_is_asked_for_from_its_start_to_its_end() -> None:
    target, weight = ANSWERS.targets(Annotation({}, {"solo": [(2.0, 3.0)]}, states={"solo": [(0.5, 1.0)]}), 400)
    lasting = np.flatnonzero(target[:, SOLO])
    assert lasting.tolist() == list(range(ANSWERS.frame_of(0.5), ANSWERS.frame_of(1.0)))
    assert not weight[ANSWERS.frame_of(2.5), SOLO]
    assert weight[lasting, SOLO].all()


def test_shifted_events_shift_by_just_that() -> None:
    shifted = Annotation({"beat": [1.0]}, {"beat": [(2.0, 3.0)]}).shifted(0.25)
    assert shifted.events == {"beat": [1.25]}
    assert shifted.unknown == {"beat": [(2.25, 3.25)]}


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1)), max_size=40), st.floats(0.01, 1))
def test_leading_times_keep_their_distance_and_none_is_lost(given_times: list[tuple[float, float]], gap: float) -> None:
    times, strengths = [t for t, _ in given_times], [s for _, s in given_times]
    kept, rest = leading(times, strengths, gap)
    assert sorted(kept + rest) == sorted(times)
    assert all(b - a >= gap for a, b in itertools.pairwise(kept))


def test_of_two_close_ones_the_stronger_leads() -> None:
    assert leading([1.0, 1.05], [0.2, 0.9], 0.1) == ([1.05], [1.0])


@pytest.mark.parametrize("frame", [0, 1, 77])
def test_a_frame_covers_its_hop(frame: int) -> None:
    assert ANSWERS.frame_of(frame * HOP / SAMPLE_RATE + 1e-6) == frame
    assert ANSWERS.frame_of(((frame + 1) * HOP - 1) / SAMPLE_RATE) == frame
