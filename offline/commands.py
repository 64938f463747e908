"""All commands of `samplechop`."""

import typer

from offline.atlas.cli import app as atlas
from offline.atlas.cli_train import train_tags
from offline.bench.cli import app as bench
from offline.chop.cli import chop
from offline.crate.cli import app as crate
from offline.default_group import DefaultGroup
from offline.devset.cli import app as devset
from offline.drums.cli import app as drums
from offline.drums.cli_train import train_drums
from offline.evaluate.cli import evaluate as evaluate_chops
from offline.evaluate.cli_atlas import evaluate_atlas
from offline.evaluate.cli_drums import evaluate_drums
from offline.evaluate.cli_harmony import evaluate_harmony
from offline.harmony.cli_notes import app as notes
from offline.harmony.cli_train import train_harmony
from offline.labels.cli import app as labels
from offline.sessions.cli import sessions
from offline.training.cli import train as train_chops
from run_live import live

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
train = typer.Typer(cls=DefaultGroup, no_args_is_help=True, help="Train a model; of chops, if nothing else is named.")
train.command("chop")(train_chops)
train.command("drums")(train_drums)
train.command("harmony")(train_harmony)
train.command("tags")(train_tags)
app.add_typer(train, name="train")
evaluate = typer.Typer(
    cls=DefaultGroup, no_args_is_help=True, help="Judge models, of chops if none is named, and atlases."
)
evaluate.command("chop")(evaluate_chops)
evaluate.command("drums")(evaluate_drums)
evaluate.command("harmony")(evaluate_harmony)
evaluate.command("atlas")(evaluate_atlas)
app.add_typer(evaluate, name="evaluate")
app.add_typer(atlas, name="atlas")
app.add_typer(labels, name="labels")
app.add_typer(notes, name="notes")
app.add_typer(crate, name="crate")
app.add_typer(drums, name="drums")
app.add_typer(devset, name="devset")
app.add_typer(bench, name="bench")
