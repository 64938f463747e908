"""Log magnitudes less their own running mean, so that the level of a record does not matter; compiled into kernels."""

import math

import numpy as np
from numba import njit

MEAN_SECONDS = 1.5
SCALE = np.float32(1 / 1.2)


def share_of(hop_length: int, sample_rate: float) -> np.float32:
    """Give what one frame counts in the running mean."""
    return np.float32(hop_length / sample_rate / MEAN_SECONDS)


@njit
def level(row, mean, heard, share):
    """[analysis] Take from a row of features, float32 (n,), its mean over the last MEAN_SECONDS, and move the mean on.

    mean: float32 (n,). heard: frames before this one. share: of one frame. Until it is MEAN_SECONDS long, the mean
    counts all frames alike.
    """
    weight = max(share, np.float32(1) / np.float32(heard + 1))
    for k in range(len(row)):
        mean[k] += weight * (row[k] - mean[k])
        row[k] = (row[k] - mean[k]) * SCALE


def decay_of(memory_seconds: float, hop_length: int, sample_rate: int) -> float:
    """Give what is left after one frame of something that falls by a factor of e in memory_seconds."""
    return math.exp(-hop_length / sample_rate / memory_seconds)
