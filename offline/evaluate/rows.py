"""Rows of the tables of results: which measure, how it is written, which value leads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def share(value: float) -> str:
    """Show a share, 0..1: .934."""
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"


def signed_ms(value: float) -> str:
    """Show milliseconds that may be early or late: +1.2 ms."""
    # The zero keeps a tiny negative offset from showing as -0.0.
    return f"{round(value, 1) + 0.0:+.1f} ms"


def ms(value: float) -> str:
    """Show milliseconds: 1.2 ms."""
    return f"{value:.1f} ms"


def times(value: float) -> str:
    """Show a plain number without parts: 212."""
    return f"{value:.0f}"


def rate(value: float) -> str:
    """Show a number with one digit: 0.4."""
    return f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure in the table. best: which of the values leads, None where more is neither better nor worse."""

    label: str
    key: str
    text: Callable[[float], str]
    best: Callable[[Sequence[float]], float] | None = max


def least_size(values: Sequence[float]) -> float:
    """Give the value nearest to zero."""
    return min(values, key=abs)


def compared(row: Row, values: Sequence[float | None]) -> list[tuple[str, bool]]:
    """Give each value as text, and whether it is the best, or as good as it looks; empty if none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    lead = row.text(row.best(known)) if row.best is not None and len(known) > 1 else None
    texts = ["–" if value is None else row.text(value) for value in values]
    return [(text, text == lead) for text in texts]
