"""From folders of labelled audio to shards of features: plain .npy arrays that training reads in pieces from the disk."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.training.targets import HEADS, Wanted, leading, targets
from realtime.errors import UserError
from realtime.features import N_FEATURES, FeatureStream

LOOKAHEAD = 15
"""Frames of 512 samples the net hears after the one it judges: 30 hops of 256, 174 ms."""
BLOCK = 32_768
VALIDATION_SHARE = 0.12
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""


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
    tail = stream.latency + (LOOKAHEAD + 2) * 512
    padded = np.concatenate([samples, np.zeros(tail, np.float32)])
    rows = [stream.push(padded[i : i + BLOCK]).copy() for i in range(0, len(padded), BLOCK)]
    x = np.concatenate(rows)
    n = min(len(x) - LOOKAHEAD, len(samples) // 512 + 1)
    target, weight = targets(wanted, n)
    lead = np.zeros((LOOKAHEAD, len(HEADS)), np.float32)
    late = np.concatenate([lead, target]), np.concatenate([lead, weight])
    return Heard(*(array[: n + LOOKAHEAD].astype(np.float16) for array in (x, *late)))


def augmented(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Shift a record against the frames, change its level, add a little hiss. Gives it and the shift in samples."""
    shift = int(rng.integers(0, 512))
    level = 10 ** (rng.uniform(-14, 2) / 20)
    hiss = 10 ** (rng.uniform(-85, -50) / 20)
    moved = np.concatenate([np.zeros(shift, np.float32), samples * np.float32(level)])
    return (moved + hiss * rng.standard_normal(len(moved)).astype(np.float32)).astype(np.float32), shift


def wanted_of_truth(truth: "Truth", min_gap: float) -> Wanted:
    """Say what is wanted at a record whose truth is known."""
    kept, rest = leading([c.time for c in truth.chops], [c.strength for c in truth.chops], min_gap)
    unsure = [(start, stop) for start, stop in truth.unsure] + [(time, time) for time in rest]
    drums = {name: [d for d in truth.drums if d.label == name] for name in ("kick", "snare")}
    onsets = [n.time for n in truth.notes if n.part not in SLOW] + [d.time for d in truth.drums]
    slow = [(n.time, n.time + 0.2) for n in truth.notes if n.part in SLOW]
    events = {
        "chop": kept,
        "beat": [b.time for b in truth.beats],
        "downbeat": [b.time for b in truth.beats if b.position == 1],
        "onset": onsets,
    } | {name: [d.time for d in hits if d.velocity >= SOFTEST] for name, hits in drums.items()}
    unknown = {"chop": unsure, "onset": slow} | {
        name: [(d.time, d.time) for d in hits if d.velocity < SOFTEST] for name, hits in drums.items()
    }
    return Wanted(events, unknown)
