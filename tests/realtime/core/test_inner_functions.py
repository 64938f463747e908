import numpy as np
import pytest
from numba import njit

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


def test_compiled_functions_call_inner_ones() -> None:
    assert _outer(3, np.zeros(2, np.int64)) == 13


def test_an_inner_function_that_python_calls_raises_type_error() -> None:
    with pytest.raises(TypeError):
        _called(3)
