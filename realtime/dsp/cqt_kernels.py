"""The compiled half of the streaming constant-Q transform: one function over one array of floats and one of integers.

In one file, because numba's cache on disk notices only changes of the file that holds the cached function.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types

LOUDEST = 1e6
"""Samples beyond this (+120 dBFS), infinities and NaN count as 0, so that no sample outlives its window."""

# All floats live in one array, the arena, and all integers in one table: each argument of a compiled function costs
# 0.1 µs per call. Row 0 of the table is the header, then one row per stream (the audio, then each decimated one), then
# one row per kernel.
HOP, LATENCY, LEVELS, OCTAVES, BINS, GAINS, SLOTS, FILLED, HEARD = range(9)
START, END, KEEP, HEAD, HISTORY, PARITY, BACK = range(7)
REAL, IMAG, FIRST, LAST = range(4)


@njit(forceinline=True)
def _take(samples, stream):
    """Copy samples and silence what is not audio. Compiled without fastmath, which would drop the test."""
    for i in range(len(samples)):
        stream[i] = samples[i] if abs(samples[i]) <= np.float32(LOUDEST) else np.float32(0)


@njit(fastmath=True, forceinline=True)
def _split(samples, even, odd):
    for i in range(len(even)):
        even[i] = samples[2 * i]
        odd[i] = samples[2 * i + 1]


@njit(fastmath=True, forceinline=True)
def _half_band(centre, side, taps, out):
    """Filter one phase of the samples (side) and add half of the other (centre): every second tap is zero."""
    pairs = len(taps)
    for m in range(len(out)):
        total = np.float32(0.5) * centre[m]
        for k in range(pairs):
            total += taps[k] * (side[m + pairs + k] + side[m + pairs - 1 - k])
        out[m] = total


@njit(fastmath=True, forceinline=True)
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


@njit(fastmath=True, forceinline=True)
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


@njit(fastmath=True, forceinline=True)
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


@njit(forceinline=True)
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

    def run(block, out, arena, table):
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
                header[HEARD] = min(header[HEARD] + 1, header[LATENCY])
                if header[HEARD] == header[LATENCY]:
                    _transform(arena, levels, kernels, header, out[written])
                    written += 1
                _advance(arena, levels, hop)
        return written

    blocks = [types.Array(types.float32, 1, "C", readonly=readonly) for readonly in (True, False)]
    rest = (types.float32[:, ::1], types.float32[::1], types.int64[:, ::1])
    return njit([types.int64(block, *rest) for block in blocks], cache=True)(run)
