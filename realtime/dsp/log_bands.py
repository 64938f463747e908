"""Log band magnitudes of a stream: a short Fourier spectrum in low single bins and logarithmic bands, by hop."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.dsp import fft
from samplechop.realtime.dsp.fft import DUE, HOP, POSITION, TOP, FramedSpectrum

LENGTH = 1024
"""Samples under the Hann window: 23 ms, short enough to part a kick from the hat after it."""
LOW_BINS = 7
"""The lowest bins after the first, 43 to 301 Hz, stand alone: a kick's and a bass note's whole range."""
LOG_BANDS = 25
HIGHEST_HZ = 16_000.0
N_BANDS = LOW_BINS + LOG_BANDS
FLOOR = np.float32(0.02)
"""Added before the logarithm. A full-scale sine reaches 256, so this is 82 dB below it."""


def band_weights(sample_rate: float) -> NDArray[np.float32]:
    """Give each band's weight of each bin: float32, (N_BANDS, bins). The bands overlap as triangles, unit in energy."""
    bins = np.arange(LENGTH // 2)
    frequency = bins * sample_rate / LENGTH
    low = np.zeros((LOW_BINS, len(bins)))
    low[np.arange(LOW_BINS), np.arange(1, LOW_BINS + 1)] = 1
    edges = np.geomspace(LOW_BINS * sample_rate / LENGTH, HIGHEST_HZ, LOG_BANDS + 2)
    rows = list(low)
    for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
        rise, fall = (frequency - left) / (centre - left), (right - frequency) / (right - centre)
        row = np.clip(np.minimum(rise, fall), 0, None)
        if not row.any():
            row[round(centre / sample_rate * LENGTH)] = 1
        rows.append(row / math.sqrt(row.sum()))
    return np.array(rows, np.float32)


@cache
def _compiled() -> Callable[..., int]:
    def run(block, out, arena, table, support):
        ring, window, turns, work, rest = fft.compiled_parts(arena, LENGTH)
        spectrum, weights = rest[: table[TOP]], rest[LENGTH // 2 :].reshape(N_BANDS, table[TOP])
        if len(out) < len(block) // table[HOP] + 1 or out.shape[1] != N_BANDS:
            return -1
        written, i = 0, 0
        while i < len(block):
            i = fft.take(block, i, ring, table)
            if table[DUE] == 0:
                table[DUE] = table[HOP]
                position = table[POSITION]
                fft.magnitudes(ring[position : position + LENGTH], window, turns, work, spectrum)
                for band in range(N_BANDS):
                    first, last = support[band, 0], support[band, 1]
                    out[written, band] = math.log(fft.dot(spectrum[first:last], weights[band, first:last]) + FLOOR)
                written += 1
        return written

    signatures = [
        types.int64(block, types.float32[:, ::1], types.float32[::1], types.int64[::1], types.int64[:, ::1])
        for block in (types.Array(types.float32, 1, "C", readonly=readonly) for readonly in (False, True))
    ]
    return njit(signatures, cache=True)(run)


class BandSpectrum(FramedSpectrum):
    """The log band magnitudes of each frame."""

    def __init__(self, sample_rate: float = 44_100, hop_length: int = 256, fall: int = LENGTH // 2) -> None:
        """[main] Allocate and compile.

        fall: samples in which the window falls from its top to nothing. The shorter, the more the newest samples count:
        they are all that is known of an attack that must be decided soon.
        """
        if not 1 <= fall < LENGTH:
            raise ValueError(f"fall must be in 1..{LENGTH - 1}, got {fall}")
        weights = band_weights(sample_rate)
        used = [np.flatnonzero(row) for row in weights]
        self._support = np.array([(bins[0], bins[-1] + 1) for bins in used], np.int64)
        top = int(self._support.max())
        super().__init__(LENGTH, hop_length, top, LENGTH // 2 + N_BANDS * top)
        self._run = _compiled()
        self._rest[LENGTH // 2 :].reshape(N_BANDS, top)[:] = weights[:, :top]
        rise = LENGTH - fall
        self._window[:] = np.concatenate([np.hanning(2 * rise + 1)[:rise], np.hanning(2 * fall + 1)[fall:-1]])
        self.reset()

    def push(self, block: NDArray[np.float32], out: NDArray[np.float32]) -> int:
        """[analysis] Process a block and write the log magnitudes of every frame it completes. No allocation.

        block: float32, (n,), C-contiguous. out: float32, (m, N_BANDS), C-contiguous, m >= n // hop_length + 1.
        Returns how many frames were written. Raises ValueError for other shapes, TypeError for other dtypes.
        """
        written = self._run(block, out, self._arena, self._table, self._support)
        if written < 0:
            rows = len(block) // self.hop_length + 1
            raise ValueError(f"out must have at least {rows} rows of {N_BANDS} bands, got shape {out.shape}")
        return written
