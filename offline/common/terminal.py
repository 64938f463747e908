"""The one way to the terminal: names and texts from files are shown without what would move its cursor or worse."""

from copy import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import typer

from samplechop.realtime.core.errors import printable
from samplechop.realtime.core.standard_streams import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def echo(*lines: str, err: bool = False) -> None:
    """Print lines to stdout, or stderr, where nobody may be to read it; a line break within is not printed as such."""
    for line in lines:
        if err:
            say(printable(line), patience=None)
        else:
            typer.echo(printable(line))


def console(err: bool = False, markup: bool = False) -> "Console":
    """Give a rich console for tables. markup: whether texts have rich's marks; then those from files are escaped."""
    return _kind()(stderr=err, markup=markup, emoji=False, highlight=False)


def print_table(table: "Table", markup: bool = False, split: bool = False) -> None:
    """Print a table to stdout so that no word of it is cut off: what does not fit goes on in the line below.

    markup: whether cells have rich's marks. split: whether a table that is too wide becomes several, each with the
    first column.
    """
    shown_on = console(markup=markup)
    for part in _split(table, shown_on.width) if split else [table]:
        for column in part.columns:
            column.overflow = "fold"
        shown_on.print(part)


def _split(table: "Table", width: int) -> "list[Table]":
    from rich.cells import cell_len
    from rich.text import Text

    widths = [
        max(cell_len(Text.from_markup(str(cell)).plain) for cell in (column.header, *column.cells)) + 2
        for column in table.columns
    ]
    first, *others = range(len(widths))
    groups: list[list[int]] = [[first]]
    for at in others:
        if len(groups[-1]) > 1 and widths[first] + sum(widths[one] for one in groups[-1][1:]) + widths[at] + 2 > width:
            groups.append([first])
        groups[-1].append(at)
    parts = []
    for group in groups:
        part = copy(table)
        part.columns = [replace(table.columns[at], _index=index) for index, at in enumerate(group)]
        for column, at in zip(part.columns, group, strict=True):
            column._cells = table.columns[at]._cells
        part.title = table.title if group is groups[0] else None
        parts.append(part)
    return parts


@cache
def _kind() -> type["Console"]:
    from collections.abc import Iterable

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class PrintableConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text = segment.text
                if not segment.control and not text.isprintable():
                    text = "\n".join(printable(line) for line in text.split("\n"))
                yield Segment(text, segment.style, segment.control)

    return PrintableConsole
