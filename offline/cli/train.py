"""The command `samplechop train TASK`: what TASKS names, each with the options and the help of its own module."""

import shlex
import sys
import time
from collections import UserDict
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from samplechop.offline.cli.main import DefaultGroup
from samplechop.offline.common.progress import progress_bars
from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.options import with_options

TASKS = {
    "chop": "samplechop.offline.training.tasks.chop",
    "drums": "samplechop.offline.training.tasks.drums",
    "harmony": "samplechop.offline.training.tasks.harmony",
    "tags": "samplechop.offline.atlas.tags",
    "tempo": "samplechop.offline.lab.synthetic.octave_fit",
}
"""The module of each task: its RECIPE is what offline/training/loop.py says. It is imported when the task is named."""


class _Commands(UserDict[str, Any]):
    """The command of each task, by the table."""

    def __getitem__(self, task: str) -> Any:
        """Make a task's command."""
        single = typer.Typer(add_completion=False)
        single.command(task)(_command(task, import_module(self.data[task]).RECIPE))
        return get_command(single)


class TaskGroup(DefaultGroup):
    """A command for each task in the table."""

    def __init__(self, **attributes: Any) -> None:
        """Take what Typer gives."""
        super().__init__(**attributes)
        self.commands = _Commands()
        self.commands.data = TASKS


app = typer.Typer(cls=TaskGroup, no_args_is_help=True, help="Train a model; of chops, if nothing else is named.")


def _command(task: str, recipe: Any) -> Any:
    optional: Any = ... if recipe.required else None

    def command(
        sources: Annotated[list[Path] | None, typer.Argument(metavar=recipe.metavar, help=recipe.sources)] = optional,
        *,
        out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/soul.")],
        **given: Any,
    ) -> None:
        from samplechop.offline.training.keras_models import check_extra, check_writable, model_path
        from samplechop.offline.training.loop import Run

        options, began = recipe.options(**given), time.perf_counter()
        check_extra()
        path = model_path(out, f"mine/{task}")
        if options.work is not None:
            check_writable("--work", options.work, options.work)
        typed = "samplechop " + shlex.join(sys.argv[1:])
        with progress_bars() as progress:
            run = Run(task, path, options.work or path.with_name(path.name + "-features"), typed, progress)
            said = recipe.train(sources or [], options, run)
        first, *then = str(said).splitlines()
        echo(f"{path.with_name(path.name + '.json')} in {time.perf_counter() - began:.0f} s: {first}", *then)

    command.__doc__ = recipe.help
    return with_options(recipe.options)(command)
