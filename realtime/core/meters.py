"""What a view may show of a detector beside its events."""

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LONGEST = 1024
"""Frames that a trace keeps."""


class Trace:
    """The latest values of a curve over time, such as a probability: the analysis appends, a view reads.

    frame_seconds: time between two frames. threshold: the line that a value has to reach, 0..1.
    """

    def __init__(self, frame_seconds: float, threshold: float) -> None:
        """[main] Begin with none."""
        self.frame_seconds, self.threshold = frame_seconds, threshold
        self._values: deque[NDArray[np.float32]] = deque(maxlen=LONGEST)
        self._frames = 0

    def restart(self) -> None:
        """[analysis] Count the next frame as the first of the stream; what was appended stays for the view."""
        self._frames = 0

    def append(self, values: NDArray[np.float32]) -> None:
        """[analysis] Append the values of the next frames, float32 (n,), 0..1; they are copied."""
        self._values.append(values.copy())
        self._frames += len(values)

    @property
    def seconds(self) -> float:
        """[any thread] How far into the stream the newest frame lies."""
        return self._frames * self.frame_seconds

    def newest(self) -> NDArray[np.float32]:
        """[any thread] Give the values of the last frames, oldest first, float32 (at most LONGEST,)."""
        values = list(self._values)
        return np.concatenate(values)[-LONGEST:] if values else np.zeros(0, np.float32)


Meter = Trace | NDArray[np.float32]
"""A curve over time, or levels of this moment, float32 (n,), 0..1, which the analysis overwrites."""


def meters_of(detector: object) -> Mapping[str, Meter]:
    """[any thread] Give the meters of a prepared detector by name, such as "chop probability"; none if it has none."""
    meters: Mapping[str, Meter] = getattr(detector, "meters", {})
    return meters
