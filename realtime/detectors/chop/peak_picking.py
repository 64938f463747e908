"""Which frames become chops: the net's probability, how well the frame lies on the beat, and its peaks lately."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.detectors.chop.decision import FIRST_HIGHEST
from samplechop.realtime.detectors.chop.evidence import TRUSTED, USUAL, compiled_odds


class AdaptivePicker:
    """Local maxima that reach a threshold and a share of the highest score lately.

    No fixed threshold suits both a dry drum and a noisy record: what counts is how a peak compares with those
    before. The highest score lately falls by a factor of e in memory_seconds; at the start it is first_highest.
    """

    def __init__(self, threshold: float, relative: float, decay: float, first_highest: float = FIRST_HIGHEST) -> None:
        """[main] threshold, relative, first_highest: 0..1. decay: what is left of the highest score after a frame."""
        # Scores are float32: 0.7 must reach a threshold of 0.7.
        self._threshold, self._relative, self._decay = float(np.float32(threshold)), relative, decay
        self._first_highest = first_highest
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything; the next score is frame 0."""
        self.next_frame = 0
        self._highest = self._first_highest
        self._before = self._last = 0.0
        self._line = 1.0

    def push(self, scores: NDArray[np.float32]) -> list[tuple[int, int, float]]:
        """[analysis] Process scores, float32 (n,); give (peak frame, frame it was decided at, score) for each peak."""
        found = []
        for score in scores.tolist():
            frame, self.next_frame = self.next_frame, self.next_frame + 1
            if self._last >= self._before and self._last > score and self._last >= self._line:
                found.append((frame - 1, frame, self._last))
            self._highest = max(score, self._highest * self._decay)
            self._line = max(self._threshold, self._relative * self._highest)
            self._before, self._last = self._last, score
        return found


@cache
def _compiled() -> Callable[..., int]:
    def run(chops, beats, confidence, share, line, skip, scores):
        # line: the chops of the last `reach` frames and the beats of the last 2 reach, oldest first.
        reach = line.shape[1] // 2
        written = 0
        for i in range(len(chops)):
            near, chop = beats[i], chops[i]
            for k in range(2 * reach):
                near = max(near, line[1, k])
            if reach:
                chop = line[0, 0]
                for k in range(reach - 1):
                    line[0, k] = line[0, k + 1]
                line[0, reach - 1] = chops[i]
                for k in range(2 * reach - 1):
                    line[1, k] = line[1, k + 1]
                line[1, 2 * reach - 1] = beats[i]
            if skip[0]:
                skip[0] -= 1
                continue
            trust = share * min(1.0, confidence[i] / TRUSTED)
            odds = compiled_odds(chop) + trust * (compiled_odds(near) - USUAL)
            scores[written] = 1 / (1 + math.exp(-odds))
            written += 1
        return written

    column = types.float32[:]  # of a table, so with gaps
    state = types.float32[:, ::1], types.int64[::1], types.float32[::1]
    return entry(types.int64(column, column, column, types.float64, *state))(run)


class BeatWeigher:
    """The score of a frame: its chop probability, raised where a beat lies within `reach` frames and lowered elsewhere.

    In log odds: score = chop + share * trust * (beat - usual), so that what is surely no chop is none on a beat either.
    trust rises from 0 to 1 with the tracker's confidence, up to 0.25: where there is no pulse, only the net counts.
    """

    def __init__(self, share: float, reach: int) -> None:
        """[main] Compile. share: weight of the beat, 0..1. reach: frames either way."""
        self._share, self._reach = share, reach
        self._line: NDArray[np.float32] = np.zeros((2, 2 * reach), np.float32)
        self._skip = np.zeros(1, np.int64)
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._line.fill(0)
        self._skip[0] = self._reach

    def push(
        self, chops: NDArray[np.float32], beats: NDArray[np.float32], confidence: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """[analysis] Process probabilities and confidence, float32 (n,); give the next frames' scores, float32 (m,).

        Frame f's score comes with frame f + reach.
        """
        scores = np.empty(len(chops), np.float32)
        return scores[: self._run(chops, beats, confidence, self._share, self._line, self._skip, scores)]


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
    """A possible event: its attack in samples, its strength 0..1; spectrum, way, level and dial as in Event."""

    sample: int
    strength: float
    spectrum: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    way: str | None = None
    level: float | None = None
    dial: tuple[float, ...] | None = field(default=None, repr=False, compare=False)


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
        self.waiting: Candidate | None = None
        self._due = 0
        self._last: int | None = None

    def release(self, frame: int) -> tuple[Candidate, int] | None:
        """[analysis] Give the waiting candidate and the frame it was due at, if that is not after `frame`."""
        waiting = self.waiting
        if waiting is None or self._due > frame:
            return None
        self.waiting, self._last = None, waiting.sample
        return waiting, self._due

    def offer(self, candidate: Candidate, decided: int, gap: int | None = None) -> tuple[Candidate, int] | None:
        """[analysis] Bring a candidate known at frame `decided`, after `release(decided - 1)`. gap: this one's own.

        It then is `waiting`, or was dropped. Gives the one that waited if this one begins so late that it cannot
        compete with it any more.
        """
        waiting, released = self.waiting, None
        gap = self._gap if gap is None else gap
        if waiting is not None and candidate.sample - waiting.sample >= gap:
            self.waiting, self._last, released = None, waiting.sample, (waiting, decided)
        elif waiting is not None and candidate.strength <= waiting.strength:
            return None
        if self._last is None or candidate.sample - self._last >= max(gap, 1):
            self.waiting, self._due = candidate, decided + self._hold
        return released
