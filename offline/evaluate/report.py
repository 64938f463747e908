"""The results as tables in the terminal: a row per measure, a column per system, the best in bold."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.measures import RELIABILITY, Measures
from samplechop.offline.evaluate.runner import ALL, Result, Row, compared
from samplechop.offline.evaluate.systems import title
from samplechop.realtime.core.errors import UserError


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
    table = _empty(result, f"Mean over {len(result.tracks)} recordings")
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
            first = one.by_system[result.systems[0]].measures
            key = next((key for key in result.task.principal if first.get(key) is not None), result.task.principal[-1])
            row = next(row for row in result.task.rows if row.key == key)
            values = [one.by_system[system].measures.get(key) for system in result.systems]
            table.add_row(escape(one.track.name), *_cells(row, values), f"[dim]{row.label.strip()}[/]")
        table.add_section()
    return table


SCHEMA = 1


def rounded(scores: Measures) -> dict[str, float]:
    """Leave out what is unknown and round to what can be told apart."""
    return {name: round(value, 4) for name, value in scores.items() if value is not None}


def write_data(result: Result, folder: Path, path: Path) -> None:
    """Write the results about the recordings under `folder` as JSON. Raises UserError if that cannot be done."""
    try:
        path.write_text(json.dumps(as_data(result, folder), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"The results {str(path)!r} cannot be written: {error.strerror}") from None


def as_data(result: Result, folder: Path) -> dict[str, Any]:
    """Give the results as plain data: means by group, noise, what was counted, and every recording's measures.

    Recordings are named by their path under `folder`, as those of two subfolders may share a name.
    """
    return {
        "schema": SCHEMA,
        "folder": str(folder),
        "recordings": len(result.tracks),
        "minutes": round(sum(one.seconds for one in result.tracks) / 60, 2),
        "systems": {system: _system(result, system, folder) for system in result.systems},
    }


def _system(result: Result, system: str, folder: Path) -> dict[str, Any]:
    counts = result.counts(system)
    tenths = counts.pop(RELIABILITY, ())
    return {
        "mean": rounded(result.summary(system)),
        "groups": {group: rounded(result.summary(system, group)) for group in result.groups},
        "reliability": [
            {"from": index / measures.BINS, "markers": int(count), "right": int(right)}
            for index, (count, right, _) in enumerate(tenths)
        ],
        "counts": {name: array.tolist() for name, array in counts.items()},
        "on_noise": {kind: round(found[system], 4) for kind, found in result.noise.items()},
        "recordings": {
            one.track.path.relative_to(folder).as_posix(): rounded(one.by_system[system].measures)
            | result.task.data(one.by_system[system].found)
            for one in result.tracks
        },
    }
