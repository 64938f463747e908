"""What an audio input delivered since a moment, as one stretch of samples of which each has its time."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.source import Chunk
from samplechop.realtime.core.errors import UserError

Clock = Callable[[], float]
"""Seconds, from any beginning; the one that Listener.time_of tells."""


class Listener(Protocol):
    """What is needed of a samplechop.realtime.audio.source.Source."""

    sample_rate: int

    def start(self) -> None:
        """Begin."""

    def read(self) -> Chunk | None:
        """Wait for audio."""

    def stop(self) -> None:
        """End."""

    def time_of(self, position: int) -> float:
        """Give when a sample was at the converter, in time.perf_counter() seconds."""


class LostSamples(Exception):
    """The audio system dropped samples in the middle of a note."""


class TimestampedInput:
    """The input as one stretch of mono samples, with the moment of each."""

    def __init__(self, source: Listener, clock: Clock) -> None:
        """Read a source that is started already or will be before anything is asked of it."""
        self._source, self._clock = source, clock
        self.rate = source.sample_rate
        self.clear(0)

    def clear(self, at: int) -> None:
        """Forget everything; the next sample has position `at`."""
        self._parts: list[NDArray[np.float32]] = []
        self._first = self._end = at

    def receive(self) -> None:
        """Take what comes next. Raises LostSamples where some are missing, UserError if the input ended."""
        chunk = self._source.read()
        if chunk is None:
            raise UserError("the audio input ended: connect it again and repeat the command, which goes on from there")
        mono = chunk.samples.mean(axis=1, dtype=np.float32)
        if chunk.gap and self._parts:
            self.clear(chunk.start + len(mono))
            raise LostSamples
        if not self._parts:
            self._first = chunk.start
        self._parts.append(mono)
        self._end = chunk.start + len(mono)

    def receive_until(self, position: int) -> None:
        """Take all up to a position."""
        while self._end < position:
            self.receive()

    def receive_while(self, moment: float) -> None:
        """Take what comes until a moment of the clock."""
        while self._clock() < moment:
            self.receive()

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self._end

    def position_of(self, moment: float) -> int:
        """Give the sample at the converter at a moment of the clock."""
        return self._end + round((moment - self._source.time_of(self._end)) * self.rate)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Give samples start..stop-1; what is no longer or not yet there is silence."""
        out = np.zeros(stop - start, np.float32)
        received = np.concatenate([*self._parts, np.zeros(0, np.float32)])
        first, last = max(start, self._first), min(stop, self._end)
        if first < last:
            out[first - start : last - start] = received[first - self._first : last - self._first]
        return out
