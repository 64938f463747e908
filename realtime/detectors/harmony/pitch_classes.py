"""Which pitch classes sound: each by itself begins or ends once the net's word for it outweighs all that was against.

Per pitch class a hidden Markov model of two states, on and off, followed forwards: the lead of one over the other grows
with the evidence, is never more than what a change costs, and the state changes when the other one leads by so much
(Page's cumulative sum, "Continuous inspection schemes", Biometrika 1954).
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.chord_tracker import EVIDENCE_PER_SECOND

CHANGE = 6.0
"""What a change costs, in log odds, once off and once on again."""
SURE = 4.0
"""Beyond so much, log odds count no more."""


@cache
def _compiled() -> Callable[..., None]:
    def run(rows, weight, ring, lead, since, sounding, table, sets, begun, means):
        width, least, most = len(ring), np.float32(-CHANGE / 2), np.float32(CHANGE / 2)
        for t in range(len(rows)):
            time = table[0]
            table[0] = time + 1
            ring[time % width] = rows[t, :12]
            begun[t] = time
            for p in range(12):
                mean = np.float32(0)
                for k in range(width):
                    mean += ring[k, p]
                means[t, p] = mean / np.float32(width)
                if lead[p] == (most if sounding[p] else least):
                    since[p] = time
                word = min(max(rows[t, p], np.float32(-SURE)), np.float32(SURE))
                lead[p] = min(max(lead[p] + weight * word, least), most)
                if lead[p] == (least if sounding[p] else most):
                    sounding[p] = not sounding[p]
                    begun[t] = min(begun[t], since[p])
                sets[t, p] = sounding[p]

    rows, row, flags, places = types.float32[:, ::1], types.float32[::1], types.boolean[::1], types.int64[::1]
    signature = types.void(rows, types.float32, rows, row, places, flags, places, types.boolean[:, ::1], places, rows)
    return njit([signature], cache=True)(run)


class PitchSet:
    """Follows the pitch classes. Results do not depend on how frames are cut into pushes."""

    def __init__(self, frame_rate: float, width: int) -> None:
        """[main] Allocate and compile. frame_rate: frames per second. width: frames to average log odds over."""
        if width < 1 or frame_rate <= 0:
            raise ValueError(f"width must be at least 1 frame and frame_rate above 0, got {width} and {frame_rate}")
        self._weight = np.float32(EVIDENCE_PER_SECOND / frame_rate)
        self._ring: NDArray[np.float32] = np.zeros((width, 12), np.float32)
        self._lead: NDArray[np.float32] = np.zeros(12, np.float32)
        self._since, self._table = np.zeros(12, np.int64), np.zeros(1, np.int64)
        self._sounding = np.zeros(12, np.bool_)
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: nothing sounds."""
        self._ring.fill(-12)
        self._lead.fill(-CHANGE / 2)
        for array in (self._since, self._table, self._sounding):
            array.fill(0)

    def push(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float32]]:
        """[analysis] Process log odds, float32 (n, 24), of which the first twelve count.

        Gives for each frame which pitch classes sound, bool (n, 12); since which frame those that changed did so,
        int64 (n,); and the mean log odds lately, float32 (n, 12).
        """
        n = len(rows)
        sets, begun, means = np.empty((n, 12), np.bool_), np.empty(n, np.int64), np.empty((n, 12), np.float32)
        memory = self._ring, self._lead, self._since, self._sounding, self._table
        self._run(rows, self._weight, *memory, sets, begun, means)
        return sets, begun, means
