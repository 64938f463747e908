"""The features of the drum net: band magnitudes of short windows, levelled, one frame per hop."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.dsp.log_bands import N_BANDS, BandSpectrum
from samplechop.realtime.dsp.smoothing import level, share_of

HOP_LENGTH = 256
FALL = 128
"""Samples in which the window falls: 3 ms, so that it takes in as much of an attack as a symmetric one 5 ms later."""
N_FEATURES = N_BANDS


@cache
def _compiled() -> Callable[..., None]:
    def run(rows, n, mean, heard, share):
        for i in range(n):
            level(rows[i], mean, heard[0], share)
            heard[0] += 1

    signature = types.void(types.float32[:, ::1], types.int64, types.float32[::1], types.int64[::1], types.float32)
    return njit([signature], cache=True)(run)


class DrumFeatureStream:
    """Feature frames of a stream: the window of frame f is centred on sample f * HOP_LENGTH, and falls off quickly.

    N_BANDS log magnitudes (dsp/log_bands.py), each less its own mean over the last 1.5 s. No constant-Q sums: they
    would need 110 ms of what follows.
    """

    def __init__(self, max_block_size: int, sample_rate: int = 44_100) -> None:
        """[main] Allocate and compile. max_block_size: most samples in one push."""
        self._bands = BandSpectrum(sample_rate, HOP_LENGTH, FALL)
        self._rows: NDArray[np.float32] = np.zeros((max_block_size // HOP_LENGTH + 1, N_FEATURES), np.float32)
        self._mean: NDArray[np.float32] = np.zeros(N_FEATURES, np.float32)
        self._frames = np.zeros(1, np.int64)
        self._share = share_of(HOP_LENGTH, sample_rate)
        self._run = _compiled()

    @property
    def latency(self) -> int:
        """Samples from a frame's centre until it is complete."""
        return self._bands.latency

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._bands.reset()
        self._mean.fill(0)
        self._frames.fill(0)

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the frames it completes.

        Returns float32, (m, N_FEATURES): a view, valid until the next push.
        """
        written = self._bands.push(block, self._rows)
        self._run(self._rows, written, self._mean, self._frames, self._share)
        return self._rows[:written]
