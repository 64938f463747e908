"""Streaming peak picking: neighbouring positive frames are one candidate, and of close candidates one is kept."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PEAK_WAIT = 3
"""Frames a running peak may be followed by lower ones before it counts as the top of its run."""


class RunPicker:
    """Turn runs of positive frames into candidates.

    A run is every stretch of frames scoring `threshold` or more; it gives one candidate, at its first maximum, known
    when the run ends or PEAK_WAIT frames after that maximum, whichever comes first. An isolated positive frame is a
    run of one.
    """

    def __init__(self, threshold: float) -> None:
        """[main] threshold: probability in 0..1."""
        self.threshold = float(np.float32(threshold))  # scores are float32: 0.7 must reach a threshold of 0.7
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything; the next score is frame 0."""
        self.next_frame = 0
        self._peak: tuple[float, int] | None = None  # of the run that goes on, while it may still rise
        self._in_run = False

    def push(self, scores: NDArray[np.float32]) -> list[tuple[int, int, float]]:
        """[analysis] Take scores, float32 (n,); give (peak frame, frame it was decided at, strength) for each run."""
        found = []
        for score in scores.tolist():
            frame, self.next_frame = self.next_frame, self.next_frame + 1
            positive = score >= self.threshold
            if positive and (not self._in_run or (self._peak is not None and score > self._peak[0])):
                self._peak = score, frame
            self._in_run = positive
            if self._peak is not None and (not positive or frame - self._peak[1] >= PEAK_WAIT):
                found.append((self._peak[1], frame, self._peak[0]))
                self._peak = None
        return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible event: its attack in samples, its strength 0..1, its spectrum as in Event where one is wanted."""

    sample: int
    strength: float
    spectrum: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


class MinimumGap:
    """Of candidates closer than `gap` samples, keep the stronger.

    A candidate waits for `hold` frames after it was known. A stronger one that begins within the gap meanwhile takes
    its place and waits in turn; a weaker one is dropped. What is released is always at least `gap` after the release
    before. With a hold of 0 the first one wins, and the latency is that much shorter.
    """

    def __init__(self, gap: int, hold: int) -> None:
        """gap: samples, at least 0. hold: frames, at least 0."""
        self._gap, self._hold = gap, hold
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._waiting: Candidate | None = None
        self._due = 0
        self._last: int | None = None

    def release(self, frame: int) -> tuple[Candidate, int] | None:
        """[analysis] Give the waiting candidate and the frame it was due at, if that is not after `frame`."""
        waiting = self._waiting
        if waiting is None or self._due > frame:
            return None
        self._waiting, self._last = None, waiting.sample
        return waiting, self._due

    def offer(self, candidate: Candidate, decided: int) -> tuple[Candidate, int] | None:
        """[analysis] Bring a candidate known at frame `decided`, after `release(decided - 1)`.

        Gives the waiting candidate if this one begins so late that it cannot compete with it any more.
        """
        waiting, released = self._waiting, None
        if waiting is not None and candidate.sample - waiting.sample >= self._gap:
            self._waiting, self._last, released = None, waiting.sample, (waiting, decided)
        elif waiting is not None and candidate.strength <= waiting.strength:
            return None
        if self._last is None or candidate.sample - self._last >= max(self._gap, 1):
            self._waiting, self._due = candidate, decided + self._hold
        return released
