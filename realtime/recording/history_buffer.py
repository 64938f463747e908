"""The last minutes of the input, in memory taken up front: what the recorder writes from, and the pre-record keeps.

    stream    0 ......... 1000                 5000 ......... 9000
              | section 1 |  gap: not in memory | section 2    |
    ring      0 ......... 1000 ............................ 5000

The analysis thread writes and never waits; readers name a position of the stream and get what is there: audio, a
gap of the device, or audio that was overwritten because they came too late.
"""

from bisect import bisect_right
from operator import itemgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.ring import Ring, capacity_for

Found = Literal["audio", "gap", "lost"]


class HistoryBuffer:
    """A ring of the input by positions of the stream.

    sample_rate: Hz. seconds: how far back a reader may be, at least. One thread writes, any number read.
    """

    def __init__(self, sample_rate: int, channels: int, seconds: float) -> None:
        """[main] Take the memory, all of it."""
        self.sample_rate, self.channels = sample_rate, channels
        self._ring = Ring(channels, capacity_for(seconds, sample_rate))
        self._ring.samples.fill(0)  # the first write of a page must not wait for the system
        self._sections = [(0, 0)]  # where each begins, in the stream and in the ring

    @staticmethod
    def nbytes(sample_rate: int, channels: int, seconds: float) -> int:
        """Give the memory it takes."""
        return Ring.nbytes(channels, capacity_for(seconds, sample_rate))

    @property
    def frames(self) -> int:
        """How many samples per channel it holds."""
        return self._ring.frames

    @property
    def end(self) -> int:
        """[any thread] Position after the last sample."""
        start, place = self._sections[-1]
        return start + self._ring.written - place

    def write(self, start: int, samples: NDArray[np.float32]) -> None:
        """[writer] Take float32 (n, channels) whose first sample is at `start`; before it there may be a gap."""
        if start > self.end:
            self._sections.append((start, self._ring.written))
        for first in range(0, len(samples), self.frames):
            self._ring.write(samples[first : first + self.frames])

    def read(self, position: int, out: NDArray[np.float32]) -> tuple[Found, int]:
        """[reader] Look at `position`: "audio" is in the first n rows of out, "gap" and "lost" are n samples long.

        out: float32 (m, channels), C-contiguous. ("audio", 0) when nothing is there yet.
        """
        following = bisect_right(self._sections, position, key=itemgetter(0))
        start, place = self._sections[following - 1]
        place += position - start
        left = self._ring.written - place
        if following < len(self._sections):
            next_start, next_place = self._sections[following]
            left = next_place - place
            if left <= 0:
                return "gap", next_start - position
            out = out[:left]
        read, lost = self._ring.read(place, out)
        return ("lost", min(lost, left)) if lost else ("audio", read)
