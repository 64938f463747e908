"""The features of the streaming nets: log band magnitudes, less their running mean, and constant-Q sums beside them.

A mean over the last 1.5 s is taken from each feature, so that the level of a record does not matter.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.dsp.band_spectrum import N_BANDS, BandSpectrum, lanes_for
from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.dsp.delay_line import Ring

HOP_LENGTH = 256
STACK = 2
"""Hops in one frame of the chop net."""
OCTAVES = 4
N_BINS = 48
PER_HOP = N_BANDS + OCTAVES + 1
N_FEATURES = STACK * PER_HOP
N_DRUM_FEATURES = N_BANDS
DRUM_FALL = 128
"""Samples in which the window falls: 3 ms, so that it takes in as much of an attack as a symmetric one 5 ms later."""
MEAN_SECONDS = 1.5
SCALE = np.float32(1 / 1.2)

REMEMBERED = 1280
"""Hops whose constant-Q magnitudes are remembered: 7.4 s, for who follows chords and bars."""
CQT_FLOOR = np.float32(0.003)
"""Added to constant-Q magnitudes and their means before the logarithm."""
_FRAME, _FIRST = range(2)


def share_of(hop_length: int, sample_rate: float) -> np.float32:
    """Give what one frame counts in the running mean."""
    return np.float32(hop_length / sample_rate / MEAN_SECONDS)


@inner(inline=False)
def level(row, mean, n_before, share):
    """[analysis] Take from a row of features, float32 (n,), its mean over the last MEAN_SECONDS, and move the mean on.

    mean: float32 (n,). n_before: frames before this one. share: of one frame. Until it is MEAN_SECONDS long, the mean
    counts all frames alike.
    """
    weight = max(share, np.float32(1) / np.float32(n_before + 1))
    for k in range(len(row)):
        mean[k] += weight * (row[k] - mean[k])
        row[k] = (row[k] - mean[k]) * SCALE


@cache
def _compile_stack() -> Callable[..., int]:
    def run(spectra, n_spectra, constant_q, n_frames, out, waiting, state, table, share):
        # Fourier frames wait in a line until the constant-Q frame of the same hop is there.
        # No rows are assigned: for the error of rows that do not fit, numba compiles for seconds.
        queued = table[_FIRST]
        for i in range(n_spectra):
            for k in range(N_BANDS):
                waiting[queued + i, k] = spectra[i, k]
        queued += n_spectra
        written = 0
        mean, pending, hop = state[0], state[1], state[2]
        for i in range(n_frames):
            frame = table[_FRAME]
            for k in range(N_BANDS):
                hop[k] = waiting[i, k]
            total = np.float32(0)
            for octave in range(OCTAVES):
                summed = np.float32(0)
                for magnitude in constant_q[i, octave * 12 : octave * 12 + 12]:
                    summed += magnitude
                hop[N_BANDS + octave] = np.log(summed / np.float32(12) + CQT_FLOOR)
                total += summed
            hop[N_BANDS + OCTAVES] = np.log(total / np.float32(N_BINS) + CQT_FLOOR)
            level(hop, mean, frame, share)
            if frame % STACK == 0:
                for k in range(PER_HOP):
                    pending[k] = hop[k]
            else:
                for k in range(PER_HOP):
                    out[written, k] = pending[k]
                    out[written, PER_HOP + k] = hop[k]
                written += 1
            table[_FRAME] = frame + 1
        for i in range(queued - n_frames):
            for k in range(N_BANDS):
                waiting[i, k] = waiting[n_frames + i, k]
        table[_FIRST] = queued - n_frames
        return written

    rows = types.float32[:, ::1]
    signature = types.int64(rows, types.int64, rows, types.int64, rows, rows, rows, types.int64[::1], types.float32)
    return entry(signature)(run)


class FeatureStream:
    """Feature frames of a stream: frame g stands for the hops 2g and 2g + 1, centred on sample (2g + 1) * HOP_LENGTH.

    Of each hop: N_BANDS log magnitudes (`BandSpectrum`), the log sums of the four constant-Q octaves from F2 up, and
    the log of the classic sum over all 48 bins. constant_q: the magnitudes of the last block, in its first
    `n_constant_q` rows.
    """

    def __init__(self, max_block_size: int, sample_rate: int = 44_100) -> None:
        """[main] Allocate and compile. max_block_size: most samples in one push."""
        self._bands = BandSpectrum(sample_rate, HOP_LENGTH, lanes=lanes_for(max_block_size, HOP_LENGTH))
        self._cqt = StreamingCQT(sample_rate, HOP_LENGTH, n_bins=N_BINS)
        self.latency = self._cqt.latency
        """Samples from a frame's centre until it is complete."""
        most = max_block_size // HOP_LENGTH + 1
        self._spectra: NDArray[np.float32] = np.zeros((most, N_BANDS), np.float32)
        self.constant_q: NDArray[np.float32] = np.zeros((most, N_BINS), np.float32)
        lead = (self.latency - self._bands.latency) // HOP_LENGTH + 1
        self._waiting: NDArray[np.float32] = np.zeros((lead + 2 * most, N_BANDS), np.float32)
        self._state: NDArray[np.float32] = np.zeros((3, PER_HOP), np.float32)
        self._table = np.zeros(2, np.int64)
        self._rows: NDArray[np.float32] = np.zeros((most, N_FEATURES), np.float32)
        self._share = share_of(HOP_LENGTH, sample_rate)
        self.harmony = Ring(N_BINS, REMEMBERED + 2 * most)
        """The constant-Q magnitudes of so many hops."""
        self._run = _compile_stack()
        self.n_constant_q = 0

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._bands.reset()
        self._cqt.reset()
        self._state.fill(0)
        self._table.fill(0)
        self.harmony.reset()
        self.n_constant_q = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the frames it completes.

        Returns float32, (m, N_FEATURES): a view, valid until the next push.
        """
        n_spectra = self._bands.push(block, self._spectra)
        self.n_constant_q = n = self._cqt.push(block, self.constant_q)
        self.harmony.push(self.constant_q[:n])
        read = self._spectra, n_spectra, self.constant_q, n
        written = self._run(*read, self._rows, self._waiting, self._state, self._table, self._share)
        return self._rows[:written]


@cache
def _compile_levels() -> Callable[..., None]:
    def run(rows, n, mean, frames, share):
        for i in range(n):
            level(rows[i], mean, frames[0], share)
            frames[0] += 1

    signature = types.void(types.float32[:, ::1], types.int64, types.float32[::1], types.int64[::1], types.float32)
    return entry(signature)(run)


class DrumFeatureStream:
    """Feature frames of a stream: the window of frame f is centred on sample f * HOP_LENGTH, and falls off quickly.

    N_BANDS log magnitudes (`BandSpectrum`). No constant-Q sums: they would need 110 ms of what follows.
    """

    def __init__(self, max_block_size: int, sample_rate: int = 44_100) -> None:
        """[main] Allocate and compile. max_block_size: most samples in one push."""
        self._bands = BandSpectrum(sample_rate, HOP_LENGTH, DRUM_FALL, lanes=lanes_for(max_block_size, HOP_LENGTH))
        self.latency = self._bands.latency
        """Samples from a frame's centre until it is complete."""
        self._rows: NDArray[np.float32] = np.zeros((max_block_size // HOP_LENGTH + 1, N_DRUM_FEATURES), np.float32)
        self._mean: NDArray[np.float32] = np.zeros(N_DRUM_FEATURES, np.float32)
        self._frames = np.zeros(1, np.int64)
        self._share = share_of(HOP_LENGTH, sample_rate)
        self._run = _compile_levels()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._bands.reset()
        self._mean.fill(0)
        self._frames.fill(0)

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the frames it completes.

        Returns float32, (m, N_DRUM_FEATURES): a view, valid until the next push.
        """
        written = self._bands.push(block, self._rows)
        self._run(self._rows, written, self._mean, self._frames, self._share)
        return self._rows[:written]
