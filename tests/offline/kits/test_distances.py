"""Distances are distances, and keep the order of what they were made from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.descriptors import similarity
from samplechop.offline.kits.core.options import DUPLICATE, NEAREST
from samplechop.offline.kits.distances import NearDuplicates, Ranked, over_maximum


def ranked(alike: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give all distances by rank, (n, n)."""
    ranks, n = Ranked(alike), len(alike)
    return np.array([ranks[index] for index in range(n)], np.float32).reshape(n, n)


VECTORS = st.integers(0, 12).flatmap(
    lambda n: arrays(np.float32, (n, 5), elements=st.floats(0, 10, width=32, allow_subnormal=False))
)


@given(VECTORS)
def test_distances_are_symmetric_between_0_and_1(vectors: NDArray[np.float32]) -> None:
    for distance in (ranked(similarity(vectors)), over_maximum(vectors)):
        assert distance.dtype == np.float32
        assert distance.shape == (len(vectors), len(vectors))
        assert np.all((distance >= 0) & (distance <= 1))
        assert np.array_equal(distance, distance.T)
        assert not distance.diagonal().any()


@given(VECTORS)
def test_ranks_keep_the_order_of_the_similarities(vectors: NDArray[np.float32]) -> None:
    alike = similarity(vectors)
    pairs = np.tril_indices(len(alike), -1)
    order = np.argsort(-alike[pairs], kind="stable")
    assert np.all(np.diff(ranked(alike)[pairs][order]) >= 0)


def test_a_rank_is_the_share_of_pairs_that_are_more_alike() -> None:
    alike = np.eye(4, dtype=np.float32)
    pairs = np.tril_indices(4, -1)
    alike[pairs] = np.array([0.9, 0.2, 0.8, 0.7, 0.1, 0.5])
    alike = np.maximum(alike, alike.T)
    assert np.allclose(ranked(alike)[pairs], np.array([0, 4, 1, 2, 5, 3]) / 5)


@given(VECTORS)
def test_near_duplicates_are_very_alike_or_of_the_most_alike(vectors: NDArray[np.float32]) -> None:
    alike = similarity(vectors)
    near, expected = NearDuplicates(Ranked(alike)), (alike > DUPLICATE) | (ranked(alike) < NEAREST)
    assert all(np.array_equal(near[index], row) for index, row in enumerate(expected))


def test_pairs_that_are_all_alike_are_not_apart() -> None:
    assert not ranked(np.ones((3, 3), np.float32)).any()


def test_the_scale_of_a_vector_does_not_matter_to_its_similarity() -> None:
    vectors = np.random.default_rng(0).random((4, 6)).astype(np.float32)
    assert np.allclose(similarity(vectors), similarity(vectors * np.array([[1], [10], [0.1], [3]])), atol=1e-6)


def test_silence_is_like_silence_and_like_nothing_else() -> None:
    vectors = np.array([[0, 0], [0, 0], [1, 2]], np.float32)
    assert np.array_equal(similarity(vectors), np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32))


def test_the_distance_of_2017_follows_loudness() -> None:
    vectors = np.array([[1, 0], [4, 0], [0, 1]], np.float32)
    assert np.allclose(over_maximum(vectors)[0], np.array([0, 3, np.sqrt(2)]) / np.sqrt(17))
