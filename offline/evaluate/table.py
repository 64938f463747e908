"""The results as tables in the terminal: a row per measure, a column per system, the best in bold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from offline.evaluate.listeners import title
from offline.evaluate.measures import Measures
from offline.evaluate.runs import ALL, Result


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"


def _signed_ms(value: float) -> str:
    # The zero keeps a tiny negative offset from showing as -0.0.
    return f"{round(value, 1) + 0.0:+.1f} ms"


def _ms(value: float) -> str:
    return f"{value:.1f} ms"


def _times(value: float) -> str:
    return f"{value:.0f}"


def _rate(value: float) -> str:
    return f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure in the table. best: which of the values leads, None where more is neither better nor worse."""

    label: str
    key: str
    text: Callable[[float], str]
    best: Callable[[Sequence[float]], float] | None = max


def _least_size(values: Sequence[float]) -> float:
    return min(values, key=abs)


ROWS = (
    Row("chosen chops F", "chops_f", _share),
    Row("  precision", "chops_p", _share),
    Row("  recall", "chops_r", _share),
    Row("  F at ±25 ms", "chops_f25", _share),
    Row("strong hits F", "strong_f", _share),
    Row("  precision", "strong_p", _share),
    Row("  recall", "strong_r", _share),
    Row("  F at ±25 ms", "strong_f25", _share),
    Row("beats F", "beats_f", _share),
    Row("  F at ±25 ms", "beats_f25", _share),
    Row("downbeats F", "downbeats_f", _share),
    Row("on a real attack", "onsets_p", _share),
    Row("  recall", "onsets_r", _share),
    Row("  at ±25 ms", "onsets_p25", _share),
    Row("drum onsets F", "drums_f", _share),
    Row("  F at ±25 ms", "drums_f25", _share),
    Row("right among the top 8", "top8", _share),
    Row("right among the top 16", "top16", _share),
    Row("right among the top 32", "top32", _share),
    Row("calibration error", "ece", _share, min),
    Row("offset, median", "offset_ms", _signed_ms, _least_size),
    Row("offset, 95 % within", "offset_p95_ms", _ms, min),
    Row("markers per minute", "per_minute", _rate, None),
    Row("× real time", "speed", _times, None),
)
PRINCIPAL = ("chops_f", "strong_f", "beats_f", "onsets_p", "drums_f")
"""Which measure stands for a recording where there is room for one only: the first that is known."""


def compared(row: Row, values: Sequence[float | None]) -> list[tuple[str, bool]]:
    """Give each value as text, and whether it is the best, or as good as it looks; empty if none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    lead = row.text(row.best(known)) if row.best is not None and len(values) > 1 else None
    texts = ["–" if value is None else row.text(value) for value in values]
    return [(text, text == lead) for text in texts]


def _cells(row: Row, values: Sequence[float | None]) -> list[str]:
    return [f"[bold]{text}[/]" if best else text for text, best in compared(row, values)]


def noise_row(kind: str) -> Row:
    """Describe false markers per minute on one kind of noise."""
    return Row(kind, kind, _rate, min)


def _empty(result: Result, heading: str) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD)
    table.add_column("±50 ms unless said")
    for system in result.systems:
        table.add_column(escape(title(system)), justify="right")
    return table


def means(result: Result) -> Table:
    """Tabulate the mean over recordings, group by group, then over all, then the noise."""
    groups = [*result.groups, ALL] if len(result.groups) > 1 else result.groups
    table = _empty(result, f"Mean over {len(result.judged)} recordings")
    for group in groups:
        summaries: list[Measures] = [result.summary(system, group) for system in result.systems]
        table.add_row(f"[bold cyan]{escape(group)}[/] [dim]({len(result.rows(group))})[/]")
        for row in ROWS:
            if cells := _cells(row, [summary.get(row.key) for summary in summaries]):
                table.add_row(row.label, *cells)
        table.add_section()
    if result.noise:
        table.add_row("[bold cyan]false markers per minute[/]")
        for kind, found in result.noise.items():
            table.add_row(escape(kind), *_cells(noise_row(kind), [found[system] for system in result.systems]))
    return table


def recordings(result: Result) -> Table:
    """Tabulate one number for each recording: the first of chops F, strong hits F, beats F and real attacks known."""
    table = _empty(result, "Each recording")
    table.columns[0].header = "recording"
    table.add_column("measure")
    for group in result.groups:
        for one in result.rows(group):
            first = one.heard[result.systems[0]].measures
            key = next((key for key in PRINCIPAL if key in first and first[key] is not None), "per_minute")
            row = next(row for row in ROWS if row.key == key)
            values = [one.heard[system].measures.get(key) for system in result.systems]
            table.add_row(escape(one.track.name), *_cells(row, values), f"[dim]{row.label}[/]")
        table.add_section()
    return table
