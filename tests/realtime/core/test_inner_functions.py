import numpy as np
import pytest
from numba import njit

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import apart, inner


@inner()
def _inlined(x):
    return 2 * x


@inner(inline=False)
def _called(x):
    return _inlined(x) + 1


@apart()
def _fill(row, value):
    for k in range(len(row)):
        row[k] = value


@njit
def _outer(x, row):
    _fill(row, x)
    return _called(x) + _inlined(row[0])


@inner()
def _halves(row):
    return row[: len(row) // 2], row[len(row) // 2 :]


@inner()
def _sum_of_half(row):
    (half, _), total = _halves(row), 0.0
    for k in range(len(half)):
        total += half[k]
    return total


def _size_of_half(row):
    return len(_halves(row)[0])


def test_compiled_functions_call_inner_ones() -> None:
    assert _outer(3, np.zeros(2, np.int64)) == 13


def test_an_inner_function_that_python_calls_raises_type_error() -> None:
    with pytest.raises(TypeError):
        _called(3)


def test_a_caller_that_counts_who_holds_an_array_keeps_one_of_which_views_were_given() -> None:
    entry("int64(float64[::1])")(_size_of_half)(np.ones(4))  # which counts nothing, and is the first that calls

    @njit
    def counting():
        row = np.ones(4)
        total = _sum_of_half(row)
        other = np.full(4, 7.0)  # lies where the row was, if that is freed
        return total, row[0], other[0]

    assert counting() == (2, 1, 7)


@inner(inline=False)
def _with_a_function_inside(x):
    def half(x):
        return x / 2

    return half(x) + 1


@njit
def _outermost(x):
    return _with_a_function_inside(x)


def test_inner_functions_may_have_functions_inside() -> None:
    assert _outermost(3.0) == 2.5
