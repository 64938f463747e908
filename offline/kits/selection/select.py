"""Which candidates become the kit.

Clean-up, the strongest, what suits where something is wanted, what is loud enough; then the choice itself, see
`samplechop.offline.kits.selection.mmr`. `--classic` is the
choice of 2017: no gate, no ban, Euclidean distance of single frames over the largest, mean distance.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.analysis.content import SUITABLE
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.options import DUPLICATE, ChopOptions
from samplechop.offline.kits.selection import distances
from samplechop.offline.kits.selection.mmr import diversify

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


def choose(
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
