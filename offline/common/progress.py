"""How far a long piece of work has come, for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from samplechop.offline.common.terminal import echo


class Progress(Protocol):
    """Is called with what is being done, how much of it is done, and how much there is; 0 while that is not known."""

    def __call__(self, what: str, done: int, total: int, /) -> None:
        """Take it in."""


def silent(what: str, done: int, total: int) -> None:
    """Show nothing: a Progress for callers who want none."""


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show progress on stderr: bars on a terminal, elsewhere a line for every tenth part.

    There is a bar for each text before the first comma of what is being done; the rest of it may change.
    """
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from samplechop.offline.common.terminal import console

    shown_on = console(err=True)
    tasks: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(20),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=shown_on, disable=not shown_on.is_terminal) as bars:

        def show(what: str, done: int, total: int) -> None:
            name = what.split(",")[0]
            if name not in tasks:
                tasks[name] = bars.add_task(what, total=total or None)
            bars.update(tasks[name], completed=done, total=total or None, description=what)
            if not shown_on.is_terminal and total and 10 * done // total > 10 * (done - 1) // total:
                echo(f"{what}: {done} of {total}", err=True)

        yield show
