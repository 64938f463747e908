"""What every command under `samplechop evaluate` does: judge, print the tables, write the page and the JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.evaluate.html_report import Look
    from samplechop.offline.evaluate.references import Track
    from samplechop.offline.evaluate.runner import Task


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go besides the terminal. page, data: files to write; tracks: whether to print every recording."""

    page: Path | None = None
    data: Path | None = None
    tracks: bool = False

    def check(self) -> None:
        """Raise UserError for a file that cannot be written, before hours of work."""
        for path in (self.page, self.data):
            if path is not None and not path.absolute().parent.is_dir():
                raise UserError(f"{str(path)!r} cannot be written: there is no folder {str(path.absolute().parent)!r}")
            if path is not None and path.is_dir():
                raise UserError(f"{str(path)!r} cannot be written: it is a folder; give the name of a file")


def need_mir_eval() -> None:
    """Raise UserError where the library that judges is not installed."""
    if find_spec("mir_eval") is None:
        raise UserError("Judging needs mir_eval: install the extra with pip install 'samplechop[train]'.")


def judge_and_show(
    task: "Task",
    look: "Look",
    folder: Path,
    found: "Sequence[Track]",
    systems: Sequence[str],
    output: Output,
    jobs: int,
    noise_files: Sequence[Path] | None,
) -> None:
    """Let the systems hear the recordings `found` under a folder, and noise unless noise_files is None; show it all.

    Raises UserError or ModelError for a recording, system or file that cannot be used.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from samplechop.offline.evaluate import json_results as data
    from samplechop.offline.evaluate import runner, table

    columns = (TextColumn("listening"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("listening", total=None)
        result = runner.evaluate(
            task, found, systems, noise_files, jobs, lambda done, of: progress.update(bar, completed=done, total=of)
        )
    console = Console()
    if output.tracks:
        console.print(table.recordings(result))
    console.print(table.means(result))
    if output.data is not None:
        data.write_data(result, folder, output.data)
    if output.page is not None:
        from samplechop.offline.evaluate.html_report import write_page

        write_page(result, look, folder.resolve().name, output.page)
