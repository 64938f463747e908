"""The latest chop probabilities, for whoever draws them."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

LONGEST = 1024
"""Frames kept."""


class ScoreTrace:
    """Keeps the probabilities of the last frames: the analysis appends, a view reads.

    frame_seconds: time between two frames. sample_rate: Hz, of positions.
    """

    def __init__(self, frame_seconds: float, sample_rate: int) -> None:
        """Begin with none, at position 0."""
        self.frame_seconds = frame_seconds
        self._rate = sample_rate
        self.restart(0)
        self._scores: deque[NDArray[np.float32]] = deque(maxlen=LONGEST)

    def keep(self, scores: NDArray[np.float32]) -> None:
        """[analysis] Append the probabilities of the next frames, float32 (n,); they are copied."""
        self._scores.append(scores.copy())
        self._frames += len(scores)

    def restart(self, position: int) -> None:
        """[analysis] Let the next frame stand where it stands when the stream begins at `position`."""
        self._origin, self._frames = position, 0

    @property
    def position(self) -> int:
        """[any thread] Where the newest frame stands. Not a sum of rounded lengths: that would drift."""
        return self._origin + round(self._frames * self.frame_seconds * self._rate)

    def newest(self) -> NDArray[np.float32]:
        """[main] Give those of the last frames, oldest first, float32 (at most LONGEST,)."""
        scores = list(self._scores)
        return np.concatenate(scores)[-LONGEST:] if scores else np.zeros(0, np.float32)
