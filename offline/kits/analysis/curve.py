"""How sure the net is of a chop in every frame, as a curve: drawn while a record is heard, small enough to be kept.

A frame takes a byte, an hour of frames of 512 samples 310 kB.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import Arrays
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Trace
from samplechop.realtime.detectors.chop.detector import ChopDetector

FULL = 255
"""The value of a probability of 1."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A probability per frame. values: uint8 (n,), FULL is 1. at: of the first frame's centre; hop: between two frames.

    Both are in samples of the record, at its own rate, and need not be whole.
    """

    values: NDArray[np.uint8]
    at: float
    hop: float

    def highest(self, size: int, first: int, last: int) -> NDArray[np.uint8]:
        """Give the highest of every `size` frames, of all such groups that the frames first..last touch."""
        begin, end = max(0, first) // size, -(-max(0, last) // size)
        part = self.values[begin * size : end * size]
        return np.maximum.reduceat(part, np.arange(0, len(part), size)) if len(part) else part

    def arrays(self) -> Arrays:
        """Give it as arrays: what `curve_in` reads."""
        return {"curve": self.values, "curve at": np.array([self.at, self.hop])}


def joined(parts: Sequence[Curve]) -> Curve:
    """Give parts of a curve, one or more that follow each other, as one."""
    return replace(parts[0], values=np.concatenate([part.values for part in parts]))


def curve_in(arrays: Arrays) -> Curve | None:
    """Read a curve; None from arrays that have none."""
    if "curve" not in arrays or "curve at" not in arrays:
        return None
    at, hop = arrays["curve at"].tolist()
    return Curve(arrays["curve"], at, hop)


class Drawing:
    """The curve of a detector, as it is drawn. It begins with the stretch that an engine processes."""

    def __init__(self, detector: ChopDetector, first: int, sample_rate: int) -> None:
        """Begin with no frame. detector: as new. first: where in a record of that rate, Hz, the stretch begins."""
        trace = detector.meters["chop probability"]
        assert isinstance(trace, Trace)
        self._trace, self._detector, self._frames = trace, detector, 0
        self._first, self._ratio = first, sample_rate / ANALYSIS_RATE
        self._parts = [np.zeros(0, np.uint8)]

    def grown(self) -> Curve:
        """Give the frames that came since it was asked last; nothing of the silence before a record."""
        before, now = self._frames, self._trace.frames
        self._frames = now
        known = self._trace.newest()[max(0, len(self._trace.newest()) - (now - before)) :]
        values = np.zeros(now - before, np.uint8)  # of frames that the trace has let go nothing is known
        values[len(values) - len(known) :] = np.rint(FULL * np.clip(np.nan_to_num(known), 0, 1))
        begin = max(before, self._begin)
        self._parts.append(values[begin - before :])
        return Curve(self._parts[-1], self._at(begin), self._hop)

    def through(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Pass blocks on to what processes them, and draw after each."""
        for block in blocks:
            yield block
            self.grown()

    def part(self, first: int, last: int, place: int) -> Curve:
        """Give the frames centred on samples first..last, with `first` moved to another place."""
        at, hop = self._at(self._begin), self._hop
        begin, end = (max(0, math.ceil((sample - at) / hop)) for sample in (first, last))
        return Curve(np.concatenate(self._parts)[begin:end], at + begin * hop - first + place, hop)

    @property
    def _hop(self) -> float:
        return self._detector.hop_length * self._ratio

    @property
    def _begin(self) -> int:
        """The first frame that does not lie before the stretch."""
        return max(0, -(self._detector.centre(0) // self._detector.hop_length))

    def _at(self, frame: int) -> float:
        return self._first + self._detector.centre(frame) * self._ratio
