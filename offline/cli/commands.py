"""All commands of `samplechop`."""

import typer

from samplechop.offline.cli.atlas import app as atlas
from samplechop.offline.cli.bench import app as bench
from samplechop.offline.cli.chop import chop
from samplechop.offline.cli.datasets import crate, devset
from samplechop.offline.cli.drums import app as drums
from samplechop.offline.cli.evaluate import app as evaluate
from samplechop.offline.cli.labels import app as labels
from samplechop.offline.cli.notes import app as notes
from samplechop.offline.cli.sessions import sessions
from samplechop.offline.cli.train import app as train
from samplechop.realtime.cli import live

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
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")
app.add_typer(atlas, name="atlas")
app.add_typer(labels, name="labels")
app.add_typer(notes, name="notes")
app.add_typer(crate, name="crate")
app.add_typer(drums, name="drums")
app.add_typer(devset, name="devset")
app.add_typer(bench, name="bench")
