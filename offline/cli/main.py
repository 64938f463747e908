"""The command `samplechop`: COMMANDS says where each command is; only the one that is asked for is imported."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from samplechop.realtime.core.process import ended_at_once, prepare_compiling
from samplechop.realtime.core.standard_streams import open_standard_files

with ended_at_once():  # Ctrl-C ends it without a word while modules are imported
    import typer
    from typer.core import TyperGroup

COMMANDS = {
    "live": "samplechop.realtime.cli:live",
    "chop": "samplechop.offline.cli.chop:chop",
    "sessions": "samplechop.offline.cli.sessions:sessions",
    "train": "samplechop.offline.cli.train:app",
    "evaluate": "samplechop.offline.cli.evaluate:app",
    "atlas": "samplechop.offline.cli.atlas:app",
    "labels": "samplechop.offline.cli.labels:app",
    "notes": "samplechop.offline.cli.notes:app",
    "crate": "samplechop.offline.cli.datasets:crate",
    "drums": "samplechop.offline.cli.drums:app",
    "devset": "samplechop.offline.cli.datasets:devset",
    "bench": "samplechop.offline.cli.bench:app",
}
"""Each a function with Typer's annotations, or a typer.Typer with commands below it."""


class _Lazy(Mapping[str, Any]):
    """The commands by name, imported when they are asked for."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = COMMANDS[name].partition(":")
        with ended_at_once():
            found = getattr(import_module(module), attribute)
        one = typer.Typer()
        if isinstance(found, typer.Typer):
            one.add_typer(found, name=name)
        else:
            one.callback()(lambda: None)
            one.command(name)(found)
        return typer.main.get_group(one).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, _Lazy())


class DefaultGroup(TyperGroup):
    """Takes what is no command's name for an argument of `chop`: `samplechop train DIR` is `samplechop train chop DIR`.

    A bare call shows the help.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where there is none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["chop", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Commands, name="samplechop", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def samplechop() -> None:
    """A live ear for sample-based producers."""


def main() -> None:
    """Run the command line; exit code 2 means something the user can put right, 130 that Ctrl-C ended it."""
    open_standard_files()
    with ended_at_once():
        prepare_compiling()
        from samplechop.realtime.cli import guarded
    sys.exit(guarded(app))
