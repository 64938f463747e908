"""How far chops are apart, every one from every other."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

_STEPS = 1 << 16


def similarity(vectors: NDArray[np.float32]) -> Matrix:
    """Give the cosine between vectors without negative parts, (n, d): float32 (n, n), 0..1, 1 on the diagonal.

    Vectors of zeros, as silence has, are like each other and unlike all others.
    """
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    silent = (lengths == 0).astype(np.float32)
    units = np.concatenate([vectors / (lengths + silent), silent], axis=1)
    cosines: Matrix = units @ units.T
    np.clip(cosines, 0.0, 1.0, out=cosines)
    np.fill_diagonal(cosines, 1.0)
    return cosines


def ranked(similarities: Matrix) -> Matrix:
    """Turn similarities, (n, n), into distances 0..1 by their rank: float32 (n, n), 0 on the diagonal.

    The distance of a pair is the share of all pairs that are more alike than it, scaled so that the least alike have
    1. Thus distances are spread evenly between 0 and 1, whatever the record, and mean the same beside a probability.
    1 - similarity is rounded to 65,536 steps first; pairs on one step have the same distance.
    """
    distances = np.empty_like(similarities)
    _rank(np.ascontiguousarray(similarities), distances)
    return distances


def over_maximum(vectors: NDArray[np.float32]) -> Matrix:
    """Give Euclidean distances between vectors, (n, d), over the largest of them: float32 (n, n), 0..1."""
    vectors = np.asarray(vectors, np.float64)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (vectors @ vectors.T), 0.0))
    np.fill_diagonal(distances, 0.0)
    largest = distances.max(initial=0.0)
    return (distances / largest if largest > 0 else distances).astype(np.float32)


@njit("void(float32[:, ::1], float32[:, ::1])", cache=True)
def _rank(similarities, distances):
    n, scale = len(similarities), np.float32(_STEPS - 1)
    nearer = np.zeros(_STEPS + 1, np.int64)  # first a count of pairs per step, then of the pairs on lower steps
    last = 0
    for i in range(n):
        for j in range(i):
            step = int((np.float32(1.0) - similarities[i, j]) * scale)
            nearer[step + 1] += 1
            last = max(last, step)
    for step in range(1, _STEPS + 1):
        nearer[step] += nearer[step - 1]
    rank = np.zeros(_STEPS, np.float32)
    if nearer[last] > 0:
        for step in range(last + 1):
            rank[step] = nearer[step] / nearer[last]
    for i in range(n):
        distances[i, i] = np.float32(0.0)
        for j in range(i):
            distances[i, j] = distances[j, i] = rank[int((np.float32(1.0) - similarities[i, j]) * scale)]
