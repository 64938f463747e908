"""The results as tables in the terminal: a row per measure, a column per system, the best in bold."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.rows import Row, compared
from samplechop.offline.evaluate.runner import ALL, Result
from samplechop.offline.evaluate.systems import title


def _cells(row: Row, values: Sequence[float | None]) -> list[str]:
    return [f"[bold]{text}[/]" if best else text for text, best in compared(row, values)]


def noise_row(result: Result, kind: str) -> Row:
    """Describe the false alarms on one kind of noise."""
    return Row(kind, kind, result.task.noise_text, min)


def _empty(result: Result, heading: str) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD)
    table.add_column(result.task.note)
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
        for row in result.task.rows:
            if cells := _cells(row, [summary.get(row.key) for summary in summaries]):
                table.add_row(row.label, *cells)
        table.add_section()
    if result.noise:
        table.add_row(f"[bold cyan]{result.task.noise}[/]")
        for kind, found in result.noise.items():
            table.add_row(escape(kind), *_cells(noise_row(result, kind), [found[system] for system in result.systems]))
    return table


def recordings(result: Result) -> Table:
    """Tabulate one number for each recording: the first of the task's principal measures that is known."""
    table = _empty(result, "Each recording")
    table.columns[0].header = "recording"
    table.add_column("measure")
    for group in result.groups:
        for one in result.rows(group):
            first = one.heard[result.systems[0]].measures
            key = next((key for key in result.task.principal if first.get(key) is not None), result.task.principal[-1])
            row = next(row for row in result.task.rows if row.key == key)
            values = [one.heard[system].measures.get(key) for system in result.systems]
            table.add_row(escape(one.track.name), *_cells(row, values), f"[dim]{row.label.strip()}[/]")
        table.add_section()
    return table
