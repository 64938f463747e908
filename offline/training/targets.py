"""What a streaming net should say at every frame of a record, and where nobody knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEADS = ("chop", "hit", "beat", "downbeat", "kick", "snare", "onset")
"""What the net is asked. "hit" is a kick or a snare. Live, the first four are used; the others teach it to tell drums
from what else sounds."""
HOP = 512
EDGE = 0.5
"""Target one frame beside an event."""
MIN_GAP = 0.1
"""Seconds within which only the stronger of two chops counts; the live host keeps the same gap."""
SAMPLE_RATE = 44_100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events in seconds by head, and half-open spans of seconds in which a head's answer is unknown.

    A head that is missing from `events` is unknown everywhere.
    """

    events: Mapping[str, Sequence[float]]
    unknown: Mapping[str, Sequence[tuple[float, float]]]

    def moved(self, seconds: float) -> "Wanted":
        """Give the same, that much later."""
        events = {head: [time + seconds for time in times] for head, times in self.events.items()}
        unknown = {head: [(a + seconds, b + seconds) for a, b in spans] for head, spans in self.unknown.items()}
        return Wanted(events, unknown)


def leading(
    times: Sequence[float], strengths: Sequence[float], min_gap: float = MIN_GAP
) -> tuple[list[float], list[float]]:
    """Split times into those with no stronger one within min_gap seconds, and the rest; both in order."""
    kept: list[float] = []
    rest: list[float] = []
    for place in sorted(range(len(times)), key=lambda one: -strengths[one]):
        near = any(abs(times[place] - other) < min_gap for other in kept)
        (rest if near else kept).append(times[place])
    return sorted(kept), sorted(rest)


def targets(wanted: Wanted, n_frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give targets 0..1 and weights 0 or 1: two float32 arrays, (n_frames, heads).

    Frame g covers the samples from g * HOP on. An event gives 1 there and EDGE beside it, whatever else is unknown.
    """
    target, weight = np.zeros((n_frames, len(HEADS)), np.float32), np.ones((n_frames, len(HEADS)), np.float32)
    for column, head in enumerate(HEADS):
        if head not in wanted.events:
            weight[:, column] = 0
            continue
        for start, stop in wanted.unknown.get(head, ()):
            first, last = frame_of(start) - 1, frame_of(stop) + 1
            weight[max(0, first) : max(0, last + 1), column] = 0
        for time in wanted.events[head]:
            for offset, value in ((0, 1.0), (-1, EDGE), (1, EDGE)):
                frame = frame_of(time) + offset
                if 0 <= frame < n_frames:
                    target[frame, column] = max(target[frame, column], value)
                    weight[frame, column] = 1
    return target, weight


def frame_of(time: float) -> int:
    """Give the frame that covers a time in seconds."""
    return int(time * SAMPLE_RATE) // HOP
