"""What is to be cut out of a record, before anything is: the chops found, described, compared, and chosen from.

The figures of a kit stand beside those of simpler ways of choosing:

- duplicates: the share of slices that another slice of the kit is nearly the same as: cosine above .95 between the
  slice means of harmonic log spectra, `Descriptors.harmonic`. It is what the choice is made by, whatever --compare
  says, so it tells whether the choice did what it should, not whether that sounds different.
- similarity: the mean cosine between all pairs of slices of their MFCC, `Descriptors.timbre`, less the mean over all
  candidates. 1: all the same; 0: as different as candidates of this record are. Nothing was selected by it.
- probability: the mean strength of the chops. A slice that merely begins the record, with strength 0, is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits import boundaries, selection
from samplechop.offline.kits.analysis import candidates, content, descriptors, tempo_and_key
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import Descriptors, Similarity, similarity
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import DUPLICATE, ChopOptions
from samplechop.offline.kits.core.record import Record

DRAWS = 20
GRID_SECONDS = 0.05
"""How far a cut of the grid may lie from a candidate to have its strength."""
MOST_CANDIDATES = 2000
"""Most that are compared with each other: every pair has a distance, and thousands would take gigabytes."""
Figures = Mapping[str, Mapping[str, float]]
"""For each way of choosing: "duplicates", "similarity" and "probability"."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from. found: all that was detected. places: what is compared, in order of time.

    everything: the places before the weakest of too many went. described: of places. locked: indices into places that
    must be chosen. bars: samples at which bars begin, empty where they are not clear.
    suits: float64 (n,), how well places suit what is wanted, see `analysis.content`; None where nothing is.
    """

    found: candidates.Found
    everything: tuple[Candidate, ...]
    places: tuple[Candidate, ...]
    described: Descriptors
    locked: NDArray[np.int64]
    bars: tuple[int, ...]
    suits: NDArray[np.float64] | None = None

    def selected(self, options: ChopOptions) -> NDArray[np.int64]:
        """Select: indices into places, in order of time."""
        rate = self.described.sample_rate
        return selection.select(self.places, self.described, options, self.locked, self.bars, rate, self.suits)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be cut, before anything is. similarity: of the pieces to each other, float32 (n, n), 0..1.

    unwanted: how many of them are not what was wanted, and were not locked either.
    """

    pieces: tuple[Piece, ...]
    found: candidates.Found
    similarity: Similarity
    redundancy: Figures
    unwanted: int = 0


def choice(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    progress: Progress = silent,
    detected: DetectedContent | None = None,
) -> Choice:
    """Find the chops of the samples first..last and describe them. detected: by which to find out what is wanted."""
    rate, length = record.sample_rate, last - first
    found = candidates.find(record, options, first, last, lambda done: progress("detecting chops", done, length))
    begun = boundaries.with_beginning(record, found.candidates, options, first, last)
    everything, fixed = boundaries.with_fixed(begun, options, rate, first, last)
    must = {everything[index].sample for index in fixed}
    places = _strongest(everything, must)
    starts = np.array([place.sample for place in places], np.int64)
    stops = np.append(starts[1:], last)
    described = descriptors.describe(record, starts, stops, options.compare)
    suits = None
    if detected is not None and options.want != "both":
        suits = content.suitability(detected, starts, stops, options.want)
    locked = np.flatnonzero(np.isin(starts, list(must)))
    # Bars are clear where the tempo is.
    bars = tempo_and_key.downbeats(found.beats) if tempo_and_key.tempo(found.beats, rate) else ()
    return Choice(found, tuple(everything), tuple(places), described, locked, bars, suits)


def planned(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    progress: Progress = silent,
    detected: DetectedContent | None = None,
) -> Plan:
    """Find the chops of the samples first..last and choose the best and most different, in order of time.

    detected: what `options.want` is judged by.
    """
    among = choice(record, options, first, last, progress, detected)
    chosen = among.selected(options)
    rate, beats = record.sample_rate, among.found.beats
    ends = options
    if not among.found.candidates and options.max_length is None and options.until_seconds is None:
        ends = replace(options, until="chosen")  # one slice, all there is
    tempo = tempo_and_key.tempo(beats, rate)
    bpm, meter = float(tempo.value) if tempo else None, tempo_and_key.beats_per_bar(beats)
    parts = boundaries.pieces([among.places[index] for index in chosen], among.everything, ends, rate, last, bpm, meter)
    parts = boundaries.earlier(parts, round(options.pre_roll_ms / 1000 * rate), first, last)
    parts = boundaries.snapped(parts, record, options.snap_ms, first, last)
    beside = figures(among.places, among.described, chosen, len(chosen), first, last)
    unwanted = 0
    if among.suits is not None:
        free = np.setdiff1d(chosen, among.locked)
        unwanted = int(np.sum(among.suits[free] < content.SUITABLE[options.want]))
    return Plan(tuple(parts), among.found, among.described.similarity(chosen), beside, unwanted)


def _strongest(everything: Sequence[Candidate], fixed: set[int]) -> list[Candidate]:
    """Leave out the weakest of too many; what is fixed stays."""
    if len(everything) <= MOST_CANDIDATES:
        return list(everything)
    ranked = sorted(everything, key=lambda candidate: (candidate.sample not in fixed, -candidate.strength))
    return sorted(ranked[:MOST_CANDIDATES], key=lambda candidate: candidate.sample)


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
