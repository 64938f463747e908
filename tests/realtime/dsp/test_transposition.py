"""Rows become columns."""

import numpy as np
from numba import njit

from samplechop.realtime.dsp.registers import LANES
from samplechop.realtime.dsp.transposition import transpose

ROWS, WIDTH, STEP, AT, TO = LANES, 41, 19, 7, 3
LOUDEST = np.float32(2)


@njit
def _run(x, places, out):
    transpose(x, AT, WIDTH, out[0], TO, STEP, None, 0, None)
    transpose(x, AT, WIDTH, out[1], TO, STEP, places, 2, None)
    transpose(x, AT, WIDTH, out[2], TO, STEP, None, 0, LOUDEST)


def test_columns_lie_where_they_are_asked_for_and_what_is_too_loud_is_silence() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(AT + ROWS * WIDTH, np.float32)
    x[rng.integers(0, len(x), 60)] = np.nan
    x[rng.integers(0, len(x), 60)] = np.inf
    x[rng.integers(0, len(x), 60)] *= -9
    given = x[AT:].reshape(ROWS, WIDTH)[:, :LANES]
    order = rng.permutation(LANES)
    out: np.ndarray = np.full((3, TO + STEP * LANES), 5, np.float32)
    _run(x, np.concatenate([[0, 0], order]), out)
    found = out[:, TO:].reshape(3, LANES, STEP)[:, :, :ROWS]
    np.testing.assert_array_equal(found[0], given.T)
    np.testing.assert_array_equal(found[1][order], given.T)
    np.testing.assert_array_equal(found[2], np.where(np.abs(given) <= LOUDEST, given, 0).T)
    assert (out[:, :TO] == 5).all()
    assert (out[:, TO:].reshape(3, LANES, STEP)[:, :, ROWS:] == 5).all()
