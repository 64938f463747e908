"""The features of nets that hear drums early: fine bands of each hop at once, and constant-Q bins when they are there.

The bands are as narrow as 1024 samples allow: 43 Hz up to 690 Hz, 12 per octave above. The constant-Q bins, 12 per
octave from F2 up, tell a bass note from a kick, but need 110 ms of what follows.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import FLOAT32, bound, entry
from samplechop.realtime.dsp.band_spectrum import BandSpectrum, band_weights, lanes_for
from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.dsp.delay_line import Ring, prefixes
from samplechop.realtime.dsp.logarithm import logarithms
from samplechop.realtime.nets.features import (
    CQT_FLOOR,
    DRUM_FALL,
    HOP_LENGTH,
    N_BINS,
    OCTAVES,
    REMEMBERED,
    level,
    share_of,
)

LOW_BINS, LOG_BANDS, HIGHEST_HZ = 16, 56, 18_000.0
N_EARLY = LOW_BINS + LOG_BANDS
"""Features of a hop that are there at once: its bands."""
N_LATE = N_BINS + OCTAVES + 1
"""Features of a hop that come later: constant-Q bins, the sums of their octaves, and the classic sum over all."""
PER_HOP = N_EARLY + N_LATE
LATE_HOPS = 17
"""Hops by which the constant-Q features lag behind the bands: row h holds the bands of hop h, and those of h - 17."""


def fine_bands(max_block_size: int, sample_rate: int = 44_100) -> BandSpectrum:
    """[main] Give what computes the bands, for blocks of that size."""
    weights = band_weights(sample_rate, LOW_BINS, LOG_BANDS, HIGHEST_HZ)
    return BandSpectrum(sample_rate, HOP_LENGTH, DRUM_FALL, weights, lanes=lanes_for(max_block_size, HOP_LENGTH))


@cache
def _compiled() -> Callable[..., int]:
    def run(spectra, constant_q, rows, mean, table, share, harmony, n_spectra, n_constant_q):
        first = max(0, table[0] - LATE_HOPS)  # the constant-Q hop that is first in this block
        if max(0, table[0] + n_spectra - LATE_HOPS) - first != n_constant_q:
            return -1
        for i in range(n_constant_q):
            for k in range(N_BINS):
                harmony[(first + i) % len(harmony), k] = constant_q[i, k]
        for i in range(n_spectra):
            hop = table[0]
            row = rows[i]
            for k in range(N_EARLY):
                row[k] = spectra[i, k]
            level(row[:N_EARLY], mean[:N_EARLY], hop, share)
            late = hop - LATE_HOPS
            if late < 0:
                row[N_EARLY:] = 0
            else:
                bins, total = constant_q[late - first], np.float32(0)
                for octave in range(OCTAVES):
                    summed = np.float32(0)
                    for k in range(octave * 12, octave * 12 + 12):
                        row[N_EARLY + k] = bins[k] + CQT_FLOOR
                        summed += bins[k]
                    row[N_EARLY + N_BINS + octave] = summed / np.float32(12) + CQT_FLOOR
                    total += summed
                row[PER_HOP - 1] = total / np.float32(N_BINS) + CQT_FLOOR
                logarithms(row[N_EARLY:], np.int64(N_LATE))  # of a literal number it would make a version of its own
                level(row[N_EARLY:], mean[N_EARLY:], late, share)
            table[0] = hop + 1
        return n_spectra

    row, rows = types.float32[::1], types.float32[:, ::1]
    arrays, number = (rows, rows, rows, row, types.int64[::1], types.float32, rows), types.int64
    return entry(number(*arrays, number, number))(run)


class FineFeatureStream:
    """Feature rows of a stream, one per hop: the window of row h is centred on sample h * HOP_LENGTH, and falls off
    quickly. harmony: the constant-Q magnitudes of REMEMBERED hops.

    N_EARLY log magnitudes of that hop, then of the hop LATE_HOPS before it the log magnitudes of N_BINS constant-Q
    bins, the log sums of their octaves and the log of the classic sum; zeros before the first. constant_q: the
    magnitudes of the last block, in its first `n_constant_q` rows.
    """

    def __init__(self, max_block_size: int, sample_rate: int = 44_100) -> None:
        """[main] Allocate and compile. max_block_size: most samples in one push."""
        self._bands = fine_bands(max_block_size, sample_rate)
        self._cqt = StreamingCQT(sample_rate, HOP_LENGTH, n_bins=N_BINS)
        self.latency = self._bands.latency
        """Samples from a row's centre until it is complete."""
        most = max_block_size // HOP_LENGTH + 1
        self._spectra: NDArray[np.float32] = np.zeros((most, N_EARLY), np.float32)
        self.constant_q: NDArray[np.float32] = np.zeros((most, N_BINS), np.float32)
        self._rows: NDArray[np.float32] = np.zeros((most, PER_HOP), np.float32)
        self._mean: NDArray[np.float32] = np.zeros(PER_HOP, np.float32)
        self._table = np.zeros(1, np.int64)
        self.harmony = Ring(N_BINS, REMEMBERED + 2 * most)
        self._transform = self._bands.into(self._spectra), self._cqt.into(self.constant_q)
        state = self._mean, self._table, share_of(HOP_LENGTH, sample_rate), self.harmony.rows
        self._run = bound(_compiled(), self._spectra, self.constant_q, self._rows, *state)
        self._first = prefixes(self._rows)
        self.n_constant_q = 0

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._bands.reset()
        self._cqt.reset()
        self._mean.fill(0)
        self._table.fill(0)
        self.harmony.reset()
        self.n_constant_q = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the rows it completes.

        Returns float32, (m, PER_HOP): a view, valid until the next push. Raises TypeError for a block of other dtypes,
        ValueError for one that is longer.
        """
        if block.dtype != FLOAT32 or block.ndim != 1 or not block.flags.c_contiguous:
            raise TypeError(f"a block is float32 (n,), C-contiguous, got {block.dtype} {block.shape}")
        bands, constant_q = self._transform
        n = bands(block)
        if n < 0:
            raise ValueError(f"a block is longer than was said: {len(block)} samples")
        self.n_constant_q = late = constant_q(block)
        written = self._run(n, late)
        self.harmony.end += late
        assert written == n, "a constant-Q frame is complete LATE_HOPS hops after the bands"
        return self._first[n]
