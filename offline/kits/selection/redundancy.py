"""How much a kit repeats itself, beside what simpler ways of choosing would have given.

- duplicates: the share of slices that another slice of the kit is nearly the same as: cosine above .95 between the
  slice means of harmonic log spectra, `Descriptors.harmonic`. It is what the choice is made by, whatever --compare
  says, so it tells whether the choice did what it should, not whether that sounds different.
- similarity: the mean cosine between all pairs of slices of their MFCC, `Descriptors.timbre`, less the mean over all
  candidates. 1: all the same; 0: as different as candidates of this record are. Nothing was chosen by it.
- probability: the mean strength of the chops. A slice that merely begins the record, with strength 0, is left out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.options import DUPLICATE
from samplechop.offline.kits.selection.distances import similarity

Figures = Mapping[str, Mapping[str, float]]
"""For each way of choosing: "duplicates", "similarity" and "probability"."""

DRAWS = 20
GRID_SECONDS = 0.05
"""How far a cut of the grid may lie from a candidate to have its strength."""


def duplicate_rate(harmonic: NDArray[np.float32]) -> float:
    """Give the share of slices, (n, d), with another one above .95 similarity; 0 for fewer than two."""
    if len(harmonic) < 2:
        return 0.0
    alike = similarity(harmonic)
    np.fill_diagonal(alike, 0.0)
    return float(np.mean(alike.max(axis=1) > DUPLICATE))


def mean_similarity(timbre: NDArray[np.float32], middle: NDArray[np.float32]) -> float:
    """Give the mean cosine between pairs of timbres, (n, m), less `middle`, (m,): -1..1; 0 for fewer than two."""
    n = len(timbre)
    if n < 2:
        return 0.0
    away = timbre.astype(np.float64) - middle
    units = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return float((np.square(units.sum(axis=0)).sum() - np.square(units).sum()) / (n * (n - 1)))


def figures(
    candidates: Sequence[Candidate],
    descriptors: Descriptors,
    chosen: ArrayLike,
    count: int,
    first: int,
    last: int,
    others: Mapping[str, ArrayLike] | None = None,
) -> dict[str, dict[str, float]]:
    """Judge a kit, `chosen`, and `count` slices chosen otherwise from the same candidates, in order of time.

    top-N: the strongest. random: 20 draws, averaged. grid: equal parts of the samples first..last; a part sounds like
    the candidate's slice in which it begins, and has a candidate's strength if it begins within 50 ms of one, else 0.
    others: more choices by name, indices. Gives for each its figures; nothing where there are no candidates.
    """
    if not candidates:
        return {}
    strength = np.array([candidate.strength for candidate in candidates])
    samples = np.array([candidate.sample for candidate in candidates], np.int64)
    middle = descriptors.timbre.mean(axis=0)

    def judged(indices: ArrayLike) -> dict[str, float]:
        which = np.asarray(indices, np.int64)
        return {
            "duplicates": duplicate_rate(descriptors.harmonic[which]),
            "similarity": mean_similarity(descriptors.timbre[which], middle),
            "probability": _mean(strength[which][strength[which] > 0]),
        }

    luck = np.random.default_rng(0)
    draws = [judged(luck.choice(len(samples), min(count, len(samples)), replace=False)) for _ in range(DRAWS)]
    cuts = first + np.arange(count) * (last - first) // max(count, 1)
    grid = judged(np.maximum(np.searchsorted(samples, cuts, side="right") - 1, 0))
    away = np.abs(samples - cuts[:, None])
    nearest = away.argmin(axis=1)
    hits = np.where(away.min(axis=1) <= GRID_SECONDS * descriptors.sample_rate, strength[nearest], 0.0)
    return {
        "kit": judged(chosen),
        "top-N": judged(np.argsort(-strength, kind="stable")[:count]),
        **{name: judged(indices) for name, indices in (others or {}).items()},
        "random": {name: float(np.mean([draw[name] for draw in draws])) for name in draws[0]},
        "grid": {**grid, "probability": _mean(hits)},
    }


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
