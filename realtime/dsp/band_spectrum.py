"""Log magnitudes of bands over the frames of a stream, several frames side by side.

Frames lie beside each other while they are transformed, and samples before that: those at the same place of several
hops. No operation is reordered or fused (no fastmath): a frame has the same bits alone and among others, however blocks
are cut.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.dsp.batched_fft import HALF, LENGTH, first_pass, magnitudes, middle_pass
from samplechop.realtime.dsp.fft import BLOCK, LOUDEST, aligned_zeros, twiddles
from samplechop.realtime.dsp.logarithm import logarithms
from samplechop.realtime.dsp.registers import LANES as SIDE
from samplechop.realtime.dsp.transposition import transpose

LOW_BINS = 7
"""The lowest bins after the first, 43 to 301 Hz, stand alone: a kick's and a bass note's whole range."""
LOG_BANDS = 25
HIGHEST_HZ = 16_000.0
N_BANDS = LOW_BINS + LOG_BANDS
FLOOR = np.float32(0.02)
"""Added before the logarithm. A full-scale sine reaches 256, so this is 82 dB below it."""
LANES = 16
"""Frames that are transformed side by side."""
_APART = 256
"""Numbers between real and imaginary parts: else eight of them, read together, would share eight places of a cache."""
_WORK = 4 * (HALF * LANES + _APART)
_HOP, _FILLED, _TOP, _PLACES = range(4)
"""The state of a stream; from _PLACES on, of each sample of a frame, where in the line it lies."""


def band_weights(
    sample_rate: float, low_bins: int = LOW_BINS, log_bands: int = LOG_BANDS, highest: float = HIGHEST_HZ
) -> NDArray[np.float32]:
    """Give each band's weight of each bin: float32, (low_bins + log_bands, bins).

    The lowest bins after the first stand alone; above them, up to `highest` Hz, bands that are equally wide in octaves
    overlap as triangles, unit in energy.
    """
    bins = np.arange(HALF)
    frequency = bins * sample_rate / LENGTH
    low = np.zeros((low_bins, len(bins)))
    low[np.arange(low_bins), np.arange(1, low_bins + 1)] = 1
    edges = np.geomspace(low_bins * sample_rate / LENGTH, highest, log_bands + 2)
    rows = list(low)
    for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
        rise, fall = (frequency - left) / (centre - left), (right - frequency) / (right - centre)
        row = np.clip(np.minimum(rise, fall), 0, None)
        if not row.any():
            row[round(centre / sample_rate * LENGTH)] = 1
        rows.append(row / math.sqrt(row.sum()))
    return np.array(rows, np.float32)


# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64
_I = np.int64  # of a literal number it would make a version of its own


@inner()
def _take(block, first, count, filled, hop, across, along, line):
    """Lay samples into the line behind those that fill it."""
    while count > 0:
        column, row = filled // hop, filled % hop
        at, n = column * across + row * along, min(count, hop - row)
        if across == 1 and row == hop % SIDE == 0 and count >= SIDE * hop:  # hops that lie side by side
            n = SIDE * hop
            for i in range(0, hop, SIDE):
                transpose(block, first + i, hop, line, at + i * along, along, None, 0, LOUDEST)
        else:
            for i in range(n):
                sample = block[_U(first + i)]
                line[_U(at + i * along)] = sample if abs(sample) <= LOUDEST else np.float32(0)
        first, filled, count = first + n, filled + n, count - n


@inner()
def _move(columns, hops, hop, across, along, line):
    """Move columns of the line so many hops to its beginning."""
    for column in range(columns):
        to = column * across
        for row in range(hop):
            line[_U(to + row * along)] = line[_U(to + hops * across + row * along)]


@apart()
def _band(loudness, weights, first, last, lanes, sums):
    """Sum the weighted bins first..last - 1 of each frame, and add the floor."""
    for lane in range(lanes):
        sums[lane] = np.float32(0)
    for k in range(first, last):
        weight, at = weights[k], _U(k * lanes)
        for lane in range(lanes):
            sums[_U(lane)] += loudness[at + _U(lane)] * weight
    for lane in range(lanes):
        sums[lane] += FLOOR


@inner()
def _frames(line, places, lanes, count, window, table, work, weights, support, top, out):
    """Write the log bands of `count` frames, which begin in the line's first column and those after it; at most as many
    as there are lanes.
    """
    size, step = HALF * lanes, HALF * lanes + _APART
    xr, xi, yr, yi = work[:size], work[step : step + size], work[2 * step : 2 * step + size], work[3 * step :]
    first_pass(line, places, lanes, window, yr, yi, table)
    middle_pass(yr, yi, xr, xi, _I(32), 4 * lanes, table, _I(8))
    middle_pass(xr, xi, yr, yi, _I(8), 16 * lanes, table, _I(32))
    middle_pass(yr, yi, xr, xi, _I(2), 64 * lanes, table, _I(128))
    loudness, sums = yr, yi
    magnitudes(xr, xi, lanes, table, top, loudness)
    bands = len(support)
    for band in range(bands):
        _band(loudness, weights[band], support[band, 0], support[band, 1], lanes, sums[band * lanes :])
    logarithms(sums, bands * lanes)
    for lane in range(count):
        for band in range(bands):
            out[lane, band] = sums[_U(band * lanes + lane)]


def _parts(arena, n_bands, top, hop):
    """Cut an arena into the line of samples, window, twiddles, work and weights."""
    size = hop * ((LENGTH - 1) // hop + LANES)
    line, arena = arena[:size], arena[size:]
    window, arena = arena[:LENGTH], arena[LENGTH:]
    turns, arena = arena[: 2 * LENGTH].reshape(2, LENGTH), arena[2 * LENGTH :]
    work, arena = arena[:_WORK], arena[_WORK:]
    return line, window, turns, work, arena[: n_bands * top].reshape(n_bands, top)


_compiled_parts = inner()(_parts)


@cache
def _compiled(lanes: int = LANES) -> Callable[..., int]:
    def run(out, arena, state, support, block):
        n, hop, top, places = len(block), state[_HOP], state[_TOP], state[_PLACES:]
        line, window, turns, work, weights = _compiled_parts(arena, len(support), top, hop)
        # Frames alone lie in one piece, those side by side hop by hop.
        across, along = (hop, 1) if lanes == 1 else (1, len(line) // hop)
        if len(out) < n // hop + 1 or out.shape[1] != len(support):
            return -1
        written, taken, filled = _I(0), _I(0), state[_FILLED]
        while taken < n:
            count = min(n - taken, len(line) - filled)
            _take(block, taken, count, filled, hop, across, along, line)
            taken, filled = taken + count, filled + count
            frames = (filled - LENGTH) // hop + 1 if filled >= LENGTH else 0
            for frame in range(0, frames, lanes):
                given, rows, some = line[frame * across :], out[written + frame :], min(lanes, frames - frame)
                _frames(given, places, lanes, some, window, turns, work, weights, support, top, rows)
            written += frames
            filled -= frames * hop
            if frames:
                _move(-(-filled // hop), frames, hop, across, along, line)
        state[_FILLED] = filled
        return written

    first = types.float32[:, ::1], types.float32[::1], types.int64[::1], types.int64[:, ::1]
    return entry(types.int64(*first, BLOCK))(run)


def lanes_for(max_block_size: int, hop_length: int) -> int:
    """Give how many frames are best computed side by side in blocks of that size."""
    return LANES if max_block_size >= LANES * hop_length else 1


class BandSpectrum:
    """The log band magnitudes of each frame.

    Frame f is centred on sample f * hop_length; before sample 0 there is silence. However blocks are cut, the frames
    are equal to the last bit. latency: samples from a frame's centre until it is complete: half the window.
    """

    latency = LENGTH // 2

    def __init__(
        self,
        sample_rate: float = 44_100,
        hop_length: int = 256,
        fall: int = LENGTH // 2,
        weights: NDArray[np.float32] | None = None,
        lanes: int = LANES,
    ) -> None:
        """[main] Allocate and compile.

        hop_length: samples from one frame to the next. weights: of the bands, as `band_weights` gives them; None for
        its own.
        fall: samples in which the window falls from its top to nothing. The shorter, the more the newest samples count:
        they are all that is known of an attack that must be decided soon.
        lanes: frames that are computed side by side, LANES or 1; see `lanes_for`.
        """
        if not 1 <= hop_length <= LENGTH:
            raise ValueError(f"hop_length must be in 1..{LENGTH}, got {hop_length}")
        if not 1 <= fall < LENGTH:
            raise ValueError(f"fall must be in 1..{LENGTH - 1}, got {fall}")
        self.hop_length = hop_length
        given = band_weights(sample_rate) if weights is None else weights
        used = [np.flatnonzero(row) for row in given]
        self._support = np.array([(bins[0], bins[-1] + 1) for bins in used], np.int64)
        top = int(self._support.max())
        columns = (LENGTH - 1) // hop_length + LANES
        hop, row = np.divmod(np.arange(LENGTH), hop_length)
        places = np.arange(LENGTH) if lanes == 1 else row * columns + hop
        self._state = np.array([hop_length, 0, top, *places], np.int64)
        size = hop_length * columns + 3 * LENGTH + _WORK + len(given) * top
        self._arena = aligned_zeros(size)
        self._line, window, turns, _, weights = _parts(self._arena, len(given), top, hop_length)
        turns[:], weights[:] = twiddles(LENGTH), given[:, :top]
        rise = LENGTH - fall
        window[:] = np.concatenate([np.hanning(2 * rise + 1)[:rise], np.hanning(2 * fall + 1)[fall:-1]])
        self._run = _compiled(lanes)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._line.fill(0)
        self._state[_FILLED] = self.latency

    def into(self, out: NDArray[np.float32]) -> Callable[[NDArray[np.float32]], int]:
        """[main] Give `push` for blocks of a bus, into an array that has room for any of them: nothing is checked."""
        return bound(self._run, out, self._arena, self._state, self._support)

    def push(self, block: NDArray[np.float32], out: NDArray[np.float32]) -> int:
        """[analysis] Process a block and write the log magnitudes of every frame it completes. No allocation.

        block: float32, (n,), C-contiguous. out: float32, (m, bands), C-contiguous, m >= n // hop_length + 1.
        Returns how many frames were written. Raises ValueError for other shapes, TypeError for other dtypes.
        """
        written: int = self._run(out, self._arena, self._state, self._support, block)
        if written < 0:
            rows = len(block) // self.hop_length + 1
            raise ValueError(f"out must have at least {rows} rows of {len(self._support)} bands, got shape {out.shape}")
        return written
