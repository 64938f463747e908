"""What was said of single pads: which are alike, and what a format cannot say of them.

The kit's own `play` and `choke` are options of its making, and what a format makes of them the documents say; so a
warning is only for what somebody said of a pad.
"""

import warnings
from collections.abc import Mapping, Sequence

from samplechop.offline.export import ExportWarning
from samplechop.offline.kits.core.model import Kit, Play, Slice
from samplechop.offline.kits.core.naming import pad_number

HOW_IT_PLAYS, CHOKE_GROUP, COLOUR = "the play mode", "the choke group", "the colour"
"""What can be said of a pad, in words for `warn_unsaid`."""


def alike(kit: Kit) -> Mapping[tuple[Play, int], Sequence[Slice]]:
    """Give the slices by how their pads play and their choke group, 0 for none; both in order of time."""
    groups: dict[tuple[Play, int], list[Slice]] = {}
    for part in kit.slices:
        groups.setdefault((kit.play_of(part), kit.choke_of(part)), []).append(part)
    return groups


def start_note(kit: Kit) -> int:
    """Give the MIDI note of the first pad."""
    said = kit.settings.get("start_note")
    return said if isinstance(said, int) else min(part.note for part in kit.slices)


def in_order(kit: Kit) -> list[Slice]:
    """Give the slices in the order of their pads."""
    first = start_note(kit)
    return sorted(kit.slices, key=lambda part: pad_number(part.note, first))


def rgb(colour: str) -> tuple[int, int, int]:
    """Give red, green and blue, 0..255, of a colour such as "#56b4e9"."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def coloured(parts: Sequence[Slice]) -> list[Slice]:
    """Give the slices whose pads were given a colour."""
    return [part for part in parts if part.colour is not None]


def warn_unsaid(name: str, unsaid: Mapping[str, Sequence[Slice]]) -> None:
    """Say in one warning what a format cannot say of pads; nothing where nobody asked for it.

    name: of the format. unsaid: by what it is, the slices of which it was said.
    """
    told = [f"{what} of {len(parts)}" for what, parts in unsaid.items() if parts]
    if told:
        one = len(told) == 1 and told[0].endswith(" of 1")
        slices = "slice" if one else "slices"
        warnings.warn(f"{name} leaves out {_listed(told)} {slices}, which it cannot say", ExportWarning, stacklevel=3)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
