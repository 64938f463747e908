"""Colours for the sounds of a map: by label, by their place in three dimensions, or by cluster."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import SLICES, UNUSED

COLOURINGS = ("class", "position", "k-means")
PALETTE = (*SLICES, "#8f7df0", "#ef5f5f", "#a8d65c", "#5fd6d0", "#f29bb2", "#b5895a")
"""Twelve that are apart on the dark ground."""
LEAST = 60
"""Least that a colour by position has of red, green and blue: on the dark ground, black would not be seen."""


def rgb(colour: str) -> NDArray[np.uint8]:
    """Give a colour such as "#57c278" as uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)


def frequent(labels: Sequence[str]) -> list[str]:
    """Give the labels that get a colour of their own, the most frequent first; no label gets none."""
    counts = Counter(label for label in labels if label)
    return sorted(counts, key=lambda label: (-counts[label], label))[: len(PALETTE)]


def by_label(labels: Sequence[str]) -> NDArray[np.uint8]:
    """Colour the most frequent labels, the rest grey: uint8 (n, 3)."""
    paint = dict(zip(frequent(labels), map(rgb, PALETTE), strict=False))
    return np.array([paint.get(label, rgb(UNUSED)) for label in labels], np.uint8).reshape(-1, 3)


def by_position(positions: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Take positions in three dimensions, (n, 3), 0..1, for red, green and blue: alike sounds look alike; (n, 3)."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    spread = np.where(high > low, (positions - low) / np.where(high > low, high - low, 1), 0.5)
    return np.round(LEAST + spread * (255 - LEAST)).astype(np.uint8)


def by_cluster(features: NDArray[np.float32], clusters: int, seed: int) -> NDArray[np.uint8]:
    """Colour the clusters that k-means finds among features, (n, d), the largest first: uint8 (n, 3)."""
    from sklearn.cluster import KMeans

    different = len(np.unique(features, axis=0))
    found = KMeans(min(clusters, different, len(PALETTE)), n_init=4, random_state=seed).fit_predict(features)
    order = np.argsort(-np.bincount(found), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.stack([rgb(colour) for colour in PALETTE])[place[found]]
