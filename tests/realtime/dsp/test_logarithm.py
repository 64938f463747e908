"""Logarithms of many numbers at once."""

import math

import numpy as np
from numba import njit

from samplechop.realtime.dsp.logarithm import logarithms


def test_logarithms_are_right_to_the_last_bit_but_one() -> None:
    @njit
    def run(x, count):
        logarithms(x, count)

    least, most = (np.array(x, np.float32).view(np.int32) for x in (np.finfo(np.float32).tiny, np.inf))
    bits = np.random.default_rng(1).integers(least, most, 20_000, np.int32)
    numbers = np.concatenate([bits.view(np.float32), np.float32([1.0, 0.02, 0.003])])
    found = numbers.copy()
    run(found, len(found))
    expected = np.array([math.log(number) for number in numbers.tolist()])
    assert (np.abs(found - expected) <= 0.82 * np.spacing(np.abs(expected).astype(np.float32))).all()
    assert found[-3] == 0.0
