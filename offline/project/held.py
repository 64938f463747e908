"""The kit as it was when something was decided, held so that the decision changes nothing else of it.

    {"do": "hold", "kit": "5f0c…", "slices": [[134832, 264600, 36], …]}

Each slice is where it begins, where it ends, and the MIDI note of its pad, in order of time.
"""

from typing import Any

from samplechop.offline.project import values
from samplechop.offline.project.model import Held, HeldSlice
from samplechop.realtime.core.errors import UserError

_NAMES = frozenset({"kit", "slices"})


def to_document(held: Held) -> dict[str, Any]:
    """Give what is held as what JSON can hold."""
    return {"kit": held.kit, "slices": [[one.at, one.end, one.note] for one in held.slices]}


def from_document(value: Any, what: str, length: int) -> Held | None:
    """Read what is held; None where it is no slice. length: samples of the record. Raises UserError."""
    given = values.only(value, what, _NAMES, _NAMES)
    slices = given["slices"]
    if not isinstance(slices, list) or any(not isinstance(one, list) or len(one) != 3 for one in slices):
        raise UserError(f"{what}: slices must be a list of [begin, end, note], got {slices!r:.60}")
    starts = values.positions([one[0] for one in slices], f"{what}: slices", length)
    held = [
        HeldSlice(
            at,
            values.end(end, f"{what}: the end of slice {number}", at, length),
            values.note(note, f"{what}: the note of slice {number}"),
        )
        for number, (at, (_, end, note)) in enumerate(zip(starts, slices, strict=True), 1)
    ]
    if len({one.note for one in held}) < len(held):
        raise UserError(f"{what}: two slices have one note")
    return Held(values.sha256(given["kit"], f"{what}: kit"), tuple(held)) if held else None


def moved(held: Held | None, at: int, to: int) -> Held | None:
    """Give what is held with the slice at a place moved; one that would lie where another does is held no more."""
    if held is None or at == to:
        return held
    others = [one for one in held.slices if one.at not in (at, to)]
    mine = [HeldSlice(to, max(one.end, to + 1), one.note) for one in held.slices if one.at == at]
    return Held(held.kit, tuple(sorted([*others, *mine], key=lambda one: one.at)))
