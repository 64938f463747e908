"""Streaming constant-Q transform: `librosa.cqt` as the audio arrives, equal for every way of cutting it into blocks.

The compiled functions stand in one file: numba's cache on disk notices only changes of the file of the cached one.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.dsp.cqt_plan import CQTPlan, plan_cqt
from samplechop.realtime.dsp.fft import BLOCK, LOUDEST, aligned_zeros

# All floats live in one array, the arena, and all integers in one table: each argument of a compiled function costs
# 0.1 µs per call. Row 0 of the table is the header, then one row per stream (the audio, then each decimated one), then
# one row per kernel.
HOP, LATENCY, LEVELS, OCTAVES, BINS, GAINS, SLOTS, FILLED, HOPS = range(9)
START, END, KEEP, HEAD, HISTORY, PARITY, BACK = range(7)
REAL, IMAG, FIRST, LAST = range(4)


@inner()
def _take(samples, stream):
    """Copy samples and silence what is not audio. Compiled without fastmath, which would drop the test."""
    for i in range(len(samples)):
        stream[i] = samples[i] if abs(samples[i]) <= LOUDEST else np.float32(0)


@apart(True)
def _split(samples, even, odd):
    for i in range(len(even)):
        k = np.uint64(i)
        even[k] = samples[k + k]
        odd[k] = samples[k + k + np.uint64(1)]


@apart(True)
def _half_band(centre, side, taps, out):
    """Filter one phase of the samples (side) and add half of the other (centre): every second tap is zero."""
    pairs = len(taps)
    for m in range(len(out)):
        total = np.float32(0.5) * centre[m]
        for k in range(pairs):
            total += taps[k] * (side[m + pairs + k] + side[m + pairs - 1 - k])
        out[m] = total


@inner(True)
def _decimate(arena, levels, level, n, taps):
    """Halve the rate of the newest 2 n samples of the level above.

    HISTORY is the place of the even samples, `history` old ones and n new ones; the odd ones follow.
    """
    pairs = len(taps)
    history = 2 * pairs - 1
    above, head, even = levels[level - 1, HEAD], levels[level, HEAD], levels[level, HISTORY]
    odd = even + history + n
    end = odd + history + n
    _split(arena[above : above + 2 * n], arena[even + history : odd], arena[odd + history : end])
    if levels[level, PARITY] == 0:
        _half_band(arena[even + pairs : odd], arena[odd:end], taps, arena[head : head + n])
    else:
        _half_band(arena[odd + pairs - 1 : end], arena[even:odd], taps, arena[head : head + n])
    for i in range(history):
        arena[even + i] = arena[even + n + i]
        arena[odd + i] = arena[odd + n + i]


@inner(True)
def _powers(real, imag, a, b, c, d):
    """Correlate a kernel with the windows of four octaves, sharing its loads; return the squared magnitudes."""
    ar = ai = br = bi = cr = ci = dr = di = np.float32(0)
    for n in range(len(real)):
        x, y = real[n], imag[n]
        ar += x * a[n]
        ai += y * a[n]
        br += x * b[n]
        bi += y * b[n]
        cr += x * c[n]
        ci += y * c[n]
        dr += x * d[n]
        di += y * d[n]
    return ar * ar + ai * ai, br * br + bi * bi, cr * cr + ci * ci, dr * dr + di * di


@inner(True)
def _transform(arena, levels, kernels, header, magnitudes):
    """Write the magnitudes of one frame, four octaves at a time.

    Where octaves or the lowest octave's bins run out, the lowest stream stands in and its result is dropped: that is
    quicker than a second loop, and changes nothing.
    """
    lowest, rows, n_octaves = len(levels) - 1, len(kernels), header[OCTAVES]
    n_slots = (n_octaves + 3) // 4 * 4
    slots = arena[header[SLOTS] : header[SLOTS] + n_slots * rows]
    for octave in range(0, n_octaves, 4):
        level = lowest + 1 - n_octaves + octave
        a = levels[level, HEAD] - levels[level, BACK]
        level = min(level + 1, lowest)
        b = levels[level, HEAD] - levels[level, BACK]
        level = min(level + 1, lowest)
        c = levels[level, HEAD] - levels[level, BACK]
        level = min(level + 1, lowest)
        d = levels[level, HEAD] - levels[level, BACK]
        slot = (n_slots - 1 - octave) * rows
        for row in range(rows):
            first, last = kernels[row, FIRST], kernels[row, LAST]
            real, imag = kernels[row, REAL], kernels[row, IMAG]
            e, f, g, h = _powers(
                arena[real : real + last - first],
                arena[imag : imag + last - first],
                arena[a + first : a + last],
                arena[b + first : b + last],
                arena[c + first : c + last],
                arena[d + first : d + last],
            )
            slots[slot + row] = e
            slots[slot + row - rows] = f
            slots[slot + row - 2 * rows] = g
            slots[slot + row - 3 * rows] = h
    n_bins = len(magnitudes)
    powers, gains = slots[len(slots) - n_bins :], arena[header[GAINS] : header[GAINS] + n_bins]
    for k in range(n_bins):
        magnitudes[k] = math.sqrt(gains[k] * powers[k])


@inner()
def _advance(arena, levels, hop):
    """Move every head past the newest samples; where the next hop would not fit, move what is still needed back."""
    n = hop
    for level in range(len(levels)):
        head = levels[level, HEAD] + n
        if head + n > levels[level, END]:
            start, keep = levels[level, START], levels[level, KEEP]
            for i in range(keep):
                arena[start + i] = arena[head - keep + i]
            head = start + keep
        levels[level, HEAD] = head
        n //= 2


@cache
def compile_cqt(taps: tuple[np.float32, ...]) -> Callable[..., int]:
    """Compile the transform with the taps of its half-band filter as constants; other settings are arguments.

    It closes over plain numbers only, because numba finds a closure in its cache on disk by their values.
    """

    def run(out, arena, table, block):
        header = table[0]
        hop = header[HOP]
        levels = table[1 : 1 + header[LEVELS]]
        kernels = table[1 + header[LEVELS] :]
        if len(out) < len(block) // hop + 1 or out.shape[1] != header[BINS]:
            return -1
        written = 0
        taken = 0
        while taken < len(block):
            filled = header[FILLED]
            n = min(hop - filled, len(block) - taken)
            head = levels[0, HEAD] + filled
            _take(block[taken : taken + n], arena[head : head + n])
            taken += n
            header[FILLED] = filled + n
            if filled + n == hop:
                header[FILLED] = 0
                for level in range(1, len(levels)):
                    _decimate(arena, levels, level, hop >> level, taps)
                header[HOPS] = min(header[HOPS] + 1, header[LATENCY])
                if header[HOPS] == header[LATENCY]:
                    _transform(arena, levels, kernels, header, out[written])
                    written += 1
                _advance(arena, levels, hop)
        return written

    return entry(types.int64(types.float32[:, ::1], types.float32[::1], types.int64[:, ::1], BLOCK))(run)


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
            row[HISTORY] = top
            row[PARITY] = plan.delays[level - 1] % 2
            top = _aligned(top + 2 * (history + n))
        if level >= plan.early:
            # From the head, before it moves past the newest hop, back to the first sample under the kernels.
            row[BACK] = row[KEEP] = (plan.latency_hops - 1) * n - plan.delays[level] - plan.first
        row[START], row[HEAD] = top, top + row[KEEP]
        row[END] = row[HEAD] + max(n, row[KEEP])
        top = _aligned(row[END] + plan.kernels.shape[1])
        n //= 2
    arena_parts = []
    for row, kernel, (first, last) in zip(
        table[1 + n_levels :], plan.kernels.reshape(n_rows, 2, -1), plan.support, strict=True
    ):
        row[FIRST], row[LAST] = first, last
        for place, part in zip((REAL, IMAG), kernel[:, first:last], strict=True):
            row[place] = top
            arena_parts.append((top, part))
            top = _aligned(top + len(part))
    gains, slots = top, _aligned(top + plan.n_bins)
    arena_parts.append((gains, plan.power_gain))
    size = slots + (plan.n_octaves + 3) // 4 * 4 * n_rows
    table[0] = (plan.hop_length, plan.latency_hops, n_levels, plan.n_octaves, plan.n_bins, gains, slots, 0, 0)
    arena = aligned_zeros(size)
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
        self._run = compile_cqt(tuple(np.float32(tap) for tap in self._plan.taps))
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

    def into(self, out: NDArray[np.float32]) -> Callable[[NDArray[np.float32]], int]:
        """[main] Give `push` for blocks of a bus, into an array that has room for any of them: nothing is checked."""
        return bound(self._run, out, self._arena, self._table)

    def push(self, block: NDArray[np.float32], out: NDArray[np.float32]) -> int:
        """[analysis] Process a block and write the magnitudes of every frame it completes. No allocation.

        block: float32, (n,), full scale ±1, any n; may be read-only. A sample that is not finite counts as 0. A block
            that is not contiguous is copied first.
        out: float32, (m, n_bins), C-contiguous, m >= n // hop_length + 1; rows from 0 on are written.
        Returns how many frames were written. Raises ValueError for other shapes, TypeError for other dtypes.
        """
        try:
            written = self._run(out, self._arena, self._table, block)
        except TypeError:
            block, out = self._mended(block, out)
            written = self._run(out, self._arena, self._table, block)
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
