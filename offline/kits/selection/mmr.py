"""Maximal Average Diversification: take the best chops that are also the most different.

A greedy choice after Borodin, Lee and Ye, "Max-Sum Diversification, Monotone Submodular Functions and Dynamic Updates"
(arXiv 1203.6397): begin with the most probable, then always add the one with the largest

    score = (1 - diversity) * probability + diversity * distance to those already chosen

where the distance is the mean of all, as in sampleChop (2017), or that to the nearest of them. We add two things.
Near-duplicates of a chosen one are as good as banned: their score is lowered by `PRICE`. Candidates too close in time
to a chosen one are left out altogether.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.options import Distance

PRICE = 0.2
"""What being a near-duplicate costs. One is taken only where all else scores lower by as much, or nothing else is left:
a hard ban would fill the kit of a record that repeats itself with what is hardly a chop."""


def diversify(
    probability: NDArray[np.float64],
    distance: NDArray[np.float32],
    count: int,
    diversity: float,
    mode: Distance = "mean",
    start: Sequence[int] = (),
    duplicates: NDArray[np.bool_] | None = None,
    together: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Choose `count` of n candidates; gives their indices in the order they were chosen. Of equals the first is taken.

    probability: (n,). distance: (n, n), 0..1, symmetric. diversity: 0..1. mode: "mean" or "min".
    start: those that are chosen already; they come first, however many they are.
    duplicates: (n, n), pairs that are nearly the same. together: (n, n), pairs of which only one may be chosen.
    Fewer are given only where fewer are left. Raises ValueError for a count below 0 or diversity outside 0..1.
    """
    if count < 0 or not 0.0 <= diversity <= 1.0:
        raise ValueError(f"count must be 0 or more and diversity in 0..1, got {count} and {diversity}")
    n = len(probability)
    relevance = (1.0 - diversity) * np.asarray(probability, np.float64)
    apart = np.zeros(n) if mode == "mean" else np.full(n, np.inf)  # sum of distances, or the least
    price, free = np.zeros(n), np.ones(n, bool)
    chosen: list[int] = []
    waiting = list(dict.fromkeys(start))
    while waiting or (len(chosen) < count and free.any()):
        if waiting:
            best = int(waiting.pop(0))
        elif chosen:
            away = apart / len(chosen) if mode == "mean" else apart
            best = int(np.argmax(np.where(free, relevance + diversity * away - price, -np.inf)))
        else:
            best = int(np.argmax(np.where(free, probability, -np.inf)))
        chosen.append(best)
        free[best] = False
        apart = apart + distance[best] if mode == "mean" else np.minimum(apart, distance[best])
        if duplicates is not None:
            price[duplicates[best]] = PRICE
        if together is not None:
            free &= ~together[best]
    return np.array(chosen, np.int64)
