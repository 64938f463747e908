"""A real Fourier transform for numba, over the frames of a stream: what the streaming spectra are made with.

Radix-4 Stockham autosort (Swarztrauber, "FFT algorithms for vector computers", 1984), so that no bit reversal is needed
and the inner loops run over neighbours. The same samples give the same bits however many frames come at a time, which a
library that transforms several rows at once does not promise.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.inner_functions import inner

LOUDEST = np.float32(1e6)
"""Samples beyond this (+120 dBFS), infinities and NaN count as silence, so that no sample outlives its window."""
BLOCK = types.Array(types.float32, 1, "C", readonly=True)
"""numba's type of a block of samples: one that may be written to is taken, too, and nothing is compiled twice."""
POSITION, DUE, HOP, LENGTH, TOP = range(5)
"""The table of a stream: place of the oldest sample in the ring, samples until the next frame is complete, samples from
one to the next, samples in one, bins of its spectrum that are used."""


def twiddles(length: int) -> NDArray[np.float32]:
    """Give cos and sin of -2πk/length for k < length, float32, (2, length)."""
    angle = -2 * np.pi * np.arange(length) / length
    return np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


@inner(True)
def _quarter(xr, xi, yr, yi, n, s, table, step):
    """One radix-4 pass over sub-transforms of length n, of which s lie side by side."""
    m = n // 4
    for p in range(m):
        w1r, w1i = table[0, p * step], table[1, p * step]
        w2r, w2i = table[0, 2 * p * step], table[1, 2 * p * step]
        w3r, w3i = table[0, 3 * p * step], table[1, 3 * p * step]
        ar, ai = xr[s * p : s * (p + 1)], xi[s * p : s * (p + 1)]
        br, bi = xr[s * (p + m) : s * (p + m + 1)], xi[s * (p + m) : s * (p + m + 1)]
        cr, ci = xr[s * (p + 2 * m) : s * (p + 2 * m + 1)], xi[s * (p + 2 * m) : s * (p + 2 * m + 1)]
        dr, di = xr[s * (p + 3 * m) : s * (p + 3 * m + 1)], xi[s * (p + 3 * m) : s * (p + 3 * m + 1)]
        outr, outi = yr[4 * s * p : 4 * s * (p + 1)], yi[4 * s * p : 4 * s * (p + 1)]
        for q in range(s):
            sum_r, sum_i = ar[q] + cr[q], ai[q] + ci[q]
            dif_r, dif_i = ar[q] - cr[q], ai[q] - ci[q]
            odd_r, odd_i = br[q] + dr[q], bi[q] + di[q]
            turn_r, turn_i = di[q] - bi[q], br[q] - dr[q]  # i (b - d)
            outr[q], outi[q] = sum_r + odd_r, sum_i + odd_i
            r, i = dif_r - turn_r, dif_i - turn_i
            outr[q + s], outi[q + s] = w1r * r - w1i * i, w1r * i + w1i * r
            r, i = sum_r - odd_r, sum_i - odd_i
            outr[q + 2 * s], outi[q + 2 * s] = w2r * r - w2i * i, w2r * i + w2i * r
            r, i = dif_r + turn_r, dif_i + turn_i
            outr[q + 3 * s], outi[q + 3 * s] = w3r * r - w3i * i, w3r * i + w3i * r


@inner(True)
def _first_quarter(xr, xi, yr, yi, table):
    """The first radix-4 pass, over one transform of len(xr): as `_quarter`, but neighbours lie along p."""
    m = len(xr) // 4
    ar, br, cr, dr = xr[:m], xr[m : 2 * m], xr[2 * m : 3 * m], xr[3 * m : 4 * m]
    ai, bi, ci, di = xi[:m], xi[m : 2 * m], xi[2 * m : 3 * m], xi[3 * m : 4 * m]
    for p in range(m):
        sum_r, sum_i = ar[p] + cr[p], ai[p] + ci[p]
        dif_r, dif_i = ar[p] - cr[p], ai[p] - ci[p]
        odd_r, odd_i = br[p] + dr[p], bi[p] + di[p]
        turn_r, turn_i = di[p] - bi[p], br[p] - dr[p]  # i (b - d)
        yr[4 * p], yi[4 * p] = sum_r + odd_r, sum_i + odd_i
        r, i, wr, wi = dif_r - turn_r, dif_i - turn_i, table[0, 2 * p], table[1, 2 * p]
        yr[4 * p + 1], yi[4 * p + 1] = wr * r - wi * i, wr * i + wi * r
        r, i, wr, wi = sum_r - odd_r, sum_i - odd_i, table[0, 4 * p], table[1, 4 * p]
        yr[4 * p + 2], yi[4 * p + 2] = wr * r - wi * i, wr * i + wi * r
        r, i, wr, wi = dif_r + turn_r, dif_i + turn_i, table[0, 6 * p], table[1, 6 * p]
        yr[4 * p + 3], yi[4 * p + 3] = wr * r - wi * i, wr * i + wi * r


@inner(True)
def _halves(frame, window, table, work):
    """Transform a windowed frame as half as many complex samples; give the real and the imaginary parts."""
    half = len(frame) // 2
    xr, xi, yr, yi = work[0], work[1], work[2], work[3]
    # Two real samples make one complex one, and the halves are separated at the end (Sorensen et al., "Real-valued
    # fast Fourier transform algorithms", 1987).
    for k in range(half):
        xr[k] = frame[2 * k] * window[2 * k]
        xi[k] = frame[2 * k + 1] * window[2 * k + 1]
    _first_quarter(xr, xi, yr, yi, table)
    xr, xi, yr, yi = yr, yi, xr, xi
    n, s = half // 4, np.int64(4)  # of a literal 4 numba would make a version of its own
    while n >= 4:
        _quarter(xr, xi, yr, yi, n, s, table, 2 * s)
        xr, xi, yr, yi = yr, yi, xr, xi
        n //= 4
        s *= 4
    if n == 2:
        for q in range(s):
            yr[q], yi[q] = xr[q] + xr[q + s], xi[q] + xi[q + s]
            yr[q + s], yi[q + s] = xr[q] - xr[q + s], xi[q] - xi[q + s]
        xr, xi = yr, yi
    return xr, xi


@inner(True)
def magnitudes(frame, window, table, work, out):
    """Write the magnitudes of the first len(out) bins of a windowed frame's spectrum.

    frame, window: float32, (length,), length a power of two from 16 on. table: `twiddles(length)`. work: float32,
    (4, length / 2). out: float32, at most length / 2 bins.
    """
    xr, xi = _halves(frame, window, table, work)
    out[0] = abs(xr[0] + xi[0])
    share, mirrored = np.float32(0.5), len(frame) // 2 - 1
    for k in range(1, len(out)):
        even_r, even_i = share * (xr[k] + xr[mirrored]), share * (xi[k] - xi[mirrored])
        odd_r, odd_i = share * (xi[k] + xi[mirrored]), share * (xr[mirrored] - xr[k])
        mirrored -= 1
        r = even_r + table[0, k] * odd_r - table[1, k] * odd_i
        i = even_i + table[0, k] * odd_i + table[1, k] * odd_r
        out[k] = np.sqrt(r * r + i * i)


@inner(True)
def spectrum(frame, window, table, work, real, imag):
    """Write the first len(real) bins of a windowed frame's spectrum; arguments as for `magnitudes`."""
    xr, xi = _halves(frame, window, table, work)
    real[0], imag[0] = xr[0] + xi[0], np.float32(0)
    share, mirrored = np.float32(0.5), len(frame) // 2 - 1
    for k in range(1, len(real)):
        even_r, even_i = share * (xr[k] + xr[mirrored]), share * (xi[k] - xi[mirrored])
        odd_r, odd_i = share * (xi[k] + xi[mirrored]), share * (xr[mirrored] - xr[k])
        mirrored -= 1
        real[k] = even_r + table[0, k] * odd_r - table[1, k] * odd_i
        imag[k] = even_i + table[0, k] * odd_i + table[1, k] * odd_r


def aligned_zeros(size: int) -> NDArray[np.float32]:
    """Give float32 zeros, (size,), that begin at a cache line.

    All arrays of a compiled loop are cut from one such piece: it chooses between ways that round differently by where
    its arrays lie.
    """
    unaligned = np.zeros(size + 16, np.float32)
    return unaligned[-unaligned.ctypes.data // 4 % 16 :][:size]


def parts(arena, length):
    """Cut an arena into ring, window, twiddles and work of frames of `length` samples, and the rest."""
    ring, arena = arena[: 2 * length], arena[2 * length :]
    window, arena = arena[:length], arena[length:]
    turns, arena = arena[: 2 * length].reshape(2, length), arena[2 * length :]
    work, arena = arena[: 2 * length].reshape(4, length // 2), arena[2 * length :]
    return ring, window, turns, work, arena


compiled_parts = inner()(parts)


@inner()
def take(block, i, ring, table):
    """Write samples of a block, from i on, into the ring up to the end of the next frame; give where they end.

    Each is written twice, a frame's length apart, so that every frame lies in one piece.
    """
    length = len(ring) // 2
    count = min(len(block) - i, table[DUE])
    position = table[POSITION]
    for j in range(count):
        sample = block[i + j]
        if not abs(sample) <= LOUDEST:
            sample = np.float32(0)
        ring[position] = sample
        ring[position + length] = sample
        position = 0 if position + 1 == length else position + 1
    table[POSITION] = position
    table[DUE] -= count
    return i + count


@inner({"reassoc", "contract"})
def dot(values, weights):
    """Give the sum of the products."""
    total = np.float32(0)
    for k in range(len(values)):
        total += values[k] * weights[k]
    return total


class FramedSpectrum:
    """Frame f is centred on sample f * hop_length; before sample 0 there is silence. However blocks are cut, the frames
    are equal to the last bit.
    """

    def __init__(self, length: int, hop_length: int, top: int, rest: int) -> None:
        """[main] Allocate for frames of `length` samples, and `rest` numbers more in the same piece."""
        if not 1 <= hop_length <= length:
            raise ValueError(f"hop_length must be in 1..{length}, got {hop_length}")
        self.hop_length = hop_length
        """Samples from one frame to the next."""
        self.latency = length // 2
        """Samples from a frame's centre until it is complete: half the window."""
        self._table = np.array([0, 0, hop_length, length, top], np.int64)
        self._arena = aligned_zeros(7 * length + rest)
        self._ring, self._window, turns, _, self._rest = parts(self._arena, length)
        turns[:] = twiddles(length)

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._ring.fill(0)
        self._table[[POSITION, DUE]] = 0, self.latency
