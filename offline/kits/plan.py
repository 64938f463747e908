"""What is to be cut out of a record, before anything is: the chops found, described, compared, and chosen from."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits import boundaries, decided, redundancy, selection
from samplechop.offline.kits.analysis import (
    beat_grid,
    candidates,
    content,
    corrected_grid,
    descriptors,
    tempo_and_key,
    tempo_changes,
)
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import Descriptors, Similarity
from samplechop.offline.kits.analysis.record_spectra import Spectra, spectra
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.core.tempo_map import TempoMap
from samplechop.offline.kits.distances import Ranks
from samplechop.offline.project.model import Chop, Grid, HeldSlice, Project

AS_DETECTED = Grid()
"""The beat grid, where nobody corrected it."""
SHORTEST = 0.15
"""Seconds that must be left of a record for a chop to be worth a pad: a session may end in the middle of a sound."""
MOST_CANDIDATES = 2000
"""Most that are compared with each other: every pair has a distance, and thousands would take gigabytes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from. found: all that was detected. places: what is compared, in order of time.

    everything: the places before the weakest of too many went. described: of places. locked: indices into places that
    must be chosen. bars: samples at which bars begin, empty where they are not clear.
    cuts: samples at which an equal grid cuts, to compare with; cut: described.
    suits: float64 (n,), how well places suit what is wanted, see `analysis.content`; None where nothing is.
    tempo_map: None where no tempo is clear. counts: with which all but the equal grid is the same. heard: what slices
    are described by. ranks, judge: of the places, made when they are asked for.
    """

    found: candidates.Found
    everything: tuple[Candidate, ...]
    places: tuple[Candidate, ...]
    described: Descriptors
    locked: NDArray[np.int64]
    bars: tuple[int, ...]
    cuts: NDArray[np.int64]
    cut: Descriptors
    suits: NDArray[np.float64] | None
    tempo_map: TempoMap | None
    counts: range
    heard: Spectra
    ranks: Ranks = field(compare=False)
    judge: redundancy.Judge = field(compare=False)

    def selected(self, options: ChopOptions, held: Mapping[int, HeldSlice] = {}) -> NDArray[np.int64]:
        """Select: indices into places, in order of time. held: slices that stay, by their places."""
        rate = self.described.sample_rate
        stay = selection.held_in(self.places, held)
        return selection.select(
            self.places, self.described, options, self.locked, self.bars, rate, self.suits, self.ranks, stay
        )

    def with_count(self, options: ChopOptions, first: int, last: int) -> "Choice":
        """Give the choice for another one of its `counts`, of the same samples first..last."""
        cuts, ends = _grid(options, len(self.places), first, last)
        return replace(self, cuts=cuts, cut=descriptors.describe_in(self.heard, cuts, ends, options.compare))

    def figures(
        self, chosen: NDArray[np.int64], others: Mapping[str, NDArray[np.int64]] | None = None
    ) -> redundancy.Figures:
        """Judge a selection beside simpler ways to choose, and others by name: see `redundancy.figures`."""
        return self.judge.figures(chosen, self.cuts, self.cut.timbre, others)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a record offers before any of it is compared. fixed: samples of the places that must be chosen.

    The others: see `Choice`.
    """

    found: candidates.Found
    everything: tuple[Candidate, ...]
    places: tuple[Candidate, ...]
    fixed: frozenset[int]
    bars: tuple[int, ...]
    tempo_map: TempoMap | None
    counts: range


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be cut, before anything is. similarity: of the pieces to each other, float32 (n, n), 0..1.

    at_bars: how many begin with a bar, None where bars are not clear. chops: what a project says of each piece, None
    where it says nothing; () without one. tempo_map: None where no tempo is clear. places: which were chosen, samples.
    held: what each was in the kit before, None where it was not in it; both () where nothing was chosen. silent:
    samples of the record's end that the last one leaves out.
    """

    pieces: tuple[Piece, ...]
    found: candidates.Found
    similarity: Similarity
    redundancy: redundancy.Figures
    at_bars: int | None = None
    chops: tuple[Chop | None, ...] = ()
    tempo_map: TempoMap | None = None
    places: tuple[int, ...] = ()
    held: tuple[HeldSlice | None, ...] = ()
    silent: int = 0

    def notes(self, start_note: int) -> list[int]:
        """Give each piece its MIDI note, see `decided.notes`."""
        nothing = (None,) * len(self.pieces)
        return decided.notes(self.chops or nothing, self.held or nothing, start_note)


def choice(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    progress: Progress = silent,
    detected: DetectedContent | None = None,
    project: Project | None = None,
) -> Choice:
    """Find the chops of the samples first..last and describe them.

    detected: by which to find out what is wanted. project: whose places are among them and must be chosen, and whose
    corrections of beats, bars and tempo count. Raises UserError for corrections that cannot be.
    """
    length = last - first
    found = candidates.find(record, options, first, last, lambda done: progress("detecting chops", done, length))
    there = offered(found, record, options, first, last, project)
    places, rate = there.places, record.sample_rate
    starts = np.array([place.sample for place in places], np.int64)
    stops = np.append(starts[1:], last)
    cuts, ends = _grid(options, len(places), first, last)
    heard = spectra(record, first, last)
    both = descriptors.describe_in(heard, np.append(starts, cuts), np.append(stops, ends), options.compare)
    described, cut = both.part(np.arange(len(starts))), both.part(np.arange(len(starts), len(both)))
    suits = None
    if detected is not None and options.want != "both":
        suits = content.suitability(detected, starts, stops, options.want)
    return Choice(
        found=there.found,
        everything=there.everything,
        places=places,
        described=described,
        locked=np.flatnonzero(np.isin(starts, list(there.fixed))),
        bars=there.bars,
        cuts=cuts,
        cut=cut,
        suits=suits,
        tempo_map=there.tempo_map,
        counts=there.counts,
        heard=heard,
        ranks=Ranks(described),
        judge=redundancy.Judge(places, described.timbre, rate),
    )


def offered(
    found: candidates.Found,
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    project: Project | None = None,
) -> Offered:
    """Give what there is in the samples first..last before any of it is compared. project: as in `choice`."""
    rate, chops = record.sample_rate, len(found.candidates) - found.others
    # Where the record begins, and with it the number of a bar, is the same whatever is wanted of it.
    attacks = found.usual or [one.sample for one in found.candidates]
    begins = boundaries.begins_with_sound(record, attacks, first, last, found.places)
    if found.tempo:
        beats = beat_grid.whole(found.beats, attacks, first, last, rate, begins)
        found = replace(found, beats=beats, tempo=tempo_and_key.tempo(beats, rate, found.open_octave) or found.tempo)
    origin = attacks[0] if attacks else first
    grid = project.grid if project else AS_DETECTED
    beats, tempo = corrected_grid.corrected(found.beats, found.tempo, grid, first, last, origin, rate)
    found = replace(found, beats=beats, tempo=tempo)
    if grid != AS_DETECTED:
        found = candidates.on_grid(found, options, rate)
        chops = min(chops, len(found.candidates) - found.others)
    found = replace(found, candidates=decided.merged(found.candidates, project, rate, first, last))
    bars = tempo_and_key.downbeats(beats) if tempo else ()  # bars are clear where the tempo is
    begins = begins and not decided.is_deleted(first, project, rate)
    opening = options.bars and bool(bars) and bars[0] - first <= selection.BAR_SECONDS * rate
    begun = boundaries.with_beginning(found.candidates, options, first, rate, begins, opening)
    mine = {chop.at for chop in decided.inside(project, first, last)}
    everything, fixed = boundaries.with_fixed(begun, options, rate, first, last, mine)
    must = frozenset(everything[index].sample for index in fixed)
    enough = _long_enough(everything, must, options.count or 1, last - round(SHORTEST * rate))
    tempi = tempo_changes.tempo_map(beats, tempo, rate, grid.ones, [one.at for one in grid.changes])
    least, most = len(options.lock) + (options.until == "chosen"), min(chops, len(found.candidates), len(enough))
    return Offered(
        found=found,
        everything=tuple(everything),
        places=tuple(_strongest(enough, must)),
        fixed=must,
        bars=bars,
        tempo_map=tempi,
        counts=range(least, most + 1) if least <= options.most <= most else range(0),
    )


def planned(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    progress: Progress = silent,
    detected: DetectedContent | None = None,
    project: Project | None = None,
) -> Plan:
    """Find the chops of the samples first..last and choose the best and most different, in order of time.

    detected: what `options.want` is judged by. project: what a person decided.
    """
    return plan_of(
        choice(record, options, first, last, progress, detected, project), record, options, first, last, project
    )


def plan_of(
    among: Choice, record: Record, options: ChopOptions, first: int, last: int, project: Project | None = None
) -> Plan:
    """Choose among what there is: see `planned`, and `choice` for what must be the same."""
    held = decided.held(project, options)
    chosen = among.selected(options, held if decided.is_held(project, options) else {})
    rate, beats = record.sample_rate, among.found.beats
    ends = options
    if not among.found.candidates and options.max_length is None and options.fixed_length is None:
        ends = replace(options, until="chosen")  # one slice, all there is
    meter = tempo_and_key.beats_per_bar(beats)
    taken = [among.places[index] for index in chosen]
    parts = boundaries.pieces(taken, among.everything, ends, rate, last, among.tempo_map, meter)
    stay = {chop.at for chop in decided.inside(project, first, last)}
    parts = boundaries.earlier(parts, round(options.pre_roll_ms / 1000 * rate), first, last, stay)
    parts = boundaries.snapped(parts, record, options.snap_ms, first, last, stay)
    whole = parts
    parts = boundaries.sounding(whole, record, ends)
    silent = sum(one.stop for one in whole) - sum(one.stop for one in parts)
    chops = decided.said(parts, project)
    kept = tuple(held.get(one.sample) for one in taken)
    parts = decided.ended(parts, chops, kept, last)
    beside = among.figures(chosen)
    starts = np.array([among.places[index].sample for index in chosen], np.int64)
    at_bars = int(selection.at_bars(starts, np.array(among.bars), rate).sum()) if among.bars else None
    return Plan(
        tuple(parts),
        among.found,
        among.described.similarity(chosen),
        beside,
        at_bars,
        chops,
        among.tempo_map,
        tuple(one.sample for one in taken),
        kept,
        silent,
    )


def _grid(options: ChopOptions, places: int, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give where the parts of an equal grid begin and end, as many as the kit has slices. places: that there are."""
    cuts = redundancy.grid(min(options.most, places), first, last)
    return cuts, np.append(cuts[1:], last)


def _long_enough(everything: Sequence[Candidate], fixed: Set[int], count: int, latest: int) -> Sequence[Candidate]:
    """Leave out what begins so late that the end of what is chopped makes a sliver of it, if the kit is full without.

    latest: sample. What is fixed stays.
    """
    kept = [one for one in everything if one.sample <= latest or one.sample in fixed]
    return kept if len(kept) >= count else everything


def _strongest(everything: Sequence[Candidate], fixed: Set[int]) -> list[Candidate]:
    """Leave out the weakest of too many; what is fixed stays."""
    if len(everything) <= MOST_CANDIDATES:
        return list(everything)
    samples = np.array([one.sample for one in everything], np.int64)
    strengths = np.array([one.strength for one in everything])
    ranked = np.lexsort((-strengths, ~np.isin(samples, list(fixed))))[:MOST_CANDIDATES]
    return [everything[index] for index in ranked[np.argsort(samples[ranked], kind="stable")].tolist()]
