"""The command `samplechop`."""

import sys

import typer

from offline.bench.cli import app as bench
from offline.chop.cli import chop
from offline.crate.cli import app as crate
from offline.devset.cli import app as devset
from offline.evaluate.cli import evaluate
from offline.labels.cli import app as labels
from offline.sessions.cli import sessions
from offline.training.cli import train
from run_live import guarded, live

app = typer.Typer(
    name="samplechop",
    help="A live ear for sample-based producers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("live")(live)
app.command("chop")(chop)
app.command("sessions")(sessions)
app.command("train")(train)
app.command("evaluate")(evaluate)
app.add_typer(labels, name="labels")
app.add_typer(crate, name="crate")
app.add_typer(devset, name="devset")
app.add_typer(bench, name="bench")


def main() -> None:
    """Run the command line; exit code 2 means something the user can mend."""
    sys.exit(guarded(app))


if __name__ == "__main__":
    main()
