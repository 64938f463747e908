"""The decisions of a project with their places in another file of its record.

Every place becomes that of the same sound there. What has none is kept where it is estimated to lie, as a conflict: no
decision goes, and no two of a kind become one.
"""

from collections.abc import Iterable
from dataclasses import replace

from samplechop.offline.project.alignment import Alignment
from samplechop.offline.project.conflicts import standing
from samplechop.offline.project.model import (
    Audio,
    Chop,
    Conflict,
    Decision,
    Grid,
    Held,
    HeldSlice,
    Offer,
    Project,
    Reason,
    TempoChange,
)
from samplechop.offline.project.values import BPM

BESIDE = 0.001
"""Seconds outside of a file at which a place is its beginning or its end."""


def carried_over(project: Project, found: Alignment, audio: Audio) -> Project:
    """Give a project with its places in another file. audio: that file. Tempi follow the speed; a key stays as it was.

    What is only estimated is a conflict; so is what was one before, until somebody settles it.
    """
    carrier = _Carrier(project, found, audio)
    chops = carrier.chops()
    deleted = tuple(sorted(carrier.kept("deleted", project.deleted).values()))
    grid = _grid(project.grid, found, carrier)
    offer = project.offer
    if offer is not None:
        known = {place: strength for at, strength in offer.places for place, sure in (carrier.place(at),) if sure}
        offer = Offer(offer.model, tuple(sorted(known.items())))
    conflicts = tuple(carrier.conflicts)
    held = _held(project, chops, carrier)
    carried = replace(project, audio=audio, chops=chops, deleted=deleted, grid=grid, offer=offer, conflicts=conflicts)
    return standing(replace(carried, held=held))


class _Carrier:
    """Places of a project in another file, and what is in conflict there."""

    def __init__(self, project: Project, found: Alignment, audio: Audio) -> None:
        self._project, self._found, self.audio = project, found, audio
        self._before = {(one.what, one.at, one.chop): one for one in project.conflicts}
        self.longer = found.ratio * project.audio.sample_rate / audio.sample_rate  # by how much a second is
        self.conflicts: list[Conflict] = []

    def place(self, sample: int, most: int | None = None) -> tuple[int, bool]:
        """Give the place of a sample there, and whether it is known. most: the last one; None for that of the file."""
        there, sure = self._found.place(sample)
        last, beside = self.audio.length - 1 if most is None else most, BESIDE * self.audio.sample_rate
        return min(max(round(there), 0), last), sure > 0 and -beside <= there <= last + beside

    def chops(self) -> tuple[Chop, ...]:
        """Give all chops there, in order of time."""
        taken: set[int] = set()
        return tuple(
            sorted((self._chop(one, taken) for one in self._project.chops), key=lambda one: (one.at, one.number))
        )

    def kept(self, what: Decision, samples: Iterable[int]) -> dict[int, int]:
        """Give the places there of decisions of a kind, by those here."""
        taken: set[int] = set()
        return {sample: self._kept(what, sample, taken)[0] for sample in samples}

    def _chop(self, chop: Chop, taken: set[int]) -> Chop:
        at, known = self._kept("chop", chop.at, taken, chop.id)
        end = chop.end
        if end is not None:
            place, sure = self.place(end, self.audio.length)
            if known:  # else the whole slice is in conflict
                self._note("end", end, max(place, at + 1), None if sure else "unheard", chop.id)
            end = max(place, at + 1)
        origin = None if chop.origin is None else at if chop.origin == chop.at else self.place(chop.origin)[0]
        return replace(chop, at=at, end=end, origin=origin)

    def _kept(self, what: Decision, sample: int, taken: set[int], chop: str | None = None) -> tuple[int, bool]:
        """Give a place there that none of `taken` has, to which it is added, and whether it is known."""
        wanted, known = self.place(sample)
        at = _free(wanted, taken, self.audio.length - 1)
        taken.add(at)
        self._note(what, sample, at, "unheard" if not known else "together" if at != wanted else None, chop)
        return at, known

    def _note(self, what: Decision, sample: int, at: int, why: Reason | None, chop: str | None) -> None:
        """Note a conflict. why: None where there is none but perhaps one from before."""
        before = self._before.get((what, sample, chop))
        if before is not None:
            self.conflicts.append(replace(before, at=at))
        elif why is not None:
            self.conflicts.append(Conflict(what, at, round(sample / self._project.audio.sample_rate, 6), why, chop))


def _held(project: Project, chops: Iterable[Chop], carrier: _Carrier) -> Held | None:
    """Give what is held there: of the chops where those are, of others what has a place for sure."""
    if project.held is None:
        return None
    ids = {chop.at: chop.id for chop in project.chops}
    places = {chop.id: chop.at for chop in chops}
    found: dict[int, HeldSlice] = {}
    for one in project.held.slices:
        at, sure = (places[ids[one.at]], True) if one.at in ids else carrier.place(one.at)
        end, _ = carrier.place(one.end, carrier.audio.length)
        if sure:
            found.setdefault(at, HeldSlice(at, max(end, at + 1), one.note))
    return Held(project.held.kit, tuple(found[at] for at in sorted(found))) if found else None


def _free(sample: int, taken: set[int], last: int) -> int:
    while sample in taken:
        sample = sample + 1 if sample < last and sample + 1 not in taken else sample - 1
    return sample


def _grid(grid: Grid, found: Alignment, carrier: _Carrier) -> Grid:
    """Give a grid's corrections there."""

    def bpm(value: float) -> float:
        return min(max(value / carrier.longer, BPM[0]), BPM[1])

    changes = carrier.kept("tempo-change", (one.at for one in grid.changes))
    moved = [TempoChange(changes[one.at], bpm(one.bpm)) for one in grid.changes]
    return replace(
        grid,
        bpm=None if grid.bpm is None else bpm(grid.bpm),
        taps=tuple(sorted(carrier.kept("tap", grid.taps).values())),
        shift=round(grid.shift * found.ratio),
        ones=tuple(sorted(carrier.kept("one", grid.ones).values())),
        changes=tuple(sorted(moved, key=lambda one: one.at)),
    )
