"""A target and a weight for every frame of a record."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offline.training.records import Chop, Record
from offline.training.sounds import RATE

EDGE = 0.6
"""Target one frame beside a chop; at the chop it is 1."""
MARGIN = 4
"""Frames on either side of a chop that are left out, beyond the one beside it."""
MIN_GAP = 0.25
"""Seconds within which only the stronger of two chops counts; the live host keeps the same gap."""


def leading(chops: Sequence[Chop], min_gap: float = MIN_GAP) -> tuple[list[Chop], list[Chop]]:
    """Split chops into those with no stronger one within min_gap seconds, and the rest; both in order of time."""
    kept: list[Chop] = []
    for chop in sorted(chops, key=lambda one: -one.strength):
        if all(abs(chop.sample - other.sample) >= min_gap * RATE for other in kept):
            kept.append(chop)
    rest = [chop for chop in chops if chop not in kept]
    return sorted(kept, key=lambda one: one.sample), rest


def frame_of(sample: int, hop_length: int) -> int:
    """Give the frame whose centre is nearest to a sample; frame f is centred at f * hop_length."""
    return (sample + hop_length // 2) // hop_length


def label(record: Record, n_frames: int, hop_length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give targets 0..1 and weights 0 or 1 for frames 0 .. n_frames - 1: two float32 arrays, (n_frames,).

    At a chop the target is 1, beside it EDGE, and up to MARGIN frames away the weight is 0. The weight is also 0 around
    unknown places and around chops that stand too near a stronger one. Everywhere else the target is 0.
    """
    targets, weights = np.zeros(n_frames, np.float32), np.ones(n_frames, np.float32)
    kept, rest = leading(record.chops)
    unknown = record.unknown + [(chop.sample, chop.sample + 1) for chop in (*kept, *rest)]
    for start, stop in unknown:
        first, last = frame_of(start, hop_length) - MARGIN, frame_of(stop - 1, hop_length) + MARGIN
        weights[max(0, first) : max(0, last + 1)] = 0
    for chop in kept:
        frame = frame_of(chop.sample, hop_length)
        for offset, target in ((-1, EDGE), (1, EDGE), (0, 1.0)):
            if 0 <= frame + offset < n_frames:
                targets[frame + offset] = max(targets[frame + offset], target)
                weights[frame + offset] = 1
    return targets, weights
