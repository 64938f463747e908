"""Which candidates become the kit, and how much the kit then repeats itself.

Clean-up, the strongest, what suits where something is wanted, what is loud enough; then Maximal Average
Diversification: take the best chops that are also the most different. A greedy choice after Borodin, Lee and Ye,
"Max-Sum Diversification, Monotone Submodular Functions and Dynamic Updates" (arXiv 1203.6397): begin with the most
probable, then always add the one with the largest

    score = (1 - diversity) * probability + diversity * distance to those already selected

where the distance is the mean of all, as in sampleChop (2017), or that to the nearest of them. We add two things.
Near-duplicates of a selected one are as good as banned: their score is lowered by `PRICE`. Candidates too close in time
to a selected one are left out altogether. `--classic` is the choice of 2017: no gate, no ban, Euclidean distance of
single frames over the largest, mean distance.

The figures of a kit stand beside those of simpler ways of choosing:

- duplicates: the share of slices that another slice of the kit is nearly the same as: cosine above .95 between the
  slice means of harmonic log spectra, `Descriptors.harmonic`. It is what the choice is made by, whatever --compare
  says, so it tells whether the choice did what it should, not whether that sounds different.
- similarity: the mean cosine between all pairs of slices of their MFCC, `Descriptors.timbre`, less the mean over all
  candidates. 1: all the same; 0: as different as candidates of this record are. Nothing was selected by it.
- probability: the mean strength of the chops. A slice that merely begins the record, with strength 0, is left out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.analysis import distances
from samplechop.offline.kits.analysis.content import SUITABLE
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.analysis.distances import similarity
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.core.options import DUPLICATE, ChopOptions, Distance

PRICE = 0.2
"""What being a near-duplicate costs. One is taken only where all else scores lower by as much, or nothing else is left:
a hard ban would fill the kit of a record that repeats itself with what is hardly a chop."""
Figures = Mapping[str, Mapping[str, float]]
"""For each way of choosing: "duplicates", "similarity" and "probability"."""

DRAWS = 20
GRID_SECONDS = 0.05
"""How far a cut of the grid may lie from a candidate to have its strength."""
TOGETHER_SECONDS = 0.03
"""Candidates closer than this are one."""
GATE_DB = 20.0
"""How far below the loud ones (the 90th percentile) a candidate may lie."""
REROLL = 0.1
"""How much luck may add to a probability when another set is asked for."""
BAR_SECONDS = 0.07
"""How far beside a downbeat a chop still counts as the start of its bar."""
BAR = 0.3
"""What lying on a downbeat adds to a probability, when bar starts are preferred."""


def select(
    candidates: Sequence[Candidate],
    descriptors: Descriptors,
    options: ChopOptions,
    locked: ArrayLike = (),
    downbeats: ArrayLike = (),
    sample_rate: int = 44_100,
    suits: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Choose the kit's chops; gives their indices into `candidates` in order of time.

    descriptors: of the candidates, in their order. locked: indices that stay, also where they are more than
    `options.count` or lie close together. downbeats: samples at sample_rate Hz, used with `options.bars`.
    suits: how well each suits what is wanted, 0..1, a factor on its probability; what is not SUITABLE is left out,
    unless the kit would not be full. None where nothing is wanted.
    Fewer than `options.count` are given only where there are fewer, after clean-up and --min-gap.
    """
    fixed = np.unique(np.asarray(locked, np.int64))
    samples = np.array([candidate.sample for candidate in candidates], np.int64)
    strength = np.array([candidate.strength for candidate in candidates], np.float64)
    kept = _cleaned(samples, strength, fixed, round(TOGETHER_SECONDS * sample_rate))
    kept = _strongest(kept, strength, fixed, options)
    suitable = np.ones(len(strength)) if suits is None else np.asarray(suits, np.float64)
    kept = _suited(kept, suitable, strength, fixed, options)
    if not options.classic:
        kept = _loud(kept, descriptors.level_db, fixed, options.count)
    kept = kept[np.argsort(samples[kept], kind="stable")]
    probability = strength[kept] * suitable[kept]
    if options.bars:
        probability = probability + BAR * _beside(samples[kept], np.asarray(downbeats, np.int64), sample_rate)
    if options.reroll:
        probability = probability + np.random.default_rng(options.reroll).uniform(0.0, REROLL, len(kept))
    duplicates, mode = None, options.distance
    if options.classic:
        apart, mode = distances.over_maximum(descriptors.frame[kept]), "mean"
    else:
        alike = descriptors.similarity(kept)
        apart = distances.ranked(alike)
        if options.weight > 0:
            duplicates = alike > DUPLICATE
    together = None
    if options.min_gap:
        together = np.abs(samples[kept][:, None] - samples[kept]) < round(options.min_gap * sample_rate)
    start = np.flatnonzero(np.isin(kept, fixed)).tolist()
    order = diversify(probability, apart, options.count, options.weight, mode, start, duplicates, together)
    return kept[np.sort(order)]


def _cleaned(
    samples: NDArray[np.int64], strength: NDArray[np.float64], fixed: NDArray[np.int64], gap: int
) -> NDArray[np.int64]:
    """Keep the strongest of those closer than `gap`, and all that are fixed."""
    kept: list[int] = []
    for index in np.argsort(samples, kind="stable"):
        near = bool(kept) and samples[index] - samples[kept[-1]] < gap
        if not near or (index in fixed and kept[-1] in fixed):
            kept.append(int(index))
        elif index in fixed or (kept[-1] not in fixed and strength[index] > strength[kept[-1]]):
            kept[-1] = int(index)
    return np.array(kept, np.int64)


def _strongest(
    kept: NDArray[np.int64], strength: NDArray[np.float64], fixed: NDArray[np.int64], options: ChopOptions
) -> NDArray[np.int64]:
    """Keep the `options.candidates` strongest, but not fewer than the kit needs, and all that are fixed."""
    if options.candidates is None:
        return kept
    best = kept[np.argsort(-strength[kept], kind="stable")][: max(options.candidates, options.count)]
    return kept[np.isin(kept, best) | np.isin(kept, fixed)]


def _suited(
    kept: NDArray[np.int64],
    suits: NDArray[np.float64],
    strength: NDArray[np.float64],
    fixed: NDArray[np.int64],
    options: ChopOptions,
) -> NDArray[np.int64]:
    """Leave out what is not wanted; where too few are left, the best of the others fill the kit up."""
    unwanted = (suits[kept] < SUITABLE[options.want]) & ~np.isin(kept, fixed)
    ranked = kept[np.lexsort((kept, -strength[kept], -suits[kept] * strength[kept], unwanted))]
    return ranked[: max(int(np.sum(~unwanted)), options.count)]


def _loud(
    kept: NDArray[np.int64], level_db: NDArray[np.float32], fixed: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Leave out the quiet, but not so many that the kit cannot be filled, and none that is fixed."""
    if len(kept) <= count:
        return kept
    levels = level_db[kept]
    least = min(np.quantile(levels, 0.9) - GATE_DB, np.sort(levels)[-count])
    return kept[(levels >= least) | np.isin(kept, fixed)]


def _beside(samples: NDArray[np.int64], downbeats: NDArray[np.int64], sample_rate: int) -> NDArray[np.bool_]:
    """Say which samples lie beside a downbeat."""
    if not len(downbeats):
        return np.zeros(len(samples), bool)
    ordered = np.sort(downbeats)
    after = np.searchsorted(ordered, samples).clip(0, len(ordered) - 1)
    nearest = np.minimum(np.abs(ordered[after] - samples), np.abs(ordered[np.maximum(after - 1, 0)] - samples))
    beside: NDArray[np.bool_] = nearest <= BAR_SECONDS * sample_rate
    return beside


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
