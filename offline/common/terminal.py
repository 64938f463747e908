"""The one way to the terminal: names and texts from files are shown without what would move its cursor or worse."""

from functools import cache
from typing import TYPE_CHECKING

import typer

from samplechop.realtime.core.errors import printable

if TYPE_CHECKING:
    from rich.console import Console


def echo(*lines: str, err: bool = False) -> None:
    """Print lines to stdout, or stderr; a line break within one is not printed as such."""
    for line in lines:
        typer.echo(printable(line), err=err)


def console(err: bool = False, markup: bool = False) -> "Console":
    """Give a rich console for tables. markup: whether texts have rich's marks; then those from files are escaped."""
    return _kind()(stderr=err, markup=markup, emoji=False, highlight=False)


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
