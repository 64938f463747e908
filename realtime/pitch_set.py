"""Which pitch classes sound: the net's word, averaged over some frames and kept until it is clearly otherwise."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

BEGIN, END = 0.8, -0.8
"""Mean log odds from which a pitch class sounds, and below which it no longer does."""


@cache
def _compiled() -> Callable[..., None]:
    def run(rows, ring, sounding, table, sets, means):
        width = len(ring)
        for t in range(len(rows)):
            ring[table[0] % width] = rows[t, :12]
            table[0] += 1
            for p in range(12):
                mean = np.float32(0)
                for k in range(width):
                    mean += ring[k, p]
                mean /= np.float32(width)
                means[t, p] = mean
                sounding[p] = mean > END if sounding[p] else mean > BEGIN
                sets[t, p] = sounding[p]

    rows, flags = types.float32[:, ::1], types.boolean[::1]
    signature = types.void(rows, rows, flags, types.int64[::1], types.boolean[:, ::1], rows)
    return njit([signature], cache=True)(run)


class PitchSet:
    """Follows the pitch classes. Results do not depend on how frames are cut into pushes."""

    def __init__(self, width: int) -> None:
        """[main] Allocate and compile. width: frames to average over; what is told is true of their middle."""
        if width < 1:
            raise ValueError(f"width must be at least 1 frame, got {width}")
        self._ring: NDArray[np.float32] = np.zeros((width, 12), np.float32)
        self._sounding, self._table = np.zeros(12, np.bool_), np.zeros(1, np.int64)
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: nothing sounds."""
        self._ring.fill(-12)
        self._sounding.fill(False)
        self._table.fill(0)

    def push(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """[analysis] Hear log odds, float32 (n, 24), of which the first twelve count.

        Gives for each frame which pitch classes sound, bool (n, 12), and their mean log odds, float32 (n, 12).
        """
        sets, means = np.empty((len(rows), 12), np.bool_), np.empty((len(rows), 12), np.float32)
        self._run(rows, self._ring, self._sounding, self._table, sets, means)
        return sets, means
