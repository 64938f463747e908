"""The rows of what the other detectors hear: drums as pads that light up, the chord, its forerunners and the key."""

from collections.abc import Sequence
from itertools import groupby
from math import isfinite

from rich.cells import cell_len, set_cell_size

from samplechop.realtime.core.events import NO_CHORD, Event
from samplechop.realtime.detectors.harmony.harte import shorthand
from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.meters import Row
from samplechop.realtime.ui.parts import cut
from samplechop.realtime.ui.snapshot import Snapshot

_PAD = 6  # cells of the smallest pad: the longest of the five names
_CHORD = 14  # cells of the chord's field, so that nothing moves when its name is longer
_MODES = {"maj": "major", "min": "minor"}


def chord_name(label: str | None) -> str:
    """Write a chord in Harte's syntax as people do, "A:min7" as "Am7"; what is no chord in it stays as it is."""
    if label is None or label == NO_CHORD:
        return "no chord"
    try:
        return shorthand(label)
    except ValueError:  # a detector of somebody else may have names of its own
        return printable(label)


def key_name(label: str | None) -> str:
    """Write a key as people do, "A:min" as "A minor"; what has no mode stays as it is."""
    tonic, colon, mode = printable(label or "").partition(":")
    return f"{tonic} {_MODES.get(mode, mode)}" if colon else tonic


def drum_row(snapshot: Snapshot, width: int) -> Row:
    """Draw one pad per drum, filled as far as it is present, with the count of its hits where there is room.

    Pads are as many as fit, of one width, in the order of the snapshot.
    """
    shown = min(len(snapshot.drums), (width + 1) // (_PAD + 1))
    pad = (width + 1) // max(1, shown) - 1
    counted = [_short(snapshot.drum_counts.get(label, 0)) for label in snapshot.drums]
    room = all(
        cell_len(printable(name)) + 3 + len(count) <= pad for name, count in zip(snapshot.drums, counted, strict=True)
    )
    row: Row = []
    for (label, level), count in list(zip(snapshot.drums.items(), counted, strict=True))[:shown]:
        name = set_cell_size(f" {printable(label)}" if pad > _PAD else printable(label), pad)
        text = name[: len(name) - len(count) - 1] + f"{count} " if room else name
        lit = round(pad * min(1.0, max(0.0, level))) if isfinite(level) else 0
        if row:
            row.append((" ", ""))
        row += [(text[:lit], "bold reverse yellow"), (text[lit:], "yellow" if lit else "dim")]
    return row


def _short(count: int) -> str:
    """Write a count in at most four characters as long as it is below ten million."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"


def harmony_row(snapshot: Snapshot, chords: Sequence[Event], width: int) -> Row:
    """Write the chord so that it can be read from afar, the key, and the chords before it, the newest first."""
    now = snapshot.chord
    sounds = now is not None and now.label != NO_CHORD
    name = cut(chord_name(now.label) if now is not None else "", _CHORD - 2)
    left = (_CHORD - cell_len(name)) // 2
    field = " " * left + name + " " * (_CHORD - left - cell_len(name))
    row: Row = [(field, "bold reverse cyan" if sounds else "dim"), ("  ", "")]
    if snapshot.key is not None:
        row.append((f"key {key_name(snapshot.key.label)}  ", "bold"))
    used = sum(cell_len(text) for text, _ in row)
    if used > width:
        return row[:2]
    earlier = [event for event in reversed(chords) if event is not now and event.label != NO_CHORD]
    trail = ""
    for name, _ in groupby(chord_name(event.label) for event in earlier):  # one that paused is the same one
        longer = f"{trail} ← {name}"
        if used + cell_len(longer) > width:
            break
        trail = longer
    return [*row, (trail, "dim")]
