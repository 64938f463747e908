"""Drums made by rule."""

import numpy as np
import pytest

from samplechop.offline.augmentation.effects import sample_times
from samplechop.offline.synthesis.drums import sum_of_sines


@pytest.mark.parametrize("seconds", [0.0001, 0.1, 4.0])
def test_sines_are_summed_as_one_by_one(seconds: float) -> None:
    rng, times = np.random.default_rng(0), sample_times(seconds)
    frequencies, phases, levels = rng.uniform(250, 13_000, 30), rng.uniform(0, 6.28, 30), rng.uniform(0.3, 1, 30)
    partials = zip(frequencies, phases, levels, strict=True)
    wanted = sum(level * np.sin(2 * np.pi * one * times + phase) for one, phase, level in partials)
    np.testing.assert_allclose(sum_of_sines(frequencies, phases, levels, times), wanted, rtol=0, atol=1e-8)
