"""Streaming peak picking: neighbouring positive frames are one candidate, and of close candidates one is kept."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

PEAK_WAIT = 3
"""Frames a running peak may be followed by lower ones before it counts as the top of its run."""

_IDLE, _RISING, _SPENT = 0, 1, 2


@njit("int64(float32[::1], int64, float64, int64, int64[::1], float64[::1], int64[:, ::1], float32[::1])", cache=True)
def _pick(scores, n, threshold, wait, state, top, frames, strengths):  # type: ignore[no-untyped-def]
    # state: phase, next frame, frame of the running peak; top[0]: its score
    found = 0
    for i in range(n):
        frame = state[1]
        state[1] += 1
        score = scores[i]
        if score >= threshold:
            if state[0] == _IDLE or (state[0] == _RISING and score > top[0]):
                state[0] = _RISING
                state[2] = frame
                top[0] = score
            over = frame - state[2] >= wait
        else:
            over = True
        if state[0] == _RISING and over:
            frames[found, 0] = state[2]
            frames[found, 1] = frame
            strengths[found] = top[0]
            found += 1
            state[0] = _SPENT
        if score < threshold:
            state[0] = _IDLE
    return found


class RunPicker:
    """Turn runs of positive frames into candidates.

    A run is every stretch of frames scoring `threshold` or more; it gives one candidate, at its first maximum, known
    when the run ends or PEAK_WAIT frames after that maximum, whichever comes first. An isolated positive frame is a
    run of one.
    """

    def __init__(self, threshold: float, max_frames: int) -> None:
        """[main] threshold: probability in 0..1; max_frames: the most scores one call brings."""
        self.threshold = threshold
        self.frames: NDArray[np.int64] = np.zeros((max_frames, 2), np.int64)
        """(max_frames, 2): peak frame and the frame at which it was decided, of the candidates of the last call."""
        self.strengths: NDArray[np.float32] = np.zeros(max_frames, np.float32)
        self._state = np.zeros(3, np.int64)
        self._top = np.zeros(1, np.float64)

    def reset(self) -> None:
        """[analysis] Forget everything; the next score is frame 0."""
        self._state[:] = 0

    @property
    def next_frame(self) -> int:
        """Number of scores heard."""
        return int(self._state[1])

    def push(self, scores: NDArray[np.float32], n: int) -> int:
        """[analysis] Hear scores[:n], float32; return how many candidates now stand in `frames` and `strengths`."""
        if n > len(self.strengths):
            raise ValueError(f"n must be at most max_frames = {len(self.strengths)}, got {n}")
        return int(_pick(scores, n, self.threshold, PEAK_WAIT, self._state, self._top, self.frames, self.strengths))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible event: its peak frame, its attack in samples, its strength 0..1."""

    frame: int
    sample: int
    strength: float


class MinimumGap:
    """Of candidates closer than `gap` samples, keep the stronger.

    A candidate is held for `hold` frames after it was known. A stronger one that begins within the gap meanwhile takes
    its place and is held in turn; a weaker one is dropped. What is released is always at least `gap` after the release
    before. With a hold of 0 the first one wins, and the latency is that much shorter.
    """

    def __init__(self, gap: int, hold: int) -> None:
        """gap: samples, at least 0. hold: frames, at least 0."""
        self._gap, self._hold = gap, hold
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._held: Candidate | None = None
        self._due = 0
        self._last: int | None = None

    def release(self, frame: int) -> tuple[Candidate, int] | None:
        """[analysis] Give the held candidate and the frame it was due at, if that is not after `frame`."""
        held = self._held
        if held is None or self._due > frame:
            return None
        self._held, self._last = None, held.sample
        return held, self._due

    def offer(self, candidate: Candidate, decided: int) -> tuple[Candidate, int] | None:
        """[analysis] Bring a candidate known at frame `decided`, after `release(decided - 1)`.

        Gives the held candidate if this one begins so late that it cannot compete with it any more.
        """
        held, released = self._held, None
        if held is not None and candidate.sample - held.sample >= self._gap:
            self._held, self._last, released = None, held.sample, (held, decided)
        elif held is not None and candidate.strength <= held.strength:
            return None
        if self._last is None or candidate.sample - self._last >= max(self._gap, 1):
            self._held, self._due = candidate, decided + self._hold
        return released
