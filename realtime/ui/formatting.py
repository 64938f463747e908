"""How things are called on the screen.

Notes are named as Ableton Live and the MPC name them: 36 is C1, so 60 is C3 (others call 60 C4). Pads are the MPC's,
sixteen to a bank from note 36 up: 36 is A01, 52 is B01.
"""

from rich.cells import cell_len, set_cell_size

from samplechop.realtime.core.errors import printable as printable
from samplechop.realtime.ui.meters import Row

_NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FIRST_PAD = 36


def note_name(note: int) -> str:
    """Name a MIDI note, 0..127, with 60 = C3."""
    return f"{_NOTES[note % 12]}{note // 12 - 2}"


def pad_name(note: int) -> str:
    """Name the MPC pad of a MIDI note, "" below the first one."""
    bank, pad = divmod(note - _FIRST_PAD, 16)
    return f"{'ABCDEF'[bank]}{pad + 1:02d}" if bank >= 0 else ""


def clock(sample: int, sample_rate: int) -> str:
    """Write a position in samples as m:ss.mmm."""
    seconds, thousandths = divmod(round(sample * 1000 / sample_rate), 1000)
    return f"{seconds // 60}:{seconds % 60:02d}.{thousandths:03d}"


NARROW = 58
"""Below this many cells there is no room for two things side by side."""


def cut(text: str, width: int) -> str:
    """Shorten a name from outside to `width` cells; wide characters count two."""
    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…" * (width > 0)


def cropped(row: Row, width: int) -> Row:
    """Leave of a row what fits into `width` cells, 0 or fewer for nothing."""
    if sum(cell_len(text) for text, _ in row) <= width:
        return row
    kept: Row = []
    for text, style in row:
        room = max(0, width - sum(cell_len(one) for one, _ in kept))
        kept.append((text if cell_len(text) <= room else set_cell_size(text, room), style))
    return [part for part in kept if part[0]]


def ends(left: Row, right: Row, width: int) -> Row:
    """Put two parts at the two ends of a row of `width` cells."""
    gap = width - sum(cell_len(text) for text, _ in left + right)
    return [*left, (" " * gap, ""), *right]


def rule(title: str, note: str, width: int) -> Row:
    """Draw the line above a section: its title, and a note at the right where there is room."""
    if len(title) + len(note) + 10 > width:
        note = ""
    line = "─" * (width - len(title) - 4 - (len(note) + 4 if note else 0))
    return [("── ", "dim"), (title, "bold"), (" " + line, "dim"), *([(f" {note} ──", "dim")] if note else [])]
