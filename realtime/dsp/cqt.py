"""Streaming constant-Q transform: `librosa.cqt` as the audio arrives, equal for every way of cutting it into blocks."""

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.dsp import cqt_kernels as at
from samplechop.realtime.dsp.cqt_plan import CQTPlan, plan_cqt

F2_HZ = 87.30705785825097
"""Equal-tempered F2 with A4 = 440 Hz."""

ALIGN = 16
"""Streams and kernels start at multiples of this many floats (a cache line)."""


def _aligned(top: int) -> int:
    return -(-top // ALIGN) * ALIGN


def _lay_out(plan: CQTPlan) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Give arena and table as they are before the first sample."""
    history = 2 * len(plan.taps) - 1
    n_levels, n_rows = plan.early + plan.n_octaves, len(plan.support)
    table = np.zeros((1 + n_levels + n_rows, 9), np.int64)
    top = 0
    n = plan.hop_length
    for level, row in enumerate(table[1 : 1 + n_levels]):
        if level:
            row[at.HISTORY] = top
            row[at.PARITY] = plan.delays[level - 1] % 2
            top = _aligned(top + 2 * (history + n))
        if level >= plan.early:
            # From the head, before it moves past the newest hop, back to the first sample under the kernels.
            row[at.BACK] = row[at.KEEP] = (plan.latency_hops - 1) * n - plan.delays[level] - plan.first
        row[at.START], row[at.HEAD] = top, top + row[at.KEEP]
        row[at.END] = row[at.HEAD] + max(n, row[at.KEEP])
        top = _aligned(row[at.END] + plan.kernels.shape[1])
        n //= 2
    arena_parts = []
    for row, kernel, (first, last) in zip(
        table[1 + n_levels :], plan.kernels.reshape(n_rows, 2, -1), plan.support, strict=True
    ):
        row[at.FIRST], row[at.LAST] = first, last
        for place, part in zip((at.REAL, at.IMAG), kernel[:, first:last], strict=True):
            row[place] = top
            arena_parts.append((top, part))
            top = _aligned(top + len(part))
    gains, slots = top, _aligned(top + plan.n_bins)
    arena_parts.append((gains, plan.power_gain))
    size = slots + (plan.n_octaves + 3) // 4 * 4 * n_rows
    table[0] = (plan.hop_length, plan.latency_hops, n_levels, plan.n_octaves, plan.n_bins, gains, slots, 0, 0)
    unaligned = np.zeros(size + ALIGN, np.float32)
    arena = unaligned[-unaligned.ctypes.data // 4 % ALIGN :][:size]
    for place, part in arena_parts:
        arena[place : place + len(part)] = part
    return arena, table


class StreamingCQT:
    """Constant-Q magnitudes of a stream.

    Equal to `abs(librosa.cqt(y, sr=sample_rate, hop_length, fmin, n_bins, bins_per_octave, norm=2, sparsity=0))`: frame
    f is centred on sample f * hop_length, before sample 0 there is silence. Where we depart: the half-band filters are
    shorter than librosa's resampler, the kernels are applied in the time domain over their true support (together the
    sum over the bins differs by a median of 1e-5), and the filter's ringing before sample 0 is not cut off.
    Raises ValueError where `samplechop.realtime.dsp.cqt_plan.plan_cqt` does.
    """

    def __init__(
        self,
        sample_rate: float = 44_100,
        hop_length: int = 256,
        fmin_hz: float = F2_HZ,
        n_bins: int = 48,
        bins_per_octave: int = 12,
    ) -> None:
        """[main] Lay out, allocate, and compile or load from numba's cache on disk."""
        self._plan = plan_cqt(sample_rate, hop_length, fmin_hz, n_bins, bins_per_octave)
        self._run = at.compile_cqt(tuple(np.float32(tap) for tap in self._plan.taps))
        self._arena, self._table = _lay_out(self._plan)
        self._fresh = self._arena.copy(), self._table.copy()

    @property
    def latency(self) -> int:
        """Samples from a frame's centre until it is complete; a whole number of hops.

        Half the longest kernel, plus the delay of the half-band filters, rounded up to hops: for the default
        4352 + 512 samples, exactly 19 hops of 256.
        """
        return self._plan.latency_hops * self._plan.hop_length

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._arena[:], self._table[:] = self._fresh

    def push(self, block: NDArray[np.float32], out: NDArray[np.float32]) -> int:
        """[analysis] Process a block and write the magnitudes of every frame it completes. No allocation.

        block: float32, (n,), full scale ±1, any n; may be read-only. A sample that is not finite counts as 0. A block
            that is not contiguous is copied first.
        out: float32, (m, n_bins), C-contiguous, m >= n // hop_length + 1; rows from 0 on are written.
        Returns how many frames were written. Raises ValueError for other shapes, TypeError for other dtypes.
        """
        try:
            written = self._run(block, out, self._arena, self._table)
        except TypeError:
            written = self._run(*self._mended(block, out), self._arena, self._table)
        if written < 0:
            rows, n_bins = len(block) // self._plan.hop_length + 1, self._plan.n_bins
            raise ValueError(f"out must have at least {rows} rows of {n_bins} bins, got shape {out.shape}")
        return written

    @staticmethod
    def _mended(
        block: NDArray[np.float32], out: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Copy a block that is merely not contiguous; refuse everything else that the compiled function refused."""
        for name, array, ndim in (("block", block, 1), ("out", out, 2)):
            if not isinstance(array, np.ndarray) or array.dtype != np.float32:
                raise TypeError(f"{name} must be a float32 array, got {getattr(array, 'dtype', type(array).__name__)}")
            if array.ndim != ndim:
                raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
        if not (out.flags.c_contiguous and out.flags.writeable):
            raise ValueError("out must be C-contiguous and writeable")
        return np.ascontiguousarray(block), out
