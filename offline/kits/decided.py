"""What a project says of a kit: places that are candidates, or must be chosen, where slices end, which pads they get.

The person's places win: they are never chosen from, moved or left out; candidates near them, and near what was deleted,
go. So another model, density or count changes everything but them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import NOTES, ChopOptions
from samplechop.offline.project.model import Chop, Project
from samplechop.realtime.core.errors import UserError

_place = attrgetter("sample")
NEAR_SECONDS = 0.03
"""A candidate so near to a place is that place."""


def merged(
    found: Sequence[Candidate], project: Project | None, rate: int, first: int, last: int
) -> tuple[Candidate, ...]:
    """Give the candidates with the person's places among them, in order of time, and without what was deleted.

    found: in order of time. Those that replace a candidate have its strength, others 1. Raises UserError for more than
    there are pads.
    """
    if project is None:
        return tuple(found)
    mine = inside(project, first, last)
    if len(mine) > NOTES:
        raise UserError(f"the project has {len(mine)} chops, more than there are pads, {NOTES}: delete or release some")
    near = round(NEAR_SECONDS * rate)
    touched: set[int] = set()
    for place in {*project.deleted, *(at for chop in mine for at in (chop.at, chop.origin) if at is not None)}:
        low, high = (bisect_left(found, at, key=_place) for at in (place - near + 1, place + near))
        touched.update(range(low, high))
    if not mine and not touched:
        return tuple(found)
    replaced: dict[str, Candidate] = {}
    kept = []
    for index, one in enumerate(found):
        if index not in touched:
            kept.append(one)
            continue
        same = [chop for chop in mine if abs(one.sample - chop.at) < near or _is_origin(one, chop, near)]
        for chop in same:
            best = max(one, replaced.get(chop.id, one), key=lambda each: each.strength)
            replaced[chop.id] = best
        if not same and not is_deleted(one.sample, project, rate):
            kept.append(one)
    new = [replaced.get(chop.id, Candidate(chop.at, 1.0))._replace(sample=chop.at) for chop in mine]
    return tuple(sorted([*kept, *new], key=_place))


def _is_origin(candidate: Candidate, chop: Chop, near: int) -> bool:
    return chop.origin is not None and abs(candidate.sample - chop.origin) < near


def inside(project: Project | None, first: int, last: int) -> list[Chop]:
    """Give the person's chops in the part first..last."""
    return [chop for chop in project.chops if first <= chop.at < last] if project else []


def is_deleted(sample: int, project: Project | None, rate: int) -> bool:
    """Say whether somebody wants no chop at a place."""
    near = round(NEAR_SECONDS * rate)
    return project is not None and any(abs(sample - place) < near for place in project.deleted)


def said(pieces: Sequence[Piece], project: Project | None) -> tuple[Chop | None, ...]:
    """Give what was said of each piece, None for the machine's."""
    chops = {chop.at: chop for chop in project.chops} if project else {}
    return tuple(chops.get(piece.start) for piece in pieces)


def ended(pieces: Sequence[Piece], chops: Sequence[Chop | None], last: int) -> list[Piece]:
    """End pieces where somebody said so, but no later than the sample `last`."""
    return [
        piece if chop is None or chop.end is None else replace(piece, stop=min(chop.end, last))
        for piece, chop in zip(pieces, chops, strict=True)
    ]


def notes(chops: Sequence[Chop | None], start_note: int) -> list[int]:
    """Give each piece its MIDI note: its own where it has one, else in order of time the next that is nobody's.

    From start_note on upwards, then below it.
    """
    given = {chop.note for chop in chops if chop is not None and chop.note is not None}
    free = (note for note in (*range(start_note, NOTES), *reversed(range(start_note))) if note not in given)
    return [next(free) if chop is None or chop.note is None else chop.note for chop in chops]


def remarks(project: Project | None, options: ChopOptions, first: int, last: int) -> list[str]:
    """Say where decisions and options do not go together, and what was done."""
    if project is None:
        return []
    mine, notes = inside(project, first, last), []
    if outside := len(project.chops) - len(mine):
        notes.append(f"{outside} of {len(project.chops)} chops of the project lie outside of what is chopped")
    if len(mine) > options.most:
        notes.append(f"the project has {len(mine)} chops, more than --count {options.most}: all are in the kit")
    return notes
