"""From labelled audio to what a streaming net hears and should say: through the very features the live host uses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.targets import Wanted, targets
from samplechop.offline.training.task import FeatureSource, Task

BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class Heard:
    """One record as the net hears it: x float16 (n, n_features), target and weight float16 (n, heads).

    target[i] is what should be said when frame i has been heard: the answer for frame i - lookahead.
    """

    x: NDArray[np.float16]
    target: NDArray[np.float16]
    weight: NDArray[np.float16]


def hear(task: Task, samples: NDArray[np.float32], wanted: Wanted, source: FeatureSource | None = None) -> Heard:
    """Let the task's features hear a record, float32 (n,), mono, 44 100 Hz, and what comes after it is silence.

    source: made by the task for blocks of BLOCK; None makes a new one.
    """
    source = source or task.source(BLOCK)
    source.reset()
    hop, lookahead = task.hop_length, task.lookahead
    tail = source.latency + (lookahead + 2) * hop
    padded = np.concatenate([samples, np.zeros(tail, np.float32)])
    rows = [source.push(padded[i : i + BLOCK]).copy() for i in range(0, len(padded), BLOCK)]
    x = np.concatenate(rows)
    n = min(len(x) - lookahead, len(samples) // hop + 1)
    target, weight = targets(task, wanted, n)
    lead = np.zeros((lookahead, len(task.names)), np.float32)
    late = np.concatenate([lead, target]), np.concatenate([lead, weight])
    return Heard(*(array[: n + lookahead].astype(np.float16) for array in (x, *late)))
