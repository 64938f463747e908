"""From chosen places to pieces: where each slice begins and ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.open import Record
from samplechop.offline.kits.options import ChopOptions
from samplechop.realtime.core.errors import UserError

BESIDE_SECONDS = 0.05
"""A chop this near to the record's beginning, or to a place that is locked, is that place."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the record: samples start..stop, stop is one past the last. strength: of the chop it begins with."""

    start: int
    stop: int
    strength: float


def with_fixed(
    candidates: Sequence[Candidate], options: ChopOptions, rate: int, first: int, last: int
) -> tuple[list[Candidate], list[int]]:
    """Give the candidates in order of time together with the places that must be chosen, and the indices of those.

    Must be: what the user locked, and, where slices are the whole record in order or nothing was found, its beginning.
    A candidate within BESIDE_SECONDS is taken for such a place; the beginning keeps its own sample, or the whole would
    lose some. Raises UserError for a place to lock outside of what is chopped, and for more than the kit has room for.
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
        absorbed = [sample for sample in found if sample - first <= beside]
        strength = max((found.pop(sample).strength for sample in absorbed), default=0.0)
        found[first] = Candidate(first, strength)
        fixed = {place for place in fixed if place - first > beside} | {first}
    if len(fixed) > options.count:
        raise UserError(f"--lock and the beginning are {len(fixed)} slices, --count leaves room for {options.count}")
    ordered = sorted(found.values(), key=lambda candidate: candidate.sample)
    return ordered, [index for index, candidate in enumerate(ordered) if candidate.sample in fixed]


def pieces(
    chosen: Sequence[Candidate], candidates: Sequence[Candidate], options: ChopOptions, rate: int, last: int
) -> list[Piece]:
    """Tell where the slice of each chosen candidate ends; both in order of time, all before the sample `last`."""
    seconds = options.until_seconds
    if seconds is not None:
        stops = [min(last, candidate.sample + max(1, round(seconds * rate))) for candidate in chosen]
    else:
        ends = [c.sample for c in (chosen if options.until == "chosen" else candidates)] + [last]
        after = np.searchsorted(ends, [candidate.sample for candidate in chosen], side="right")
        stops = [ends[index] for index in after.tolist()]
    if options.max_length is not None:
        longest = max(1, round(options.max_length * rate))
        stops = [min(stop, c.sample + longest) for stop, c in zip(stops, chosen, strict=True)]
    return [Piece(c.sample, stop, c.strength) for c, stop in zip(chosen, stops, strict=True)]


def snapped(parts: Sequence[Piece], record: Record, within_ms: float, first: int, last: int) -> list[Piece]:
    """Move every cut to the nearest zero crossing of the channels' sum that is at most within_ms away, if there is one.

    A cut between two slices moves for both, so that the slices stay the whole record.
    """
    reach = round(within_ms / 1000 * record.sample_rate)
    places = sorted({first, last} | {place for part in parts for place in (part.start, part.stop)})
    moved = {first: first, last: last}
    for before, place, after in zip(places, places[1:], places[2:], strict=False):
        # Less than half way to the neighbours: cuts must neither meet nor pass each other.
        near = min(reach, (place - before - 1) // 2, (after - place - 1) // 2)
        moved[place] = _crossing(record, place, near) if near > 0 else place
    return [Piece(moved[part.start], moved[part.stop], part.strength) for part in parts]


def _crossing(record: Record, place: int, reach: int) -> int:
    """Find the sample before which the signal changes its sign, nearest to place."""
    begin = max(0, place - reach)
    blocks = list(record.blocks(2 * reach + 2, max(0, begin - 1), min(record.length, place + reach + 1)))
    mono = np.concatenate(blocks).sum(axis=1)
    negative = np.signbit(mono)
    crossings = np.flatnonzero(negative[1:] != negative[:-1]) + max(0, begin - 1) + 1
    if not len(crossings):
        return place
    return int(crossings[np.abs(crossings - place).argmin()])
