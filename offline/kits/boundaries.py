"""Where slices begin and end: the places that must be cut at, each slice's end, and small shifts of the cuts."""

import hashlib
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits import write_slices
from samplechop.offline.kits.analysis.attacks import rising
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import ChopOptions, Length
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.core.tempo_map import TempoMap
from samplechop.realtime.core.errors import UserError

BESIDE_SECONDS = 0.05
"""A chop this near to the record's beginning, or to a place that is locked, is that place."""
BEGINNING_DB = 20.0
"""How far below the chops a record's first moment may lie so that something begins there."""
BLIP_SECONDS = 0.1
"""A slice that is cut at its longest does not end so shortly after a place found, or the next attack would be a blip at
its end: it ends there."""
SILENT_DB, SILENT_SECONDS = -72.0, 0.1
"""What no slice holds at the end of a record. Nobody asked for it, so it must be sure: bells ring on at -60 dB, where
--trim ends them, and some hundredths of a second are how sounds end."""
_BLOCK = 65_536


def begins_with_sound(record: Record, found: Sequence[int], first: int, last: int, places: ArrayLike = ()) -> bool:
    """Say whether something begins with the sample `first`, though no chop was found there.

    found: samples of chops. places: others that may be found when more is wanted, whose powers are kept with theirs.

    A loop begins with its first sample, where the detector has nothing before to compare with. Something begins where
    the first moment is not BEGINNING_DB quieter than those of most candidates.
    """
    window = round(BESIDE_SECONDS * record.sample_rate)
    if not found:
        return False
    own = np.asarray(found, np.int64)
    starts = rising(np.concatenate([[first], own, np.asarray(places, np.int64)]))

    def make() -> NDArray[np.float64]:
        return _powers(record, starts, np.minimum(starts + window, last), first, last)

    facts = [first, last, hashlib.sha256(starts.tobytes()).hexdigest()]
    powers = make() if record.cache is None else record.cache.array("powers", facts, make)
    usual = float(np.median(powers[np.searchsorted(starts, own)]))
    return bool(powers[0] >= usual * 10 ** (-BEGINNING_DB / 10))


def with_beginning(
    found: Sequence[Candidate], options: ChopOptions, first: int, sample_rate: int, begins: bool, bar: bool = False
) -> Sequence[Candidate]:
    """Add the beginning to the candidates of a kit that they do not fill, if something begins there.

    begins: whether something does, see `begins_with_sound`. Nothing was found there: it is as strong as most.
    bar: a bar begins there, and bars are wanted: then it is added in any case.
    """
    window = round(BESIDE_SECONDS * sample_rate)
    if not begins or not found or min(one.sample for one in found) - first <= window:
        return found
    if not bar and len(found) >= options.most:
        return found
    return [Candidate(first, float(np.median([one.strength for one in found]))), *found]


def _powers(
    record: Record, starts: NDArray[np.int64], stops: NDArray[np.int64], first: int, last: int
) -> NDArray[np.float64]:
    """Give the mean square, float64 (n,), of what is analysed in each of the samples starts..stops.

    Both rise and lie in first..last, which is read once: how stereo is mixed depends on what came before.
    """
    energies = np.zeros(len(starts))
    at = first
    for mono in record.mono(_BLOCK, first, last):
        here = slice(np.searchsorted(stops, at, side="right"), np.searchsorted(starts, at + len(mono)))
        summed = np.concatenate([[0.0], np.cumsum(np.square(np.nan_to_num(mono), dtype=np.float64))])
        ends, begins = (np.clip(places[here] - at, 0, len(mono)) for places in (stops, starts))
        energies[here] += summed[ends] - summed[begins]
        at += len(mono)
    return energies / (stops - starts)


def with_fixed(
    candidates: Sequence[Candidate],
    options: ChopOptions,
    rate: int,
    first: int,
    last: int,
    stay: Collection[int] = (),
) -> tuple[list[Candidate], list[int]]:
    """Give the candidates in order of time together with the places that must be chosen, and the indices of those.

    Must be: what the user locked, and, where slices are the whole record in order or nothing was found, its beginning.
    A candidate within BESIDE_SECONDS is taken for such a place; the beginning keeps its own sample, or the whole would
    lose some. stay: places among the candidates that must be, too, whatever lies near them. Raises UserError for a
    place to lock outside of what is chopped, and for more of these than the kit has room for.
    """
    beside = round(BESIDE_SECONDS * rate)
    found = {candidate.sample: candidate for candidate in candidates}
    fixed: set[int] = set()
    for seconds in options.lock:
        wanted = round(seconds * rate)
        if not first <= wanted < last:
            part = f"{first / rate:g} to {last / rate:g} seconds"
            raise UserError(f"--lock {seconds:g} lies outside of what is chopped, {part}")
        near = min(found, key=lambda sample: abs(sample - wanted), default=wanted)
        place = near if abs(near - wanted) <= beside else wanted
        found.setdefault(place, Candidate(place, 1.0))
        fixed.add(place)
    if options.until == "chosen" or not found:
        absorbed = [sample for sample in found if sample - first <= beside and sample not in {*stay} - {first}]
        strength = max((found.pop(sample).strength for sample in absorbed), default=0.0)
        found[first] = Candidate(first, strength)
        fixed = {place for place in fixed if place - first > beside} | {first}
    if len(fixed) > options.most:
        raise UserError(f"--lock and the beginning are {len(fixed)} slices, --count leaves room for {options.most}")
    fixed |= {*stay}
    samples = sorted(found)
    ordered = [found[sample] for sample in samples]
    return ordered, sorted(bisect_left(samples, sample) for sample in fixed.intersection(samples))


def pieces(
    chosen: Sequence[Candidate],
    candidates: Sequence[Candidate],
    options: ChopOptions,
    rate: int,
    last: int,
    timeline: TempoMap | None = None,
    beats_per_bar: int = 4,
) -> list[Piece]:
    """Tell where the slice of each chosen candidate ends; both in order of time, all before the sample `last`.

    timeline: by which beats are counted, None where no tempo is clear; beats_per_bar: what bars mean.
    """

    def ends_of(length: Length) -> list[int]:
        beats = length.beats(beats_per_bar)
        if beats is None or timeline is None:
            samples = round(length.seconds(None, beats_per_bar) * rate)
            return [c.sample + max(1, samples) for c in chosen]
        return [max(c.sample + 1, round(timeline.later(c.sample, beats))) for c in chosen]

    if options.fixed_length is not None:
        stops = [min(last, end) for end in ends_of(options.fixed_length)]
    else:
        ends = [c.sample for c in (candidates if options.until == "candidate" else chosen)] + [last]
        after = np.searchsorted(ends, [candidate.sample for candidate in chosen], side="right")
        stops = [ends[index] for index in after.tolist()]
    if options.longest is not None:
        places = np.array([c.sample for c in candidates], np.int64)
        for index, (candidate, limit) in enumerate(zip(chosen, ends_of(options.longest), strict=True)):
            if stops[index] > limit:
                blip = min(round(BLIP_SECONDS * rate), (limit - candidate.sample) // 4)
                before = int(places[max(0, int(np.searchsorted(places, limit, side="right")) - 1)])
                stops[index] = before if limit - blip <= before else limit
    return [Piece(c.sample, stop, c.strength) for c, stop in zip(chosen, stops, strict=True)]


def earlier(parts: Sequence[Piece], samples: int, first: int, last: int, stay: Collection[int] = ()) -> list[Piece]:
    """Move every cut so many samples to the front, but the first's and last's and those that stay, none onto another.

    A cut between two slices moves for both, so that the slices stay the whole record.
    """
    moved = {first: first, last: last}
    before, taken = first, any(part.start == first for part in parts)
    for place in sorted({place for part in parts for place in (part.start, part.stop)} - {first, last}):
        before = moved[place] = place if place in stay else max(place - samples, before + taken)
        taken = True
    return [Piece(moved[part.start], moved[part.stop], part.strength) for part in parts]


def sounding(parts: Sequence[Piece], record: Record, options: ChopOptions) -> list[Piece]:
    """End the last slice where its sound does, if what the record goes on with is silence: a pad would only hold it.

    Silence lies SILENT_DB below the slice's own peak, and below full scale, for SILENT_SECONDS or more. Slices that are
    the whole record, or all of one length, stay so; what is cut by a harmonic part may sound where that does not.
    """
    if not parts or options.until == "chosen" or options.fixed_length is not None or options.harmonic:
        return list(parts)
    *others, end = parts
    shortest = round(SILENT_SECONDS * record.sample_rate)
    if write_slices.peak(record.blocks(_BLOCK, max(end.start, end.stop - shortest), end.stop)) > 10 ** (SILENT_DB / 20):
        return list(parts)  # whatever its peak is: most slices need not be read
    _, sound = write_slices.edges(lambda: record.blocks(_BLOCK, end.start, end.stop), SILENT_DB)
    silent = end.stop - end.start - sound
    if sound == 1 or silent < shortest:  # a slice of silence alone was meant so
        return list(parts)
    return [*others, replace(end, stop=end.start + sound)]


def snapped(
    parts: Sequence[Piece], record: Record, within_ms: float, first: int, last: int, stay: Collection[int] = ()
) -> list[Piece]:
    """Move every cut to the nearest zero crossing of what is analysed that is at most within_ms away, if there is one.

    A cut between two slices moves for both, so that the slices stay the whole record. stay: cuts that do not move.
    """
    reach = round(within_ms / 1000 * record.sample_rate)
    places = sorted({first, last} | {place for part in parts for place in (part.start, part.stop)})
    moved = {first: first, last: last}
    for before, place, after in zip(places, places[1:], places[2:], strict=False):
        # Less than half way to the neighbours: cuts must neither meet nor pass each other.
        near = min(reach, (place - before - 1) // 2, (after - place - 1) // 2)
        moved[place] = _crossing(record, place, near) if near > 0 and place not in stay else place
    return [Piece(moved[part.start], moved[part.stop], part.strength) for part in parts]


def _crossing(record: Record, place: int, reach: int) -> int:
    """Find the sample before which the signal changes its sign, nearest to place."""
    begin = max(0, place - reach)
    blocks = record.mono(2 * reach + 2, max(0, begin - 1), min(record.length, place + reach + 1))
    negative = np.signbit(np.concatenate(list(blocks)))
    crossings = np.flatnonzero(negative[1:] != negative[:-1]) + max(0, begin - 1) + 1
    if not len(crossings):
        return place
    return int(crossings[np.abs(crossings - place).argmin()])
