"""The rows of an evaluation's tables: how each measure is called and written, and which of its values is the best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest


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


def whole(value: float) -> str:
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

    @property
    def is_part(self) -> bool:
        """Whether it says more of the row before it that is none."""
        return self.label.startswith(" ")


def f_rows(label: str, key: str) -> tuple[Row, ...]:
    """Give the rows of an F-measure: itself, precision, recall, and F in the narrow window."""
    named = (label, "f"), ("  precision", "p"), ("  recall", "r"), ("  F at ±25 ms", "f25")
    return tuple(Row(name, f"{key}_{part}", share) for name, part in named)


def least_size(values: Sequence[float]) -> float:
    """Give the value nearest to zero."""
    return min(values, key=abs)


def compared(row: Row, values: Sequence[float | None], errors: Sequence[float | None] = ()) -> list[tuple[str, bool]]:
    """Give each value as text, and whether it is the best, or as good as it looks; empty if none is known.

    errors: the standard error of each, shown behind shares: .934±.012.
    """
    known = [value for value in values if value is not None]
    if not known:
        return []
    lead = row.text(row.best(known)) if row.best is not None and len(known) > 1 else None
    texts = ("–" if value is None else row.text(value) for value in values)
    behind = ("" if error is None or row.text is not share else f"±{share(error)}" for error in errors)
    return [(text + error, text == lead) for text, error in zip_longest(texts, behind, fillvalue="")]
