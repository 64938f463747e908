"""From labelled audio to what the streaming net hears and should say: through the very features the live host uses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.training.targets import HEADS, HOP, Wanted, targets
from realtime.features import FeatureStream

LOOKAHEAD = 15
"""Frames of 512 samples the net hears after the one it judges: 30 hops of 256, 174 ms."""
BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class Heard:
    """One record as the net hears it: x float16 (n, N_FEATURES), target and weight float16 (n, heads).

    target[i] is what should be said when frame i has been heard: the answer for frame i - LOOKAHEAD.
    """

    x: NDArray[np.float16]
    target: NDArray[np.float16]
    weight: NDArray[np.float16]


def hear(samples: NDArray[np.float32], wanted: Wanted, stream: FeatureStream | None = None) -> Heard:
    """Let the streaming features hear a record, float32 (n,), mono, 44 100 Hz, and what comes after it is silence."""
    stream = stream or FeatureStream(BLOCK)
    stream.reset()
    tail = stream.latency + (LOOKAHEAD + 2) * HOP
    padded = np.concatenate([samples, np.zeros(tail, np.float32)])
    rows = [stream.push(padded[i : i + BLOCK]).copy() for i in range(0, len(padded), BLOCK)]
    x = np.concatenate(rows)
    n = min(len(x) - LOOKAHEAD, len(samples) // HOP + 1)
    target, weight = targets(wanted, n)
    lead = np.zeros((LOOKAHEAD, len(HEADS)), np.float32)
    late = np.concatenate([lead, target]), np.concatenate([lead, weight])
    return Heard(*(array[: n + LOOKAHEAD].astype(np.float16) for array in (x, *late)))


def augmented(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Shift a record against the frames, change its level, add a little hiss. Gives it and the shift in samples."""
    shift = int(rng.integers(0, HOP))
    level = 10 ** (rng.uniform(-14, 2) / 20)
    hiss = 10 ** (rng.uniform(-85, -50) / 20)
    moved = np.concatenate([np.zeros(shift, np.float32), samples * np.float32(level)])
    return (moved + hiss * rng.standard_normal(len(moved)).astype(np.float32)).astype(np.float32), shift
