"""A record of a few seconds whose chops are known, for tests of projects."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
HITS = [round(RATE * (0.5 + 0.5 * number)) for number in range(10)]
"""Where its noises begin."""


@cache
def clicks() -> NDArray[np.float32]:
    """Give 5.5 seconds with ten noises that decay, float32 (n,)."""
    rng = np.random.default_rng(7)
    sound = 1e-4 * rng.standard_normal(round(5.5 * RATE))
    for number, place in enumerate(HITS):
        decay = np.exp(-np.arange(RATE // 4) / (1500 + 300 * number))
        sound[place : place + RATE // 4] += 0.6 * decay * rng.standard_normal(RATE // 4)
    return (sound * 0.5).astype(np.float32)
