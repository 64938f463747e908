"""Blocks in, events out: the analysis bus and the detectors on it. Knows no device and no thread."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import soxr
from numba import njit, types
from numpy.typing import NDArray

from realtime.events import Event
from realtime.spec import ANALYSIS_RATE, Detector, Emit, ProcessSpec

_MEASURE_STEP = 16
"""Samples fed at a time when the resampler's delay is measured."""


_LARGEST = np.float32(np.finfo(np.float32).max)


@njit
def _clean(samples, out):
    # One channel's broken sample must not silence the others. No fastmath here: it would drop the test.
    n, channels = samples.shape
    source, target = samples.reshape(n * channels), out[:n].reshape(n * channels)
    for i in range(n * channels):
        target[i] = source[i] if abs(source[i]) <= _LARGEST else np.float32(0.0)


@njit(fastmath=True)
def _average(samples, n, mono, peaks):
    channels = samples.shape[1]
    scale = np.float32(1.0) / np.float32(channels)
    mono[:n] = np.float32(0.0)
    for c in range(channels):
        peak = peaks[c]
        for i in range(n):
            mono[i] += samples[i, c] * scale
            peak = max(peak, abs(samples[i, c]))
        peaks[c] = peak


def _mix(samples, clean, mono, peaks):
    _clean(samples, clean)
    _average(clean, len(samples), mono, peaks)


_blocks = [types.Array(types.float32, 2, "C", readonly=readonly) for readonly in (False, True)]
_mix = njit(
    [types.void(block, types.float32[:, ::1], types.float32[::1], types.float32[::1]) for block in _blocks],
    cache=True,
)(_mix)


def _resampler(rate: int) -> "soxr.ResampleStream":
    return soxr.ResampleStream(rate, ANALYSIS_RATE, 1, dtype="float32", quality="HQ")


def resampling_delay(rate: int) -> int:
    """Measure how far, in bus samples, a stream resampled from `rate` Hz may lag behind its input."""
    if rate == ANALYSIS_RATE:
        return 0
    stream, zeros, out, lag = _resampler(rate), np.zeros(_MEASURE_STEP, np.float32), 0, 0.0
    for fed in range(_MEASURE_STEP, rate + _MEASURE_STEP, _MEASURE_STEP):
        out += len(stream.resample_chunk(zeros))
        lag = max(lag, fed * ANALYSIS_RATE / rate - out)
    return math.ceil(lag + _MEASURE_STEP * ANALYSIS_RATE / rate)


class Engine:
    """Mixes to mono, resamples to the bus, runs every detector, and maps what they say back to the input.

    A detector that raises is switched off and named in `faults`; the others go on.

    latencies: for each detector, in samples of the input, how long after its place an event is passed on as a note;
    `latency`: the one that all share but those named in `immediate` (see Detector), or the largest if all are.
    Every event is stamped with its own. Both depend on the block size and the sample rate alone.

    Its compiled functions keep the interpreter's lock: each takes some microseconds, and getting the lock back from a
    busy thread costs a hundred times that.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        sample_rate: int,
        channels: int,
        max_block_size: int,
        block_size: int | None = None,
        together: bool = False,
    ) -> None:
        """[main] Prepare every detector for blocks of up to max_block_size samples at sample_rate Hz.

        block_size: how many samples come at a time when nothing is late; the "one block" in the latency. By default
            max_block_size.
        together: let immediate detectors wait for the slowest too, as where the sound is played that much later.
        """
        if channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}")
        self.sample_rate, self.channels, self.max_block_size = sample_rate, channels, max_block_size
        self._ratio = sample_rate / ANALYSIS_RATE
        self._delay = resampling_delay(sample_rate)
        # The resampler gives its samples in bursts: at most what it held back and the block's own.
        self._bus_block = math.ceil(max_block_size / self._ratio) + self._delay
        spec = ProcessSpec(ANALYSIS_RATE, self._bus_block if self._delay else max_block_size)
        for detector in detectors.values():
            detector.prepare(spec)
        self._bus_block = spec.max_block_size
        self.detectors = dict(detectors)
        self._active = dict(detectors)
        self.faults: dict[str, str] = {}
        own = {name: self._at_input(detector.latency, block_size) for name, detector in detectors.items()}
        prompt = {name for name, one in detectors.items() if getattr(one, "immediate", False)}
        self.immediate = frozenset() if together else frozenset(prompt)
        shared = [own[name] for name in own if name not in self.immediate] or list(own.values())
        self.latency = max(shared, default=self._at_input(self._bus_block, block_size))
        self.latencies = {name: own[name] if name in self.immediate else self.latency for name in own}
        self._clean = np.zeros((max_block_size, channels), np.float32)
        self._mono = np.zeros(max_block_size, np.float32)
        self._bus = self._mono.view()
        self._bus.flags.writeable = False  # detectors share it
        self._peaks = np.zeros(channels, np.float32)
        self.reset(0)

    def reset(self, start: int) -> None:
        """[analysis] Forget what was heard; the next block begins at absolute input position `start`."""
        self._origin = self.position = start
        self._bus_position = 0
        self._stream = _resampler(self.sample_rate) if self._delay else None
        for detector in self._active.values():
            detector.reset()

    def process(self, samples: NDArray[np.float32], emit: Emit) -> None:
        """[analysis] Hear the next samples, float32 (n, channels), n >= 1; emit events at input positions."""
        if len(samples) > self.max_block_size:
            for first in range(0, len(samples), self.max_block_size):
                self.process(samples[first : first + self.max_block_size], emit)
            return
        _mix(samples, self._clean, self._mono, self._peaks)
        self.position += len(samples)
        mono = self._bus[: len(samples)]
        if self._stream is None:
            self._hear(mono, emit)
            return
        bus: NDArray[np.float32] = self._stream.resample_chunk(mono)
        bus.flags.writeable = False
        for first in range(0, len(bus), self._bus_block):
            self._hear(bus[first : first + self._bus_block], emit)

    def flush(self, emit: Emit) -> None:
        """[analysis] Let the last events out by hearing silence for as long as they can be late. Ends the stretch."""
        end = self.position
        silence = np.zeros((max([self.latency, *self.latencies.values()]), self.channels), np.float32)
        self.process(silence, lambda event: emit(event) if event.sample < end else None)
        self.position = end

    def take_peaks(self) -> tuple[float, ...]:
        """[main] Give the largest magnitude of each channel since the last call."""
        peaks = tuple(float(p) for p in self._peaks)
        self._peaks[:] = 0.0
        return peaks

    def _at_input(self, latency: int, block_size: int | None) -> int:
        """Turn a detector's latency into samples of the input: resampled, and waiting for a block of the device's."""
        waited = math.ceil((latency - self._bus_block + self._delay) * self._ratio)
        return waited + (block_size or self.max_block_size)

    def _hear(self, block: NDArray[np.float32], emit: Emit) -> None:
        for name, detector in self._active.items():
            try:
                detector.process(block, self._bus_position, partial(self._emit, emit, self.latencies[name]))
            except Exception as error:  # whatever a detector does wrong, the others must go on
                self.faults[name] = f"{type(error).__name__}: {error}"
        self._bus_position += len(block)
        if len(self._active) + len(self.faults) > len(self.detectors):
            self._active = {name: d for name, d in self._active.items() if name not in self.faults}

    def _emit(self, emit: Emit, latency: int, event: Event) -> None:
        """Give an event at its place in the input, with its latency."""
        sample, emitted = event.sample, event.emitted
        if self._delay:
            sample, emitted = round(sample * self._ratio), math.ceil((emitted + self._delay) * self._ratio)
        emit(replace(event, sample=self._origin + sample, emitted=self._origin + emitted, latency=latency))
