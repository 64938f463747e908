"""What a streaming net should say at every frame of a record, and where nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from samplechop.offline.training.task import Task

SAMPLE_RATE = 44_100
Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events in seconds by head, and half-open spans of seconds in which a head's answer is unknown.

    values: for heads that answer with a number, (seconds, number 0..1) of each event. A head that is in neither is
    unknown everywhere.
    """

    events: Mapping[str, Sequence[float]]
    unknown: Mapping[str, Spans]
    values: Mapping[str, Spans] = field(default_factory=dict)

    def moved(self, seconds: float) -> Wanted:
        """Give the same, that much later."""
        events = {head: [time + seconds for time in times] for head, times in self.events.items()}
        unknown = {head: [(a + seconds, b + seconds) for a, b in spans] for head, spans in self.unknown.items()}
        values = {head: [(time + seconds, value) for time, value in pairs] for head, pairs in self.values.items()}
        return Wanted(events, unknown, values)


def targets(task: Task, wanted: Wanted, n_frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give targets 0..1 and weights 0 or 1: two float32 arrays, (n_frames, heads).

    An event gives 1 at its frame and what the task says beside it, whatever else is unknown. Heads that answer with a
    number are asked there, and a frame either way, only.
    """
    names = task.names
    target, weight = np.zeros((n_frames, len(names)), np.float32), np.ones((n_frames, len(names)), np.float32)
    for column, head in enumerate(names):
        if head in task.values:
            weight[:, column] = 0
            for time, value in wanted.values.get(head, ()):
                frame = task.frame_of(time)
                near = slice(max(0, frame - 1), max(0, frame + 2))
                target[near, column], weight[near, column] = value, 1
            continue
        if head not in wanted.events:
            weight[:, column] = 0
            continue
        for start, stop in wanted.unknown.get(head, ()):
            first, last = task.frame_of(start) - 1, task.frame_of(stop) + 1
            weight[max(0, first) : max(0, last + 1), column] = 0
        mark(task, [task.frame_of(time) for time in wanted.events[head]], target[:, column], weight[:, column])
    return target, weight


def mark(task: Task, frames: Sequence[int], target: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """Write events at `frames` into one head's target and weight, float32 (n,): 1, and beside it what the task says."""
    for offset, value in sorted(task.beside.items(), key=lambda pair: pair[1] is not None):
        for frame in frames:
            if 0 <= frame + offset < len(target):
                target[frame + offset] = max(target[frame + offset], value or 0)
                weight[frame + offset] = value is not None
    for frame in frames:
        if 0 <= frame < len(target):
            target[frame] = weight[frame] = 1
