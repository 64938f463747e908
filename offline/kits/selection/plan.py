"""What is to be cut out of a record, before anything is: the chops found, described, compared, and chosen from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits.analysis import candidates, content, descriptors, tempo
from samplechop.offline.kits.analysis.content_detectors import Sounds
from samplechop.offline.kits.analysis.descriptors import Descriptors, Similarity
from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.open import Record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.selection import redundancy, select
from samplechop.offline.kits.slices import slicing

MOST_CANDIDATES = 2000
"""Most that are compared with each other: every pair has a distance, and thousands would take gigabytes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from. found: all that was heard. places: what is compared, in order of time.

    everything: the places before the weakest of too many went. described: of places. locked: indices into places that
    must be chosen. bars: samples at which bars begin, empty where they are not clear. span: samples first and last.
    suits: float64 (n,), how well places suit what is wanted, see `analysis.content`; None where nothing is.
    """

    found: candidates.Found
    everything: tuple[Candidate, ...]
    places: tuple[Candidate, ...]
    described: Descriptors
    locked: NDArray[np.int64]
    bars: tuple[int, ...]
    span: tuple[int, int]
    suits: NDArray[np.float64] | None = None

    def chosen(self, options: ChopOptions) -> NDArray[np.int64]:
        """Choose: indices into places, in order of time."""
        rate = self.described.sample_rate
        return select.choose(self.places, self.described, options, self.locked, self.bars, rate, self.suits)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be cut, before anything is. similarity: of the pieces to each other, float32 (n, n), 0..1.

    unwanted: how many of them are not what was wanted, and were not locked either.
    """

    pieces: tuple[slicing.Piece, ...]
    found: candidates.Found
    similarity: Similarity
    redundancy: redundancy.Figures
    unwanted: int = 0


def choice(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    told: Progress = silent,
    sounds: Sounds | None = None,
) -> Choice:
    """Find the chops of the samples first..last and describe them. sounds: by which to find out what is wanted."""
    rate, length = record.sample_rate, last - first
    found = candidates.find(record, options, first, last, lambda done: told("listening", done, length))
    everything, fixed = slicing.with_fixed(found.candidates, options, rate, first, last)
    must = {everything[index].sample for index in fixed}
    places = _strongest(everything, must)
    starts = np.array([place.sample for place in places], np.int64)
    stops = np.append(starts[1:], last)
    described = descriptors.describe(record, starts, stops, options.compare)
    suits = None
    if sounds is not None and options.want != "both":
        suits = content.suitability(sounds, starts, stops, options.want)
    locked = np.flatnonzero(np.isin(starts, list(must)))
    # Bars are clear where the tempo is.
    bars = tempo.downbeats(found.beats) if tempo.tempo(found.beats, rate) else ()
    return Choice(found, tuple(everything), tuple(places), described, locked, bars, (first, last), suits)


def planned(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    told: Progress = silent,
    sounds: Sounds | None = None,
) -> Plan:
    """Find the chops of the samples first..last and choose the best and most different, in order of time.

    sounds: what `options.want` is judged by.
    """
    among = choice(record, options, first, last, told, sounds)
    chosen = among.chosen(options)
    parts = slicing.pieces(
        [among.places[index] for index in chosen], among.everything, options, record.sample_rate, last
    )
    parts = slicing.snapped(parts, record, options.snap_ms, first, last)
    figures = redundancy.figures(among.places, among.described, chosen, len(chosen), first, last)
    unwanted = 0
    if among.suits is not None:
        free = np.setdiff1d(chosen, among.locked)
        unwanted = int(np.sum(among.suits[free] < content.SUITABLE[options.want]))
    return Plan(tuple(parts), among.found, among.described.similarity(chosen), figures, unwanted)


def _strongest(everything: Sequence[Candidate], fixed: set[int]) -> list[Candidate]:
    """Leave out the weakest of too many; what is fixed stays."""
    if len(everything) <= MOST_CANDIDATES:
        return list(everything)
    ranked = sorted(everything, key=lambda candidate: (candidate.sample not in fixed, -candidate.strength))
    return sorted(ranked[:MOST_CANDIDATES], key=lambda candidate: candidate.sample)
