"""Results as tables in the terminal, as JSON, and as one HTML page that needs nothing but itself."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rich import markup
from rich.box import SIMPLE_HEAD
from rich.table import Table

from samplechop import models
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.palette import BACK, CYAN, FAINT, INK, LINE
from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.measures import RELIABILITY, Measures
from samplechop.offline.evaluate.peers import PEERS
from samplechop.offline.evaluate.rows import Row, compared
from samplechop.offline.evaluate.runner import ALL, Result
from samplechop.offline.evaluate.systems import parted, title
from samplechop.offline.labels.files import fingerprint

Cells = list[tuple[str, bool]]
"""Of a row: the text of each system, and whether it is the best."""


def _bold(cells: Cells) -> list[str]:
    return [f"[bold]{text}[/]" if best else text for text, best in cells]


def lines(result: Result, group: str) -> Iterator[tuple[Row, Cells]]:
    """Give the rows of a group's means of which something is known, and the row that parts are of before its parts."""
    summaries: list[Measures] = [result.summary(system, group) for system in result.systems]
    errors: list[Measures] = [result.errors(system, group) for system in result.systems]
    unknown: Row | None = None
    for row in result.task.rows:
        cells = compared(row, *([one.get(row.key) for one in some] for some in (summaries, errors)))
        if not row.is_part:
            unknown = None if cells else row
        elif cells and unknown is not None:  # or a recall would stand below, and seem to be of, another measure
            yield unknown, [("–", False)] * len(result.systems)
            unknown = None
        if cells:
            yield row, cells


def noise_row(result: Result, kind: str) -> Row:
    """Describe the false alarms on one kind of noise."""
    return Row(kind, kind, result.task.noise_text, min)


def _empty(result: Result, heading: str) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD)
    table.add_column(result.task.note)
    for system in result.systems:
        table.add_column(markup.escape(title(system)), justify="right")
    return table


def means(result: Result) -> Table:
    """Tabulate the mean over recordings ± its standard error, group by group, then over all, then the noise."""
    groups = [*result.groups, ALL] if len(result.groups) > 1 else result.groups
    table = _empty(result, f"Mean ± standard error over {len(result.tracks)} recordings")
    table.caption, table.caption_justify = markup.escape("; ".join(remarks(result))), "left"
    for group in groups:
        table.add_row(f"[bold cyan]{markup.escape(group)}[/] [dim]({len(result.rows(group))})[/]")
        for row, cells in lines(result, group):
            table.add_row(row.label, *_bold(cells))
        table.add_section()
    if result.noise:
        table.add_row(f"[bold cyan]{result.task.noise}[/]")
        for kind, found in result.noise.items():
            cells = compared(noise_row(result, kind), [found[system] for system in result.systems])
            table.add_row(markup.escape(kind), *_bold(cells))
    return table


def licences(result: Result) -> list[str]:
    """Name the licence of every peer that ran, those that share one together."""
    named: dict[str, list[str]] = {}
    for system in result.systems:
        if system in PEERS:
            named.setdefault(PEERS[system].licence, []).append(system)
    return [f"{', '.join(systems)}: {licence}" for licence, systems in named.items()]


def remarks(result: Result) -> list[str]:
    """Say what one should know of the systems that ran: licences, who learned from the recordings themselves, and what
    the task says.
    """
    found = licences(result)
    for system in result.systems:
        if system not in PEERS and not system.startswith("detector:"):
            known = set(models.load(parted(system)[0]).training.get("learned_from", ()))
            if count := sum(fingerprint(one.track.path) in known for one in result.tracks):
                found.append(f"{title(system)} has learned from {count} of these recordings: others it knows less well")
        found += result.task.remarks(system) if result.task.remarks is not None else []
    return found


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
            table.add_row(markup.escape(one.track.name), *_bold(compared(row, values)), f"[dim]{row.label.strip()}[/]")
        table.add_section()
    return table


SCHEMA = 1


def rounded(scores: Measures) -> dict[str, float]:
    """Leave out what is unknown and round to what is significant."""
    return {name: round(value, 4) for name, value in scores.items() if value is not None}


def write_data(result: Result, folder: Path, path: Path) -> None:
    """Write the results about the recordings under `folder` as JSON. Raises UserError if that cannot be done."""
    write_text(path, json.dumps(as_data(result, folder), indent=1) + "\n")


def as_data(result: Result, folder: Path) -> dict[str, Any]:
    """Give the results as plain data: means by group, noise, what was counted, and every recording's measures.

    Recordings are named by their path under `folder`, as those of two subfolders may share a name.
    """
    return {
        "schema": SCHEMA,
        "folder": str(folder),
        "recordings": len(result.tracks),
        "minutes": round(sum(one.seconds for one in result.tracks) / 60, 2),
        "licences": licences(result),
        "systems": {system: _system(result, system, folder) for system in result.systems},
    }


def _system(result: Result, system: str, folder: Path) -> dict[str, Any]:
    counts = result.counts(system)
    tenths = counts.pop(RELIABILITY, ())
    return {
        "mean": rounded(result.summary(system)),
        "errors": rounded(result.errors(system)),
        "groups": {group: rounded(result.summary(system, group)) for group in result.groups},
        "group_errors": {group: rounded(result.errors(system, group)) for group in result.groups},
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


STYLE = f"""
body {{ background: {BACK}; color: {INK}; font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1180px;
  padding: 0 1rem }}
h1 {{ font-size: 1.6rem; margin: 0 }}
h2 {{ font-size: 1.15rem; margin: 2.4rem 0 .6rem }}
h3 {{ font-size: 1rem; font-weight: 600; margin: 1.4rem 0 .2rem }}
p, h3 span, nav {{ color: {FAINT} }}
h3 span {{ font-weight: 400 }}
a {{ color: {CYAN} }}
nav a {{ margin-right: 1rem }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .12rem .55rem; text-align: right; color: {FAINT} }}
th:first-child, td:first-child {{ padding-left: 0; text-align: left }}
th {{ border-bottom: 1px solid {LINE}; color: {INK} }}
td.best {{ color: {INK}; font-weight: 700 }}
td.part {{ padding-left: 1rem !important }}
svg {{ display: block; font: 12px system-ui, sans-serif; fill: none; max-width: 100% }}
.beside {{ display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start }}
.scroll {{ overflow-x: auto }}
.key b {{ display: inline-block; height: .8rem; margin: 0 .3rem 0 .9rem; vertical-align: -1px; width: 3px }}
"""


def write_page(result: Result, name: str, path: Path) -> None:
    """Write the page of results about the recordings called `name`. Raises UserError if it cannot be written."""
    write_text(path, page(result, name))


def page(result: Result, name: str) -> str:
    """Give the whole page as HTML; it fetches nothing."""
    minutes = sum(one.seconds for one in result.tracks) / 60
    note = result.task.note
    figures = [f"<div><h2>{escape(heading)}</h2>{drawn}</div>" for heading, drawn in result.task.figures(result)]
    if result.noise:
        figures.append(f"<div><h2>{escape(_capital(result.task.noise))}</h2>{_noise(result)}</div>")
    parts = [
        f"<h1>{escape(name)}</h1>",
        f"<p>{len(result.tracks)} recordings, {minutes:.1f} minutes; {escape(', '.join(map(title, result.systems)))}. "
        f"Shares are 0 to 1, ± their standard error; {escape(note)}; the best of a line is bright. "
        f"{escape('; '.join(remarks(result)))}</p>",
        f"<nav>{' '.join(_link(group) for group in result.groups)}</nav>",
        "<h2>Means</h2>",
        f'<div class="beside">{_means(result)}</div>',
        f'<div class="beside">{"".join(figures)}</div>',
        *(_group(result, group) for group in result.groups),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(name)}</title>'
    body = "\n".join(part for part in parts if part)
    return f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n'


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _link(group: str) -> str:
    return f'<a href="#{escape(group, quote=True)}">{escape(group)}</a>'


def _table(result: Result, rows: Sequence[str]) -> str:
    heads = "".join(f"<th>{escape(title(system))}</th>" for system in result.systems)
    return f"<table><tr><th></th>{heads}</tr>{''.join(rows)}</table>"


def _line(row: Row, cells: Cells) -> str:
    part = ' class="part"' if row.is_part else ""
    shown = "".join(f'<td class="best">{escape(text)}</td>' if best else f"<td>{text}</td>" for text, best in cells)
    return f"<tr><td{part}>{escape(row.label.strip())}</td>{shown}</tr>"


def _means(result: Result) -> str:
    """Tabulate the mean over all recordings, then over each group."""
    tables = []
    for group in [ALL, *result.groups] if len(result.groups) > 1 else result.groups:
        rows = [_line(row, cells) for row, cells in lines(result, group)]
        heading = f"<h3>{escape(group)} <span>{len(result.rows(group))}</span></h3>"
        tables.append(f'<div class="scroll">{heading}{_table(result, rows)}</div>')
    return "".join(tables)


def _noise(result: Result) -> str:
    rows = [
        _line(row := noise_row(result, kind), compared(row, [found[system] for system in result.systems]))
        for kind, found in result.noise.items()
    ]
    return _table(result, rows)


def _group(result: Result, group: str) -> str:
    drawn = [f'<h2 id="{escape(group, quote=True)}">{escape(group)}</h2><p class="key">{result.task.key()}</p>']
    for one in result.rows(group):
        heading = f"<h3>{escape(one.track.name)} <span>{one.seconds:.1f} s</span></h3>"
        drawn.append(heading + result.task.draw(one, result.systems))
    return "\n".join(drawn)
