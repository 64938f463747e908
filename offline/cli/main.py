"""The command `samplechop`: COMMANDS says where each command is; only the one that is asked for is imported."""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.compile_notice import prepare_compiling
from samplechop.realtime.core.ends import end_code, ended_cleanly
from samplechop.realtime.core.errors import UserError, close_word, guarded
from samplechop.realtime.core.help_texts import HELP_OPTIONS, fit_help
from samplechop.realtime.core.process import ended_at_once
from samplechop.realtime.core.standard_streams import open_standard_files

with ended_at_once():  # Ctrl-C ends it without a word while modules are imported
    import typer
    from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "live": ("samplechop.realtime.cli:live", "Listen to a record and send a MIDI note for every good place to cut."),
    "chop": ("samplechop.offline.cli.chop:chop", "Make a kit of the best and most different chops of a record."),
    "studio": ("samplechop.offline.cli.studio:studio", "See, hear, move and keep chops in your browser."),
    "project": (
        "samplechop.offline.cli.project:app",
        "See and edit what you decided about a record: chops moved, added, deleted, named.",
    ),
    "sessions": (
        "samplechop.offline.cli.sessions:sessions",
        "List recorded sessions, and repair what was broken off.",
    ),
    "train": ("samplechop.offline.cli.train:app", "Train a model; of chops, if nothing else is named (extra: train)."),
    "evaluate": ("samplechop.offline.cli.evaluate:app", "Measure models, of chops if none is named, and atlases."),
    "atlas": (
        "samplechop.offline.cli.atlas:app",
        "Make a map of many samples, to see, to play and to choose from (extra: atlas).",
    ),
    "labels": ("samplechop.offline.cli.labels:app", "Make, check and convert labels: where records should be cut."),
    "notes": ("samplechop.offline.cli.notes:app", "Capture single notes of an instrument, to train harmony with."),
    "crate": ("samplechop.offline.cli.datasets:crate", "Make synthetic training sets: records with all their labels."),
    "drums": ("samplechop.offline.cli.drums:app", "Make recordings with known drums, for samplechop train drums."),
    "devset": ("samplechop.offline.cli.datasets:devset", "Make recordings to evaluate models on."),
    "bench": ("samplechop.offline.cli.bench:app", "Measure speed and exactness on this machine."),
}
"""Where each is, a function with Typer's annotations or a typer.Typer with commands below it, and what it does."""


def _ending(invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have a command remove what it has begun, whatever asks it to end, and exit with the code that shells expect."""

    def run(ctx: Any) -> Any:
        with ended_cleanly(last=True):
            try:
                return invoke(ctx)
            except KeyboardInterrupt:
                raise typer.Exit(end_code()) from None

    return run


class _Lazy(Mapping[str, Any]):
    """The commands by name, imported when they are asked for."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = COMMANDS[name][0].partition(":")
        with ended_at_once():
            found = getattr(import_module(module), attribute)
        one = typer.Typer()
        if isinstance(found, typer.Typer):
            one.add_typer(found, name=name)
        else:
            one.callback()(lambda: None)
            one.command(name)(found)
        command = fit_help(typer.main.get_group(one).commands[name])
        if name != "live":  # it imports more before anything is open, and ends cleanly by itself
            command.invoke = _ending(command.invoke)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


_UsageError: Any = typer.BadParameter.__base__


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, _Lazy())
        self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer names it)
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, name: str) -> Any:
        """Import a command; where all are listed only its name and help are needed."""
        if self._listing and name in COMMANDS:
            return TyperCommand(name, help=COMMANDS[name][1])
        return super().get_command(ctx, name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is named; hint at what mostly is wrong where there are too many arguments."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            if "unexpected extra argument" in error.message:
                error.message += ": a name with spaces needs quotes, such as 'my song.wav'"
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """List the commands."""
        self._listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """List the commands that a word may become."""
        self._listing = True
        return super().shell_complete(ctx, incomplete)


class DefaultGroup(TyperGroup):
    """Takes what is no command's name for an argument of `chop`: `samplechop train DIR` is `samplechop train chop DIR`.

    A bare call shows the help.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where there is none. Raises UserError for one that is misspelt."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            meant = close_word(args[0], self.commands, 0.8)
            if meant and not Path(args[0]).exists() and not ctx.resilient_parsing:
                raise UserError(f"there is no command and no folder {args[0]!r}{meant}")
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the commands, and below them the options of the one that is meant where none is named."""
        super().format_help(ctx, formatter)
        default = self.commands[DEFAULT]
        echo(f" Where no command is named, {DEFAULT} is meant:")
        default.format_help(default.make_context(DEFAULT, [], ctx, resilient_parsing=True), formatter)


DEFAULT = "chop"


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        echo(f"samplechop {version('samplechop')}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    name="samplechop",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)


@app.callback()
def samplechop(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """A live ear for sample-based producers."""


def main() -> None:
    """Run the command line; exit code 2 means something the user can put right, 130 that Ctrl-C ended it."""
    open_standard_files()
    with ended_at_once():
        prepare_compiling()
    sys.exit(guarded(fit_help(typer.main.get_command(app), below=False)))
