"""The features of the harmony net: every hop a frame of a constant-Q spectrum, in decibels below its loudest bin.

After J. Brown and M. Puckette, "An efficient algorithm for the calculation of a constant Q transform" (JASA 1992): one
Fourier transform per frame, times the kernels' spectra, which are sparse. Departing from it, the kernels end where the
window ends (186 ms), so that the lowest two octaves have less resolution but no more latency, and each kernel is
centred on the frame, which makes its spectrum real.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.dsp import fft
from samplechop.realtime.dsp.fft import DUE, HOP, LENGTH, POSITION, TOP, FramedSpectrum

KINDS = ("cqt", "spectrum")
WINDOW_SECONDS = 8192 / 44_100
FMIN_HZ = 440 * 2 ** (-33 / 12)
"""C2. Each semitone has three bins, the middle one at its equal-tempered frequency."""
BINS_PER_OCTAVE = 36
N_BINS = 7 * BINS_PER_OCTAVE
SPECTRUM_BINS = 1024
"""Bins of the plain spectrum, for comparison: up to 5.5 kHz."""
FLOOR_DB = 60.0
HIGH_PASS_HZ = 300.0
"""Below it bins count less, by 6 dB per octave, as for the ear: else a kick or a bass would push all else down."""
SILENCE = 1e-7
"""Magnitude, of a full-scale sine's 0.5, up to which a frame's loudest bin counts as nothing: -134 dB."""

_SMALLEST = 1e-3  # of a kernel's largest value: what lies below is left out


def frequencies() -> NDArray[np.float64]:
    """Give the frequency of each constant-Q bin, Hz, (N_BINS,)."""
    return FMIN_HZ * 2 ** ((np.arange(N_BINS) - 1) / BINS_PER_OCTAVE)


def weights_of(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how much frequencies in Hz count, 0..1: a high-pass of first order at HIGH_PASS_HZ."""
    return np.asarray(frequency / np.hypot(frequency, HIGH_PASS_HZ))


@cache
def kernels(sample_rate: float, length: int) -> tuple[tuple[int, NDArray[np.float32]], ...]:
    """Give each bin's kernel as (first bin of the spectrum, weights), for a frame of `length` samples; to be read only.

    A Hann window around the frame's centre, as long as the bin's Q demands but not longer than the frame, times its
    frequency, scaled so that a sine of amplitude 1 gives 0.5.
    """
    q = 1 / (2 ** (1 / BINS_PER_OCTAVE) - 1)
    times = np.arange(length) - length // 2
    found = []
    for frequency in frequencies():
        size = min(q * sample_rate / frequency, length)
        inside = times[np.abs(times) < size / 2]
        window = np.zeros(length)
        window[inside + length // 2] = 0.5 + 0.5 * np.cos(2 * np.pi * inside / size)
        # The centre comes first, so that the spectrum is real; every second bin's sign brings it back.
        kernel = np.zeros(length, np.complex128)
        turning = np.exp(2j * np.pi * frequency / sample_rate * inside)
        kernel[inside] = window[inside + length // 2] / window.sum() * turning
        spectrum = np.fft.fft(kernel).real[: length // 2] / length
        spectrum[1::2] *= -1
        used = np.flatnonzero(np.abs(spectrum) > _SMALLEST * np.abs(spectrum).max())
        found.append((int(used[0]), spectrum[used[0] : used[-1] + 1].astype(np.float32)))
    return tuple(found)


def _parts(rest, top, n_bins):
    """Cut the rest of the arena into real and imaginary parts, magnitudes, bins' weights, kernels."""
    real, imag, rest = rest[:top], rest[top : 2 * top], rest[2 * top :]
    return real, imag, rest[:n_bins], rest[n_bins : 2 * n_bins], rest[2 * n_bins :]


_compiled_parts = inner()(_parts)


@inner()
def _relative(magnitude, out):
    """Write 1 for the loudest bin down to 0 for all that lies FLOOR_DB below it."""
    loudest = np.float32(0)
    for value in magnitude:
        loudest = max(loudest, value)
    if loudest < SILENCE:
        out[:] = 0
        return
    scale = np.float32(20 / FLOOR_DB)
    for k in range(len(out)):
        out[k] = max(np.float32(0), np.float32(1) + scale * np.float32(math.log10(max(magnitude[k] / loudest, 1e-9))))


@cache
def _compiled(is_constant_q: bool = True) -> Callable[..., int]:
    """[main] Compile one kind or the other: numba leaves out what a constant excludes, a transform of its own."""

    def run(block, out, levels, arena, table, support):
        length, n_bins = table[LENGTH], len(support)
        ring, window, turns, work, rest = fft.compiled_parts(arena, length)
        real, imag, magnitude, counts, weights = _compiled_parts(rest, table[TOP], out.shape[1])
        written, i = 0, np.int64(0)
        while i < len(block):
            i = fft.take(block, i, ring, table)
            if table[DUE] == 0:
                table[DUE] = table[HOP]
                position = table[POSITION]
                frame = ring[position : position + length]
                power = fft.dot(frame, frame) / np.float32(length)
                levels[written] = 10 * math.log10(max(power, 1e-20))
                if is_constant_q:
                    fft.spectrum(frame, window, turns, work, real, imag)
                    for k in range(n_bins):
                        first, last, at = support[k, 0], support[k, 1], support[k, 2]
                        kernel = weights[at : at + last - first]
                        r, q = fft.dot(real[first:last], kernel), fft.dot(imag[first:last], kernel)
                        magnitude[k] = math.sqrt(r * r + q * q)
                else:
                    fft.magnitudes(frame, window, turns, work, magnitude)
                for k in range(len(magnitude)):
                    magnitude[k] *= counts[k]
                _relative(magnitude, out[written])
                written += 1
        return written

    rows, row = types.float32[:, ::1], types.float32[::1]
    signature = types.int64(fft.BLOCK, rows, row, row, types.int64[::1], types.int64[:, ::1])
    return entry(signature)(run)


class HarmonySpectrum(FramedSpectrum):
    """The constant-Q spectrum of each frame, and its level."""

    def __init__(
        self, max_block_size: int, sample_rate: int = 44_100, hop_length: int | None = None, kind: str = "cqt"
    ) -> None:
        """[main] Allocate and compile.

        max_block_size: most samples in one push. hop_length: samples between frames (default: a quarter of the window).
        kind: "cqt", or "spectrum" for the plain one to compare with.
        """
        length = 2 ** round(math.log2(WINDOW_SECONDS * sample_rate))
        hop = length // 4 if hop_length is None else hop_length
        if max_block_size < 1:
            raise ValueError(f"max_block_size must be at least 1, got {max_block_size}")
        if sample_rate < 17_000:
            raise ValueError(
                f"sample_rate must be at least 17000 Hz, as the highest bin is at 8.3 kHz, got {sample_rate}"
            )
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
        found = kernels(sample_rate, length) if kind == "cqt" else ()
        self.n_bins = N_BINS if found else SPECTRUM_BINS
        starts = np.cumsum([0, *(len(weights) for _, weights in found)])
        self._support = np.array(
            [(first, first + len(w), at) for (first, w), at in zip(found, starts, strict=False)], np.int64
        ).reshape(-1, 3)
        top = int(self._support[:, 1].max(initial=0))
        super().__init__(length, hop, top, 2 * top + 2 * self.n_bins + int(starts[-1]))
        self._run = _compiled(kind == "cqt")
        *_, counts, weights = _parts(self._rest, top, self.n_bins)
        counts[:] = weights_of(frequencies() if found else np.arange(self.n_bins) * sample_rate / length)
        self._window[:] = 1 if found else np.hanning(length + 1)[:-1] / (length / 2)
        if found:
            weights[:] = np.concatenate([w for _, w in found])
        most = max_block_size // hop + 1
        self._out: NDArray[np.float32] = np.zeros((most, self.n_bins), np.float32)
        self._levels: NDArray[np.float32] = np.zeros(most, np.float32)
        self._max_block_size, self._written = max_block_size, 0
        self.reset()

    @property
    def levels(self) -> NDArray[np.float32]:
        """RMS of each frame of the last push, dBFS (a full-scale sine has -3): float32, (m,), a view."""
        return self._levels[: self._written]

    def reset(self) -> None:
        """[analysis] Become as new."""
        super().reset()
        self._written = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block and give every frame it completes. No allocation.

        block: float32, (n,), C-contiguous, n <= max_block_size. Returns float32, (m, n_bins), in 0..1, all 0 where
        there is nothing: a view that the next push overwrites. Raises ValueError for a longer block, TypeError for
        other dtypes.
        """
        if len(block) > self._max_block_size:
            raise ValueError(f"a block must have at most {self._max_block_size} samples, got {len(block)}")
        self._written = self._run(block, self._out, self._levels, self._arena, self._table, self._support)
        return self._out[: self._written]
