"""How far a training has come, for people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

Told = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""


@contextmanager
def progress() -> Iterator[Told]:
    """Show progress on stderr: bars on a terminal, elsewhere a line for every tenth part."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def told(what: str, done: int, of: int) -> None:
            name = what.split(",")[0]
            if name not in tasks:
                tasks[name] = bars.add_task(what, total=of)
            bars.update(tasks[name], completed=done, total=of, description=what)
            if not console.is_terminal and 10 * done // of > 10 * (done - 1) // of:
                typer.echo(f"{what}: {done} of {of}", err=True)

        yield told
