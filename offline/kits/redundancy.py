"""How much a kit repeats itself, beside simpler ways of choosing as many slices from the same record.

Slices are compared by what nothing was selected by, `Descriptors.timbre`, over the same length from each one's start:
Euclidean distance of MFCC, each coefficient over its standard deviation among the record's candidates. What a listener
minds is the other slice that is most alike, not the average one, so each counts by its nearest neighbour:

- repeats: the share of slices that sound nearly like another one chosen: nearer than NEAR of all pairs of candidates;
  less is better. That two have the same harmony is another matter, by which they are chosen.
- distance: the mean distance of a slice to the nearest other one, where that of random picks is 1; more
  is better.
- probability: the mean strength of the chops. A slice that merely begins the record, with strength 0, is left out.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.core.model import Candidate

DRAWS = 50
NEAR = 0.05
GRID_SECONDS = 0.05
"""How far a cut of the grid may lie from a candidate to have its strength."""
_COMPARED = 600
"""Candidates, evenly spread, that tell how far apart sounds of the record are."""

Figures = Mapping[str, Mapping[str, float]]
"""For each way of choosing: "repeats", "distance" and "probability"."""
Judged = tuple[float, float, float]


def grid(count: int, first: int, last: int) -> NDArray[np.int64]:
    """Give the samples at which `count` equal parts of first..last begin."""
    return first + np.arange(count, dtype=np.int64) * (last - first) // max(count, 1)


def figures(
    candidates: Sequence[Candidate],
    timbre: NDArray[np.float32],
    chosen: ArrayLike,
    cuts: ArrayLike,
    cut_timbre: NDArray[np.float32],
    sample_rate: int,
    others: Mapping[str, ArrayLike] | None = None,
) -> dict[str, dict[str, float]]:
    """Judge a kit once, see `Judge`."""
    return Judge(candidates, timbre, sample_rate).figures(chosen, cuts, cut_timbre, others)


class Judge:
    """Judges kits of one record. What it is judged by is kept for the next kit: how far sounds are apart, random picks.

    candidates: in order of time, places at sample_rate Hz. timbre: (n, d), of them.
    """

    def __init__(self, candidates: Sequence[Candidate], timbre: NDArray[np.float32], sample_rate: int) -> None:
        """Judge kits of these candidates."""
        self._candidates, self._timbre, self._rate = candidates, timbre, sample_rate
        self._luck: tuple[int, Judged] | None = None

    def figures(
        self,
        chosen: ArrayLike,
        cuts: ArrayLike,
        cut_timbre: NDArray[np.float32],
        others: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, dict[str, float]]:
        """Judge a kit, `chosen`, and as many slices chosen otherwise from the same candidates, in order of time.

        cut_timbre: (m, d), of slices that begin at the samples `cuts`, an equal grid.
        strongest: those of the highest strength. random: DRAWS draws, averaged. others: more choices by name, indices
        into candidates. A cut of the grid has a candidate's strength if it lies within 50 ms of one, else 0. Nothing
        for less than two slices, or where all candidates are chosen: then there is nothing to compare, or no other
        choice.
        """
        if not 1 < len(np.atleast_1d(chosen)) < len(self._candidates):
            return {}
        indices, places = np.asarray(chosen, np.int64), np.asarray(cuts, np.int64)
        away = np.abs(self._samples - places[:, None])
        hit = away.min(axis=1, initial=np.iinfo(np.int64).max) <= GRID_SECONDS * self._rate
        sure = np.where(hit, self._strength[away.argmin(axis=1)], 0.0)
        ways = {
            "kit": self._judged(indices),
            "strongest": self._judged(np.argsort(-self._strength, kind="stable")[: len(indices)]),
            **{name: self._judged(np.asarray(other, np.int64)) for name, other in (others or {}).items()},
            "random": self._by_luck(len(indices)),
            "grid": (*_nearest(cut_timbre / self._scale, self._near), _mean(sure)),
        }
        unit = ways["random"][1] or 1.0
        return {
            name: {"repeats": repeats, "distance": distance / unit, "probability": probability}
            for name, (repeats, distance, probability) in ways.items()
        }

    def _judged(self, which: NDArray[np.int64]) -> Judged:
        strength = self._strength[which]
        return *_nearest(self._sounds[which], self._near), _mean(strength[strength > 0])

    def _by_luck(self, count: int) -> Judged:
        if self._luck is None or self._luck[0] != count:
            luck = np.random.default_rng(0)
            draws = np.stack([luck.choice(len(self._samples), count, replace=False) for _ in range(DRAWS)])
            nearest = _to_nearest(self._sounds[draws])
            sure = [_mean(strength[strength > 0]) for strength in self._strength[draws]]
            judged = np.stack([np.mean(nearest <= self._near, axis=1), nearest.mean(axis=1), sure], axis=1)
            repeats, distance, probability = judged.mean(axis=0).tolist()
            self._luck = count, (repeats, distance, probability)
        return self._luck[1]

    @cached_property
    def _samples(self) -> NDArray[np.int64]:
        return np.array([candidate.sample for candidate in self._candidates], np.int64)

    @cached_property
    def _strength(self) -> NDArray[np.float64]:
        return np.array([candidate.strength for candidate in self._candidates])

    @cached_property
    def _scale(self) -> NDArray[np.float64]:
        scale = self._timbre.std(axis=0, dtype=np.float64)
        return np.where(scale > 1e-6, scale, 1.0)

    @cached_property
    def _sounds(self) -> NDArray[np.float64]:
        sounds: NDArray[np.float64] = self._timbre / self._scale
        return sounds

    @cached_property
    def _near(self) -> float:
        return _near(self._sounds)


def _near(sounds: NDArray[np.float64]) -> float:
    """Give the distance below which NEAR of all pairs lie."""
    some = sounds[np.unique(np.linspace(0, len(sounds) - 1, min(len(sounds), _COMPARED)).astype(np.int64))]
    if len(some) < 2:
        return 0.0
    return float(np.quantile(_distances(some)[np.tri(len(some), k=-1, dtype=bool)], NEAR))


def _nearest(sounds: NDArray[np.float64], near: float) -> tuple[float, float]:
    """Give the share of sounds, (n, d), with another one nearer than `near`, and the mean distance to the nearest."""
    if len(sounds) < 2:
        return 0.0, 0.0
    nearest = _to_nearest(sounds)
    return float(np.mean(nearest <= near)), float(nearest.mean())


def _to_nearest(sounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the distance of each of the sounds, (…, n, d), to the nearest other one: (…, n)."""
    distances = _distances(sounds)
    every = np.arange(sounds.shape[-2])
    distances[..., every, every] = np.inf
    nearest: NDArray[np.float64] = distances.min(axis=-1)
    return nearest


def _distances(sounds: NDArray[np.float64]) -> NDArray[np.float64]:
    products = np.einsum("...id,...jd->...ij", sounds, sounds)  # not by BLAS, whose last bit depends on its threads
    squares = np.diagonal(products, axis1=-2, axis2=-1)
    summed = squares[..., :, None] + squares[..., None, :]
    distances: NDArray[np.float64] = np.sqrt(np.maximum(summed - 2 * products, 0.0))
    return distances


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
