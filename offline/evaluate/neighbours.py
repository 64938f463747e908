"""How well neighbours agree: whether the sounds near a sound are of its class.

For each sound of a class with enough members, its k nearest among all others (leave-one-out, Euclidean): the share of
them that are of its class, and whether most of them are (of classes that are equally frequent, that of the nearest).
Sounds of small classes are not judged, but they are among the neighbours, where they count as wrong.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.map.tsne_layout import nearest

NEIGHBOURS = 5
FEWEST = NEIGHBOURS + 1
"""Members with which a class can agree with all of its neighbours."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """share: of neighbours that are of the sound's class, 0..1. majority: share of sounds whose class most have."""

    share: float
    majority: float


def judged(labels: Sequence[str]) -> NDArray[np.bool_]:
    """Say for each sound whether its class has FEWEST members, bool (n,). A sound without label is of no class."""
    counts = Counter(labels)
    return np.array([bool(label) and counts[label] >= FEWEST for label in labels], bool)


def agreement(points: NDArray[np.floating], labels: Sequence[str]) -> Agreement:
    """Judge points, (n, d), by the classes of their neighbours. Raises ValueError if there is nothing to judge."""
    wanted = np.flatnonzero(judged(labels))
    if not len(wanted):
        raise ValueError(f"no class has {FEWEST} members")
    near = neighbours(points)
    shares, majorities = [], []
    for row in wanted.tolist():
        classes = [labels[other] for other in near[row].tolist()]
        shares.append(classes.count(labels[row]) / len(classes))
        majorities.append(Counter(classes).most_common(1)[0][0] == labels[row])  # of equals, that met first
    return Agreement(float(np.mean(shares)), float(np.mean(majorities)))


def neighbours(points: NDArray[np.floating]) -> NDArray[np.int64]:
    """Give the NEIGHBOURS nearest others of each point, nearest first: int64 (n, NEIGHBOURS); n above NEIGHBOURS."""
    found = nearest(points, points, NEIGHBOURS + 1)[0]
    # A point is its own nearest, unless others are just as near: whichever came last then goes.
    own = found == np.arange(len(points))[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(points), NEIGHBOURS)
