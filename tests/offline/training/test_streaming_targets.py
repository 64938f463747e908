"""What the streaming net is asked."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Annotation, targets
from samplechop.offline.training.tasks.chop import EDGE, HEADS, HOP, SPEC, leading

CHOP = HEADS.index("chop")


def test_an_event_asks_for_its_frame_and_half_for_the_ones_beside_it() -> None:
    target, weight = targets(SPEC, Annotation({"chop": [1.0]}, {}), 200)
    frame = SPEC.frame_of(1.0)
    assert target[frame - 2 : frame + 3, CHOP].tolist() == [0, EDGE, 1, EDGE, 0]
    assert weight[:, CHOP].all()


def test_a_head_nobody_spoke_of_does_not_count() -> None:
    _, weight = targets(SPEC, Annotation({"chop": []}, {}), 10)
    assert weight[:, CHOP].all()
    assert not np.delete(weight, CHOP, axis=1).any()


def test_unknown_spans_do_not_count_but_an_event_inside_does() -> None:
    span = (0.5, 1.5)
    target, weight = targets(SPEC, Annotation({"chop": [1.0]}, {"chop": [span]}), 200)
    inside = slice(SPEC.frame_of(0.6), SPEC.frame_of(0.9))
    assert not weight[inside, CHOP].any()
    assert weight[SPEC.frame_of(1.0), CHOP] == 1
    assert target[SPEC.frame_of(1.0), CHOP] == 1
    assert weight[SPEC.frame_of(0.4), CHOP] == 1


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
    assert SPEC.frame_of(frame * HOP / SAMPLE_RATE + 1e-6) == frame
    assert SPEC.frame_of(((frame + 1) * HOP - 1) / SAMPLE_RATE) == frame
