"""What rows are put together from."""

from rich.cells import cell_len, set_cell_size

from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.meters import Row

NARROW = 58
"""Below this many cells there is no room for two things side by side."""


def cut(text: str, width: int) -> str:
    """Shorten a name from outside to `width` cells; wide characters count two."""
    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…" * (width > 0)


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
