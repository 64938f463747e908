import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.dsp.delay_line import History, Ring


def push(history: History, rows: np.ndarray) -> None:
    history.room()[: len(rows)] = rows
    history.advance(len(rows))


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 3))
def test_the_last_rows_can_be_read_back_whatever_came_at_a_time(sizes: list[int], width: int) -> None:
    history = History(width, 64, 50)
    rows = np.random.default_rng(0).standard_normal((sum(sizes), width)).astype(np.float32)
    done = 0
    for size in sizes:
        push(history, rows[done : done + size])
        done += size
        first = max(0, done - 64)
        np.testing.assert_array_equal(history.read(first, done), rows[first:done])


def test_rows_before_the_beginning_and_after_the_end_are_zeros() -> None:
    history = History(1, 8, 2)
    push(history, np.ones((2, 1)))
    assert history.read(-2, 4)[:, 0].tolist() == [0, 0, 1, 1, 0, 0]


def test_a_forgotten_row_is_refused() -> None:
    history = History(1, 8, 20)
    push(history, np.ones((20, 1)))
    with pytest.raises(ValueError, match="forgotten"):
        history.read(0, 4)


def test_after_a_reset_the_past_is_silent() -> None:
    history = History(1, 8, 20)
    push(history, np.ones((20, 1)))
    history.reset()
    push(history, np.full((1, 1), 2.0))
    assert history.read(-3, 1)[:, 0].tolist() == [0, 0, 0, 2]


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 3))
def test_a_ring_and_appended_rows_hold_what_came_last(sizes: list[int], width: int) -> None:
    ring, history = Ring(width, 64), History(width, 64, 50)
    rows = np.random.default_rng(0).standard_normal((sum(sizes), width)).astype(np.float32)
    done = 0
    for size in sizes:
        for one in (ring.push, history.append):
            one(rows[done : done + size])
        done += size
        first = max(0, done - 64)
        for one in (ring, history):
            np.testing.assert_array_equal(one.read(first, done), rows[first:done])


def test_a_ring_has_zeros_beyond_what_was_written_and_refuses_what_is_forgotten() -> None:
    ring = Ring(1, 8)
    ring.push(np.ones((2, 1), np.float32))
    assert ring.read(-2, 4)[:, 0].tolist() == [0, 0, 1, 1, 0, 0]
    ring.push(np.ones((20, 1), np.float32))
    with pytest.raises(ValueError, match="forgotten"):
        ring.read(0, 4)


@given(st.lists(st.integers(0, 20), max_size=20), st.integers(-8, 12), st.integers(0, 20))
def test_rows_are_given_as_they_are_read(sizes: list[int], before: int, count: int) -> None:
    history = History(1, 64, 20)
    for number, size in enumerate(sizes, start=1):
        history.append(np.full((size, 1), number, np.float32))
    start = history.end - before - count
    np.testing.assert_array_equal(history.given(start, start + count), history.read(start, start + count))
