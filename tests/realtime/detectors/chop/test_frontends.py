"""The harmonic spectrum of a chop."""

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as arrays

from samplechop.realtime.detectors.chop.frontends import harmonic_spectrum

magnitudes = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=30), elements={"min_value": 0, "max_value": 65536}
)


@given(magnitudes)
def test_it_is_the_median_over_time(frames: np.ndarray) -> None:
    np.testing.assert_allclose(harmonic_spectrum(frames.copy()), np.median(frames, axis=0), rtol=1e-6)


def test_a_burst_leaves_no_trace() -> None:
    frames = np.full((26, 48), 0.25, np.float32)
    frames[3:8] = 100.0
    np.testing.assert_array_equal(harmonic_spectrum(frames), np.full(48, 0.25, np.float32))
