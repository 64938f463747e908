import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.history import History


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 3))
def test_the_last_rows_can_be_read_back_whatever_the_pushes(sizes: list[int], width: int) -> None:
    history = History(width, 64)
    rows = np.random.default_rng(0).standard_normal((sum(sizes), width)).astype(np.float32)
    done = 0
    for size in sizes:
        history.push(rows[done : done + size], size)
        done += size
    first = max(0, done - 64)
    np.testing.assert_array_equal(history.read(first, done), rows[first:done])


def test_rows_before_the_beginning_and_after_the_end_are_zeros() -> None:
    history = History(1, 8)
    history.push(np.ones((2, 1), np.float32), 2)
    assert history.read(-2, 4)[:, 0].tolist() == [0, 0, 1, 1, 0, 0]


def test_a_forgotten_row_is_refused() -> None:
    history = History(1, 8)
    history.push(np.ones((20, 1), np.float32), 20)
    with pytest.raises(ValueError, match="forgotten"):
        history.read(0, 4)


def test_values_that_are_no_numbers_are_kept_as_zeros() -> None:
    history = History(1, 8)
    history.push(np.array([[np.nan], [np.inf], [1.0]], np.float32), 3)
    assert history.read(0, 3)[:, 0].tolist() == [0, 0, 1]


def test_read_only_rows_are_taken() -> None:
    rows = np.ones((3, 1), np.float32)
    rows.flags.writeable = False
    history = History(1, 8)
    history.push(rows, 3)
    assert history.end == 3
