"""A kept function is called as one that was just compiled, and no more is kept than that takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.inner_functions import inner


@inner(inline=False)
def _ratio(a, b):
    if b == 3:
        raise ValueError("three is no divisor")
    return a / b


def _ratios(numbers, by):
    copy = np.zeros(len(numbers))
    for k in range(len(numbers)):
        copy[k] = _ratio(numbers[k], by)
    return copy


SIGNATURE = "float64[::1](float64[::1], int64)"


def test_a_kept_function_gives_and_raises_what_it_did_when_it_was_compiled() -> None:
    made, kept = entry(SIGNATURE, allocates=True)(_ratios), entry(SIGNATURE, allocates=True)(_ratios)
    assert kept.stats.cache_hits
    numbers = np.arange(5.0)
    for one in (made, kept):
        np.testing.assert_array_equal(one(numbers, 2), numbers / 2)
        with pytest.raises(ZeroDivisionError):
            one(numbers, 0)
        with pytest.raises(ValueError, match="three"):
            one(numbers, 3)


def test_a_bound_function_gives_and_raises_what_the_whole_call_does() -> None:
    numbers, whole = np.arange(5.0), entry(SIGNATURE, allocates=True)(_ratios)
    by = bound(whole, numbers)
    np.testing.assert_array_equal(by(2), whole(numbers, 2))
    with pytest.raises(ValueError, match="three"):
        by(3)
    with pytest.raises(TypeError):
        by()


@pytest.mark.parametrize("numbers", [np.zeros(5, np.float32), np.zeros((5, 1)), np.zeros(10)[::2], [0.0]])
def test_an_array_of_another_type_is_not_bound(numbers: object) -> None:
    with pytest.raises(TypeError, match="takes array"):
        bound(entry(SIGNATURE, allocates=True)(_ratios), numbers)


def _kept(numbers):
    return numbers[0] / numbers[1]


def _kept_as_usual(numbers):
    return numbers[0] / numbers[1]


def test_what_is_kept_is_a_part_of_what_usually_is() -> None:
    def size(compiled: Any) -> int:
        kept = Path(compiled.stats.cache_path).glob(f"*.{compiled.py_func.__name__}-*.nbc")
        return max((one.stat() for one in kept), key=lambda one: one.st_mtime_ns).st_size

    signature = "float64(float64[::1])"
    assert 2 * size(entry(signature)(_kept)) < size(njit([signature], cache=True)(_kept_as_usual))
