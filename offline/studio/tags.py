"""What is in a slice, as the kit tags it: the same detection, by the same rules, of any slice that is asked for."""

import re
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from samplechop.offline.common.progress import silent
from samplechop.offline.kits import pipeline
from samplechop.offline.kits.analysis import candidates, content, drum_tag
from samplechop.offline.kits.beside import Beside
from samplechop.offline.kits.core.model import Content, Piece
from samplechop.offline.kits.core.options import NOTES
from samplechop.offline.kits.core.record import Record
from samplechop.offline.studio.desk import Desk
from samplechop.realtime.core.errors import UserError

_SLICES = re.compile(r"[0-9]{1,15}-[0-9]{1,15}(,[0-9]{1,15}-[0-9]{1,15})*")
MOST_KNOWN = 4096
"""Slices whose tags are remembered: a slider goes by many."""


@dataclass(slots=True)
class _Known:
    """Tags of a record's slices. record: what they are cut from, as a key."""

    record: tuple[Any, ...]
    tags: dict[tuple[int, int], Content] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


_known: WeakKeyDictionary[Desk, _Known] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Tagger:
    """Tags slices of a record. record: what they are cut from; None before drums and chords were heard."""

    record: Record | None
    known: _Known
    span: tuple[int, int]

    def tags(self, wanted: list[tuple[int, int]]) -> list[list[Any]]:
        """Give [start, stop, chord, drum] of slices, "" for none; nothing of those that are not known by now.

        Raises UserError for what is no slice of the record.
        """
        record, (first, last) = self.record, self.span
        if len(wanted) > NOTES or not all(first <= start < stop <= last for start, stop in wanted):
            raise UserError("what is asked about is no slice of this record")
        if record is None:
            return []
        with self.known.lock:
            tags = self.known.tags
            if new := [Piece(*one, 0.0) for one in dict.fromkeys(wanted) if one not in tags]:
                if len(tags) + len(new) > MOST_KNOWN:
                    tags.clear()
                    new = [Piece(*one, 0.0) for one in dict.fromkeys(wanted)]
                tags |= {(piece.start, piece.stop): said for piece, said in zip(new, _tagged(record, new), strict=True)}
            return [[*one, tags[one].chord_name, tags[one].drum or ""] for one in wanted]


def read(text: str) -> list[tuple[int, int]]:
    """Read slices as they are asked about, "start-stop,start-stop". Raises UserError."""
    if _SLICES.fullmatch(text) is None:
        raise UserError(f"slices must be written as start-stop,start-stop, got {text!r:.40}")
    return [(int(start), int(stop)) for start, stop in (one.split("-") for one in text.split(","))]


def tagger(desk: Desk) -> Tagger:
    """Give what tags slices of the record on a desk as the options of its kit say. Raises UserError."""
    options = desk.options()
    key = (options.channel, options.write_harmonic)
    known = _known.get(desk)
    if known is None or known.record != key:
        _known[desk] = known = _Known(key)
    record = desk.cut_from(options) if desk.to_hear() is None else None
    return Tagger(record, known, candidates.span(desk.record_of(options), options))


def _tagged(record: Record, pieces: list[Piece]) -> list[Content]:
    """Tell what is in pieces, as `pipeline.cut` does."""
    inside = pipeline.content_of(record, pieces, silent, Beside())
    drums = drum_tag.name_drums(record, inside, pieces)
    return [content.describe(inside, piece, None, drum) for piece, drum in zip(pieces, drums, strict=True)]
