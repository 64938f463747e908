"""The features of the streaming net: band magnitudes and constant-Q sums, levelled, two hops per frame."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.dsp.log_bands import N_BANDS, BandSpectrum
from samplechop.realtime.dsp.smoothing import level, share_of

HOP_LENGTH = 256
STACK = 2
"""Hops in one frame."""
OCTAVES = 4
N_BINS = 48
PER_HOP = N_BANDS + OCTAVES + 1
N_FEATURES = STACK * PER_HOP

_CQT_FLOOR = np.float32(0.003)
_FRAME, _FIRST = range(2)


@cache
def _compiled() -> Callable[..., int]:
    def run(spectra, n_spectra, constant_q, n_frames, out, waiting, state, table, share):
        # Fourier frames wait in a line until the constant-Q frame of the same hop is there.
        queued = table[_FIRST]
        for i in range(n_spectra):
            waiting[queued + i] = spectra[i]
        queued += n_spectra
        written = 0
        mean, pending, hop = state[0], state[1], state[2]
        for i in range(n_frames):
            heard = table[_FRAME]
            hop[:N_BANDS] = waiting[i]
            total = np.float32(0)
            for octave in range(OCTAVES):
                summed = np.float32(0)
                for magnitude in constant_q[i, octave * 12 : octave * 12 + 12]:
                    summed += magnitude
                hop[N_BANDS + octave] = np.log(summed / np.float32(12) + _CQT_FLOOR)
                total += summed
            hop[N_BANDS + OCTAVES] = np.log(total / np.float32(N_BINS) + _CQT_FLOOR)
            level(hop, mean, heard, share)
            if heard % STACK == 0:
                pending[:] = hop
            else:
                out[written, :PER_HOP] = pending
                out[written, PER_HOP:] = hop
                written += 1
            table[_FRAME] = heard + 1
        for i in range(queued - n_frames):
            waiting[i] = waiting[n_frames + i]
        table[_FIRST] = queued - n_frames
        return written

    rows = types.float32[:, ::1]
    signature = types.int64(rows, types.int64, rows, types.int64, rows, rows, rows, types.int64[::1], types.float32)
    return njit([signature], cache=True)(run)


class FeatureStream:
    """Feature frames of a stream: frame g stands for the hops 2g and 2g + 1, centred on sample (2g + 1) * HOP_LENGTH.

    Of each hop: N_BANDS log magnitudes (dsp/log_bands.py), the log sums of the four constant-Q octaves from F2 up, and
    the log of the classic sum over all 48 bins; each less its own mean over the last 1.5 s, so that the level of the
    record does not matter.
    """

    def __init__(self, max_block_size: int, sample_rate: int = 44_100) -> None:
        """[main] Allocate and compile. max_block_size: most samples in one push."""
        self._bands = BandSpectrum(sample_rate, HOP_LENGTH)
        self._cqt = StreamingCQT(sample_rate, HOP_LENGTH, n_bins=N_BINS)
        most = max_block_size // HOP_LENGTH + 1
        self._spectra: NDArray[np.float32] = np.zeros((most, N_BANDS), np.float32)
        self.constant_q: NDArray[np.float32] = np.zeros((most, N_BINS), np.float32)
        lead = (self._cqt.latency - self._bands.latency) // HOP_LENGTH + 1
        self._waiting: NDArray[np.float32] = np.zeros((lead + 2 * most, N_BANDS), np.float32)
        self._state: NDArray[np.float32] = np.zeros((3, PER_HOP), np.float32)
        self._table = np.zeros(2, np.int64)
        self._rows: NDArray[np.float32] = np.zeros((most, N_FEATURES), np.float32)
        self._share = share_of(HOP_LENGTH, sample_rate)
        self._run = _compiled()
        self.n_constant_q = 0

    @property
    def latency(self) -> int:
        """Samples from a frame's centre until it is complete."""
        return self._cqt.latency

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._bands.reset()
        self._cqt.reset()
        self._state.fill(0)
        self._table.fill(0)
        self.n_constant_q = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the frames it completes.

        Returns float32, (m, N_FEATURES): a view, valid until the next push. The constant-Q magnitudes of the block
        are the first `n_constant_q` rows of `constant_q`.
        """
        n_spectra = self._bands.push(block, self._spectra)
        self.n_constant_q = n = self._cqt.push(block, self.constant_q)
        heard = self._spectra, n_spectra, self.constant_q, n
        written = self._run(*heard, self._rows, self._waiting, self._state, self._table, self._share)
        return self._rows[:written]
