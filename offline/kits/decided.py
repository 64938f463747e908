"""What a project says of a kit: places that are candidates, or must be chosen, where slices end, which pads they get.

The person's places win: they are never chosen from, moved or left out; candidates near them, and near what was deleted,
go. So another model, density or count changes everything but them. And a decision changes nothing but what it is about:
the kit that it was made in is held, see `hold`, for as long as it is chosen by the same options.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import NOTES, WHAT, ChopOptions
from samplechop.offline.project.model import Chop, HeldSlice, Project
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import options_of

if TYPE_CHECKING:
    from samplechop.offline.kits.plan import Plan

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
        raise UserError(
            f"you decided on {len(mine)} chops, more than there are pads, {NOTES}: leave some out, or chop a part "
            "with --start and --end"
        )
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


def ended(
    pieces: Sequence[Piece], chops: Sequence[Chop | None], kept: Sequence[HeldSlice | None], last: int
) -> list[Piece]:
    """End pieces where somebody said so, or where they ended when they were locked, but no later than `last`."""
    ends = [
        chop.end or (one.end if one and chop.locked else None) if chop else None
        for chop, one in zip(chops, kept, strict=True)
    ]
    return [
        piece if end is None or end <= piece.start else replace(piece, stop=min(end, last))
        for piece, end in zip(pieces, ends, strict=True)
    ]


def notes(chops: Sequence[Chop | None], kept: Sequence[HeldSlice | None], start_note: int) -> list[int]:
    """Give each piece its MIDI note: its own where it has one, else the one it had, if it is held and that is free.

    Others get in order of time the next that is nobody's, from start_note on upwards, then below it.
    """
    own = [None if chop is None else chop.note for chop in chops]
    given = {note for note in own if note is not None}
    had = [
        one.note if note is None and one and one.note not in given else note
        for note, one in zip(own, kept, strict=True)
    ]
    taken = {note for note in had if note is not None}
    free = (note for note in (*range(start_note, NOTES), *reversed(range(start_note))) if note not in taken)
    return [next(free) if note is None else note for note in had]


def chosen_by(options: ChopOptions) -> str:
    """Give the SHA-256 of those options by which slices and their pads are chosen."""
    names = {name for name, one in options_of(ChopOptions).items() if one.panel == WHAT} - {"lock"}
    names |= {"start", "end", "start_note"}
    usual = {one.name: one.default for one in fields(ChopOptions)}
    said = {name: value for name in sorted(names) if (value := getattr(options, name)) != usual[name]}
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def is_held(project: Project | None, options: ChopOptions) -> bool:
    """Whether a kit is chosen by the options that the one that was decided in was chosen by."""
    return project is not None and project.held is not None and project.held.kit == chosen_by(options)


def held(project: Project | None, options: ChopOptions) -> Mapping[int, HeldSlice]:
    """Give what is kept of the kit that was decided in, by its places: with other options only of the person's."""
    if project is None or project.held is None:
        return {}
    mine = {chop.at for chop in project.chops}
    same = is_held(project, options)
    return {one.at: one for one in project.held.slices if same or one.at in mine}


def hold(plan: "Plan", options: ChopOptions) -> dict[str, Any]:
    """Give the command that holds a kit as it is."""
    slices = [
        [place, max(piece.stop, place + 1), note]
        for place, piece, note in zip(plan.places, plan.pieces, plan.notes(options.start_note), strict=True)
    ]
    return {"do": "hold", "kit": chosen_by(options), "slices": slices}


def remarks(project: Project | None, options: ChopOptions, first: int, last: int) -> list[str]:
    """Say where decisions and options do not go together, and what was done."""
    if project is None:
        return []
    mine, notes = inside(project, first, last), []
    if outside := len(project.chops) - len(mine):
        notes.append(f"{outside} of {len(project.chops)} chops you decided on lie outside of what is chopped")
    if len(mine) > options.most:
        notes.append(f"you decided on {len(mine)} chops, more than --count {options.most}: all are in the kit")
    return notes
