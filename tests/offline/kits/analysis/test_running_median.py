"""The running median is that of scipy, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import median_filter

from samplechop.offline.kits.analysis.running_median import running_median

TABLES = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=24),
    elements=st.floats(0, 4, width=16),
)


@given(TABLES, st.sampled_from([1, 3, 5, 9, 17]), st.sampled_from([0, 1]))
def test_it_is_the_median_of_scipy(values: np.ndarray, size: int, axis: int) -> None:
    around = (size, 1) if axis == 0 else (1, size)
    np.testing.assert_array_equal(
        running_median(values, size, axis), median_filter(values, around, mode="reflect"), strict=True
    )


@pytest.mark.parametrize("size", [0, 4, -3])
def test_there_must_be_a_middle(size: int) -> None:
    with pytest.raises(ValueError, match=f"odd number of at least 1, got {size}"):
        running_median(np.zeros((3, 3), np.float32), size, 0)
