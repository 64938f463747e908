"""Which candidates become the kit.

Clean-up, the strongest, what suits where something is wanted, what is loud enough; then the best chops that are also
the most different. A greedy choice after Borodin, Lee and Ye, "Max-Sum Diversification, Monotone Submodular Functions
and Dynamic Updates" (arXiv 1203.6397): begin with the most probable, then always add the one with the largest

    score = (1 - diversity) * probability + diversity * distance to those already selected

where the distance is that to the nearest of them, or the mean of all, as in sampleChop (2017); the mean keeps
near-duplicates and prefers outliers. We add two things. Near-duplicates of a selected one, by cosine or as one of the
most alike pairs of the record, have their score lowered by `PRICE`. Candidates too close in time to a selected one are
left out altogether. `--classic` is the choice of 2017: no gate, no price, Euclidean distance of single frames over the
largest, mean distance.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.analysis.content import SUITABLE
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.core.options import ChopOptions, Distance
from samplechop.offline.kits.distances import NearDuplicates, Ranks, Rows, over_maximum
from samplechop.offline.project.model import HeldSlice
from samplechop.realtime.detectors.chop import DIAL

PRICE = 0.1
"""What being a near-duplicate costs. One is taken only where all else scores lower by as much, or nothing else is left:
a hard ban would fill the kit of a record that repeats itself with what is hardly a chop."""
SPREAD = 0.12
"""Most standard deviation with which strengths count: a record's own chops have .04 to .12. At a density they have
up to .28, as some of what is wanted is hardly likely; a kit of the likeliest would repeat itself like random picks."""
EDGE = 1e-3
"""How near to 0 and 1 a strength may be."""
LEAST_ODDS = 0.5
"""Standard deviation of log odds below which strokes are alike."""
STROKES = DIAL.index("hits") / (len(DIAL) - 1)
"""The density above which every chop is taken for a stroke of drums alone: as nearly all attacks are, they are sure."""
LAST = 10.0
"""What it costs to be chosen last: more than any score."""
TOGETHER_SECONDS = 0.03
"""Candidates closer than this are one."""
GATE_DB = 20.0
"""How far below the loud ones (the 90th percentile) a candidate may lie."""
REROLL = 0.1
"""How much luck may add to a probability when another set is asked for."""
FILL = 3
"""Candidates for each place that what is wanted leaves free."""
BAR_SECONDS = 0.07
"""How far beside a downbeat a chop still counts as the start of its bar."""
BAR = 1.0
"""What lying on a downbeat adds to a probability, when bar starts are preferred: more than any other chop can have."""


def select(
    candidates: Sequence[Candidate],
    descriptors: Descriptors,
    options: ChopOptions,
    locked: ArrayLike = (),
    downbeats: ArrayLike = (),
    sample_rate: int = 44_100,
    suits: ArrayLike | None = None,
    ranks: Ranks | None = None,
    held: tuple[ArrayLike, ArrayLike] = ((), ()),
) -> NDArray[np.int64]:
    """Choose the kit's chops; gives their indices into `candidates` in order of time.

    descriptors: of the candidates, in their order. locked: indices that stay, also where they are more than
    `options.most` or lie close together; one that would be chosen anyway changes nothing else of the kit.
    downbeats: samples at sample_rate Hz, used with `options.bars`.
    suits: how well each suits what is wanted, 0..1, a factor on its probability; what is not SUITABLE is left out,
    unless the kit would not be full. None where nothing is wanted.
    ranks: of the descriptors, where other kits are chosen from the same ones.
    held: indices of a kit before, which stay, and of what lies within its slices, which is only taken where nothing
    else is left: see `held_in`.
    Fewer than `options.most` are given only where there are fewer, after clean-up and --min-gap.
    """
    stay, within = (np.asarray(one, np.int64) for one in held)
    fixed = np.unique(np.concatenate([np.asarray(locked, np.int64), stay]))
    samples = np.array([candidate.sample for candidate in candidates], np.int64)
    strength = np.array([candidate.strength for candidate in candidates], np.float64)
    if options.weight > 0 and not options.classic:
        strokes = options.density is not None and options.density > STROKES
        strength = _narrowed(
            _evened(strength, np.array([strokes or candidate.alone for candidate in candidates], bool))
        )
    kept = _cleaned(samples, strength, fixed, round(TOGETHER_SECONDS * sample_rate))
    kept = _strongest(kept, strength, fixed, options)
    suitable = np.ones(len(strength)) if suits is None else np.asarray(suits, np.float64)
    kept = _suited(kept, suitable, strength, fixed, options)
    if not options.classic:
        kept = _loud(kept, descriptors.level_db, fixed, options.most)
    kept = kept[np.argsort(samples[kept], kind="stable")]
    probability = strength[kept] * suitable[kept]
    if options.bars:
        probability = probability + BAR * at_bars(samples[kept], np.asarray(downbeats, np.int64), sample_rate)
    if options.reroll:
        probability = probability + np.random.default_rng(options.reroll).uniform(0.0, REROLL, len(kept))
    apart: Rows
    duplicates, mode = None, options.distance
    if options.classic:
        apart, mode = over_maximum(descriptors.frame[kept]), "mean"
    else:
        apart = ranked = (ranks or Ranks(descriptors)).of(kept)
        if options.weight > 0:
            duplicates = NearDuplicates(ranked)
    together = None
    if options.min_gap:
        together = np.abs(samples[kept][:, None] - samples[kept]) < round(options.min_gap * sample_rate)
    wanted, start = np.flatnonzero(np.isin(kept, fixed)), np.flatnonzero(np.isin(kept, stay))
    last = np.isin(kept, within)
    while True:
        order = diversify(
            probability, apart, options.most, options.weight, mode, start.tolist(), duplicates, together, last
        )
        missing = np.setdiff1d(wanted, order)
        if not len(missing):
            return kept[np.sort(order)]
        start = np.union1d(start, missing)


def held_in(
    candidates: Sequence[Candidate], held: Mapping[int, HeldSlice]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give what `select` takes as held: indices of the candidates that are, and of those inside of a slice that is."""
    samples = np.array([candidate.sample for candidate in candidates], np.int64)
    stay = np.isin(samples, list(held))
    within = np.zeros(len(samples), bool)
    for at in samples[stay].tolist():
        within |= (samples > at) & (samples < held[at].end)
    return np.flatnonzero(stay), np.flatnonzero(within & ~stay)


def _evened(strength: NDArray[np.float64], alone: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give strengths, (n,), by which a stroke of drums alone and a chop of music are equals on average.

    Both are probabilities, of other things: that a stroke is one is nearly sure, so that a record's break would fill
    its kit, and of sixteen strokes it would not matter which. So strokes are spread by their log odds, SPREAD being
    their standard deviation, around the mean of the music's chops, or their own where that is lower; less far where
    one would be below 0, so that it would be chosen the sooner the less it suits. alone: bool (n,).
    """
    if not alone.any():
        return strength
    sure = np.clip(strength[alone], EDGE, 1 - EDGE)
    odds = np.log(sure / (1 - sure))
    ordered = np.sort(odds)  # or the order of the candidates would count, in the last bit of a sum
    means = [float(np.sort(each).mean()) for each in (sure, strength[~alone]) if len(each)]
    evened, mean = strength.copy(), min(means)
    spread = SPREAD * (odds - ordered.mean()) / max(float(ordered.std()), LEAST_ODDS)
    evened[alone] = mean + spread * min(1.0, max(0.0, mean - EDGE) / max(-float(spread.min()), EDGE))
    return evened


def _narrowed(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give strengths, (n,), in the same order and with the same mean, but a standard deviation of SPREAD at most.

    Thus a diversity means the same whatever they are.
    """
    ordered = np.sort(strength)  # or the order of the candidates would count, in the last bit of a sum
    spread = float(ordered.std()) if len(ordered) else 0.0
    if spread <= SPREAD:
        return strength
    mean = float(ordered.mean())
    return mean + (strength - mean) * (SPREAD / spread)


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
    best = kept[np.argsort(-strength[kept], kind="stable")][: max(options.candidates, options.most)]
    return kept[np.isin(kept, best) | np.isin(kept, fixed)]


def _suited(
    kept: NDArray[np.int64],
    suits: NDArray[np.float64],
    strength: NDArray[np.float64],
    fixed: NDArray[np.int64],
    options: ChopOptions,
) -> NDArray[np.int64]:
    """Leave out what is not wanted; where too few are left, the best of the others fill the kit up.

    FILL for each place: so that what fills it can be chosen, too, and does not repeat itself.
    """
    unwanted = (suits[kept] < SUITABLE[options.want]) & ~np.isin(kept, fixed)
    ranked = kept[np.lexsort((kept, -strength[kept], -suits[kept] * strength[kept], unwanted))]
    enough = int(np.sum(~unwanted))
    return ranked[: enough + FILL * max(0, options.most - enough)]


def _loud(
    kept: NDArray[np.int64], level_db: NDArray[np.float32], fixed: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Leave out the quiet, but not so many that the kit cannot be filled, and none that is fixed."""
    if len(kept) <= count:
        return kept
    levels = level_db[kept]
    least = min(np.quantile(levels, 0.9) - GATE_DB, np.sort(levels)[-count])
    return kept[(levels >= least) | np.isin(kept, fixed)]


def at_bars(samples: NDArray[np.int64], downbeats: NDArray[np.int64], sample_rate: int) -> NDArray[np.bool_]:
    """Say which samples, (n,), lie within BAR_SECONDS of a downbeat: bool (n,)."""
    if not len(downbeats):
        return np.zeros(len(samples), bool)
    ordered = np.sort(downbeats)
    after = np.searchsorted(ordered, samples).clip(0, len(ordered) - 1)
    nearest = np.minimum(np.abs(ordered[after] - samples), np.abs(ordered[np.maximum(after - 1, 0)] - samples))
    beside: NDArray[np.bool_] = nearest <= BAR_SECONDS * sample_rate
    return beside


def diversify(
    probability: NDArray[np.float64],
    distance: Rows,
    count: int,
    diversity: float,
    mode: Distance = "mean",
    start: Sequence[int] = (),
    duplicates: Rows | None = None,
    together: NDArray[np.bool_] | None = None,
    last: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Choose `count` of n candidates; gives their indices in the order they were chosen. Of equals the first is taken.

    probability: (n,). distance: (n, n), 0..1, symmetric. diversity: 0..1. mode: "mean" or "min".
    start: those that are chosen already; they come first, however many they are.
    duplicates: (n, n), pairs that are nearly the same. together: (n, n), pairs of which only one may be chosen.
    last: (n,), which are chosen only where no other is left.
    Fewer are given only where fewer are left. Raises ValueError for a count below 0 or diversity outside 0..1.
    """
    if count < 0 or not 0.0 <= diversity <= 1.0:
        raise ValueError(f"count must be 0 or more and diversity in 0..1, got {count} and {diversity}")
    n = len(probability)
    relevance = (1.0 - diversity) * np.asarray(probability, np.float64)
    apart = np.zeros(n) if mode == "mean" else np.full(n, np.inf)  # sum of distances, or the least
    price, free = np.zeros(n) if last is None else LAST * last, np.ones(n, bool)
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
            price[duplicates[best]] = np.maximum(price[duplicates[best]], PRICE)
        if together is not None:
            free &= ~together[best]
    return np.array(chosen, np.int64)
