"""How far candidates lie from each other: n² pairs, of which choosing a kit reads a few rows."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.descriptors import Descriptors, Similarity
from samplechop.offline.kits.core.options import DUPLICATE, NEAREST
from samplechop.realtime.core.entry_functions import entry

_STEPS = 1 << 16


class Rows(Protocol):
    """Something said of all pairs of n candidates: a row, (n,), says it of one and all others."""

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        """Give the row of one."""


class Ranked:
    """Similarities, (n, n), turned into distances 0..1 by their rank.

    The distance of a pair is the share of all pairs that are more alike than it, scaled so that the least alike have
    1. Thus distances are spread evenly between 0 and 1, whatever the record, and mean the same beside a probability.
    1 - similarity is rounded to 65,536 steps first; pairs on one step have the same distance. All pairs are counted
    once, and a row is made when it is asked for: to write down each distance takes three times as long.
    """

    def __init__(self, similarities: Similarity) -> None:
        """Count all pairs."""
        self._alike = np.ascontiguousarray(similarities)
        self._distance_of_step = _distances_of_steps(self._alike)

    def __getitem__(self, index: int, /) -> NDArray[np.float32]:
        """Give the distances of one to all: float32 (n,), 0 to itself."""
        steps = ((np.float32(1.0) - self.alike(index)) * np.float32(_STEPS - 1)).astype(np.int64)
        row = self._distance_of_step[steps]
        row[index] = 0.0
        return row

    def alike(self, index: int) -> NDArray[np.float32]:
        """Give the similarities of one to all: float32 (n,)."""
        return np.concatenate([self._alike[index, :index], self._alike[index:, index]])


class Ranks:
    """Ranks of some of n slices by what they sound like, kept for the next kit: most are chosen from the same ones."""

    def __init__(self, described: Descriptors) -> None:
        """Take the descriptions of all."""
        self._described = described
        self._last: tuple[bytes, Ranked] | None = None

    def of(self, indices: NDArray[np.int64]) -> Ranked:
        """Give the distances between some of them."""
        key, last = indices.tobytes(), self._last
        if last is None or last[0] != key:
            self._last = last = key, Ranked(self._described.similarity(indices))
        return last[1]


class NearDuplicates:
    """Which pairs are nearly the same: by their similarity, or as some of the most alike of the record."""

    def __init__(self, apart: Ranked) -> None:
        """Take them from what is known of the pairs' ranks."""
        self._apart = apart

    def __getitem__(self, index: int, /) -> NDArray[np.bool_]:
        """Give those of one: bool (n,)."""
        return (self._apart.alike(index) > DUPLICATE) | (self._apart[index] < NEAREST)


def over_maximum(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give Euclidean distances between vectors, (n, d), over the largest of them: float32 (n, n), 0..1."""
    vectors = np.asarray(vectors, np.float64)
    products = np.einsum("id,jd->ij", vectors, vectors)  # not by BLAS, whose last bit depends on its threads
    squares = np.diagonal(products)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0.0))
    np.fill_diagonal(distances, 0.0)
    largest = distances.max(initial=0.0)
    return (distances / largest if largest > 0 else distances).astype(np.float32)


@entry("float32[::1](float32[:, ::1])", allocates=True)
def _distances_of_steps(similarities):
    n, scale = len(similarities), np.float32(_STEPS - 1)
    nearer = np.zeros(_STEPS + 1, np.int32)  # first a count of pairs per step, then of the pairs on lower steps
    for i in range(n):
        for j in range(i):
            nearer[int((np.float32(1.0) - similarities[i, j]) * scale) + 1] += 1
    last = 0
    for step in range(_STEPS):
        if nearer[step + 1] > 0:
            last = step
        nearer[step + 1] += nearer[step]
    distances = np.zeros(_STEPS, np.float32)
    if nearer[last] > 0:
        for step in range(last + 1):
            distances[step] = nearer[step] / nearer[last]
    return distances
