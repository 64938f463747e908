"""A stream at one sample rate becomes one at another, sample by sample and less than a millisecond late.

A windowed sinc, one set of weights for each place that a sample of the output may have between two of the input (a
polyphase filter; Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample). The streams of soxr are sharper
but come in bursts, 19 ms late from 48 kHz to 44.1 kHz, and a drum is to be emitted within 25 ms.
"""

import math
from collections.abc import Callable
from functools import cache
from math import gcd

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry

ZEROS = 16
"""Samples of the lower rate on either side that a sample of the output is made of."""
PASSED = 0.46
"""Of the lower rate: where the filter has halved, with what is 0.4 of it whole and 0.52 gone."""
_BETA = 5.65  # Kaiser's window, 60 dB
_MOST_PHASES = 4_096  # of rates with no common divisor the nearest place is taken, 80 dB below the sound


@cache
def _compiled() -> Callable[..., int]:
    return entry(_SIGNATURE, fastmath=True)(_resample)


def _resample(buffer, filled, weights, step, whole, phases, place, out):
    # place: where the next one stands between the buffer's samples, and how many of these are left.
    count, taps, written = len(weights), weights.shape[1], 0
    first, phase = 0, place[0]
    while first + taps <= filled:
        row = weights[phase * count // phases]
        total = np.float32(0)
        for k in range(taps):
            total += row[k] * buffer[first + k]
        out[written] = total
        written += 1
        first += whole
        phase += step
        if phase >= phases:
            phase -= phases
            first += 1
    kept = filled - first
    for k in range(kept):
        buffer[k] = buffer[first + k]
    place[0], place[1] = phase, kept
    return written


_row, _number = types.float32[::1], types.int64
_SIGNATURE = _number(_row, _number, types.float32[:, ::1], _number, _number, _number, types.int64[::1], _row)


class Resampler:
    """Turns float32 samples at `rate` Hz into samples at `wanted` Hz; sample 0 of both is the same moment.

    Results do not depend on how the stream is cut into blocks. delay: samples of the output, rounded up, that the
    output may lag behind the input. Raises ValueError for rates and blocks below 1.
    """

    def __init__(self, rate: int, wanted: int, max_block_size: int) -> None:
        """[main] Compile, and make the filter for blocks of up to max_block_size samples."""
        if min(rate, wanted, max_block_size) < 1:
            raise ValueError(f"rates and block must be at least 1, got {rate}, {wanted} and {max_block_size}")
        common = gcd(rate, wanted)
        step, self._phases = rate // common, wanted // common
        self._whole, self._step = divmod(step, self._phases)
        wide = max(1.0, rate / wanted)
        self._half = half = math.ceil(ZEROS * wide)
        self.delay = math.ceil(half * wanted / rate)
        self._weights = _weights(min(self._phases, _MOST_PHASES), half, wide)
        self._buffer = np.zeros(2 * half + max_block_size, np.float32)
        self._out = np.zeros(max_block_size * wanted // rate + 1, np.float32)
        self._place = np.zeros(2, np.int64)
        self._max_block_size = max_block_size
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: the next sample is sample 0."""
        self._buffer.fill(0)
        self._place[:] = 0, self._half - 1

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process samples, float32 (n,); give those that are complete, a view until the next push."""
        if len(block) > self._max_block_size:
            raise ValueError(f"a block may have {self._max_block_size} samples, got {len(block)}")
        end = int(self._place[1]) + len(block)
        self._buffer[end - len(block) : end] = block
        ratio = self._step, self._whole, self._phases
        written = self._run(self._buffer, end, self._weights, *ratio, self._place, self._out)
        return self._out[:written]


def _weights(phases: int, half: int, wide: float) -> NDArray[np.float32]:
    """Give the weights of each phase, float32 (phases, 2 * half); they sum to 1."""
    places = np.arange(1 - half, half + 1) - np.arange(phases)[:, None] / phases
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (places / half) ** 2, 0, 1)))
    weights = np.sinc(2 * PASSED / wide * places) * window
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
