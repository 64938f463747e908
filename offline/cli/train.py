"""The command `samplechop train TASK`: what RECIPES names, each with its own options and help; and
`samplechop train release NAME`, which makes a released model again.
"""

import shlex
import sys
import time
from collections import UserDict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from samplechop.offline.cli.main import DefaultGroup
from samplechop.offline.common.progress import progress_bars
from samplechop.offline.common.terminal import echo
from samplechop.offline.training.recipes import (
    ChopOptions,
    HarmonyOptions,
    NotBetter,
    Recipe,
    StreamOptions,
    TagOptions,
    TempoOptions,
    imported,
)
from samplechop.realtime.core.errors import check_extra
from samplechop.realtime.core.help_texts import fit_help
from samplechop.realtime.core.options import with_options

RECIPES = {
    "chop": Recipe(
        help="""Train a chop model on labelled recordings, or teach the released one your own way of chopping.

    \b
    samplechop crate build -o crate --minutes 120      make labelled music
    samplechop train crate -o mine/soul                train on it
    samplechop train my-records -o mine/me --from chop   ten records with your own chops beside them
    samplechop train chop --from-projects my-records -o mine/me --from chop      ten records with projects beside them
    samplechop train crate -o mine/found --search 20   try settings, keep what is surely better

    Labels lie beside each recording: name.txt with seconds, an Audacity label track, a MIDI file, the events of a
    session, or the truth of a synthetic training set. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md and figures in
    NAME-report; use it with samplechop live --model NAME.json.
    """,
        metavar="DIR",
        sources="Labelled recordings, or synthetic training sets.",
        train=imported("samplechop.offline.training.tasks.chop"),
        options=ChopOptions,
        required=False,
    ),
    "drums": Recipe(
        help="""Train a drum model on recordings of which the hits are known.

    \b
    samplechop crate build -o crate --minutes 360       make labelled music
    samplechop train drums crate -o mine/drums          train on it
    samplechop train drums my-records -o mine/me --from drums

    Labels lie beside each recording: name.drums.json, as samplechop drums writes it; name.drums.txt with seconds, drum
    and, if known, velocity 0..1 on each line; or the truth of a synthetic training set. Drums are kick, snare, hat, tom
    and cymbal; a text may name clap and stick, which count as snares, open, a hat, ride and crash, cymbals, and perc,
    none of these. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md and figures in NAME-report; measure it with
    samplechop evaluate drums FOLDER --model NAME.json.
    """,
        metavar="DIR",
        sources="Recordings with drum labels, or synthetic training sets.",
        train=imported("samplechop.offline.training.tasks.drums"),
        options=StreamOptions,
    ),
    "harmony": Recipe(
        help="""Train a harmony model on chords mixed from single notes of many instruments.

    \b
    samplechop train harmony -o mine/harmony                 soundfonts, and instruments made by rule
    samplechop train harmony my-synth my-piano -o mine/harmony   and your own banks

    Every note is detuned, mixed, strummed, cut, put in rooms, under drums and on worn records. Some instruments are
    never learned from, and measure how well it does. Writes NAME.tflite, NAME.json, NAME.md and NAME-report/loss.png.
    """,
        metavar="BANK",
        required=False,
        sources="Banks of notes, or folders of banks.",
        train=imported("samplechop.offline.training.tasks.harmony"),
        options=HarmonyOptions,
    ),
    "tags": Recipe(
        help="""Train a net that tags sounds on those of an atlas that are tagged, and measure it on packs held out.

    \b
    samplechop train tags atlas -o mine/tags                       tags from JSON beside the sounds, or folder names
    samplechop train tags atlas -o mine/tags --metadata tags.csv --min-df 20
    samplechop atlas tags atlas --model mine/tags.json             then tag everything with it

    Writes NAME.tflite, NAME.json, NAME.md, and figures in NAME-report.
    """,
        metavar="ATLAS",
        sources="An atlas, see samplechop atlas collect.",
        train=imported("samplechop.offline.atlas.tags"),
        options=TagOptions,
    ),
    "tempo": Recipe(
        help="""Fit what decides on the octave of the beat, on where bars begin, and on when a beat is trusted.

    \b
    samplechop train tempo groove_midi_dataset.zip -o mine/tempo      made records, and people's drumming
    samplechop train tempo groove_midi_dataset.zip devset my-music -o mine/tempo     and recordings with known beats
    samplechop train tempo -o mine/tempo                              made records alone

    Writes NAME.json; put it in the place of models/beats.json to use it, and measure with samplechop evaluate tempo,
    which takes other seeds and other drummers than those of the fit. samplechop train release beats does all of it.
    """,
        metavar="[SOURCE]",
        sources="The Groove MIDI Dataset, archive or folder, and folders of recordings with known beats.",
        train=imported("samplechop.offline.lab.synthetic.tempo_training"),
        options=TempoOptions,
        required=False,
        tensorflow=False,
    ),
}
"""Each task; its own module is imported when it trains."""

RELEASE = "release"


class _Commands(UserDict[str, Any]):
    """The command of each task, by the table."""

    def __getitem__(self, task: str) -> Any:
        """Make a task's command."""
        single = typer.Typer(add_completion=False)
        single.command(task)(_release if task == RELEASE else _command(task, self.data[task]))
        return fit_help(get_command(single))


class TaskGroup(DefaultGroup):
    """A command for each task in the table."""

    def __init__(self, **attributes: Any) -> None:
        """Take what Typer gives."""
        super().__init__(**attributes)
        self.commands = _Commands()
        self.commands.data = {RELEASE: None} | RECIPES


app = typer.Typer(cls=TaskGroup, no_args_is_help=True, help="Train a model; of chops, if nothing else is named.")


def _command(task: str, recipe: Any) -> Any:
    optional: Any = ... if recipe.required else None

    def command(
        sources: Annotated[list[Path] | None, typer.Argument(metavar=recipe.metavar, help=recipe.sources)] = optional,
        *,
        out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/soul.")],
        **given: Any,
    ) -> None:
        from samplechop.offline.training.keras_models import check_writable, model_path
        from samplechop.offline.training.loop import Run

        options, began = recipe.options(**given), time.perf_counter()
        searched = getattr(options, "search", None) is not None
        check_extra(
            "train",
            "training",
            *(["tensorflow"] if recipe.tensorflow else []),
            "sklearn",
            *(["optuna"] if searched else []),
        )
        path = model_path(out, f"mine/{task}")
        if options.work is not None:
            check_writable("--work", options.work, options.work)
        typed = "samplechop " + shlex.join(sys.argv[1:])
        written = path.with_name(path.name + ".json")
        with progress_bars() as progress:
            run = Run(task, path, options.work or path.with_name(path.name + "-features"), typed, progress)
            if searched:
                from samplechop.offline.lab.search import search

                said: object = search(recipe, sources or [], options, run)
                written = path.with_name(path.name + "-search")
            else:
                said = recipe.train(sources or [], options, run)
            if isinstance(said, NotBetter):
                written = said.model
        first, *then = str(said).splitlines()
        echo(f"{written} in {time.perf_counter() - began:.0f} s: {first}", *then)

    command.__doc__ = recipe.help
    return with_options(recipe.options)(command)


Folders = list[Path] | None


def _release(
    name: Annotated[str, typer.Argument(metavar="NAME", help="beats, chop, chop-61, drums, harmony or sounds.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The model to write (default: release/NAME).")] = None,
    music: Annotated[
        Path | None, typer.Option(help="Real music without drums, with reference times beside it.")
    ] = None,
    sounds: Annotated[Folders, typer.Option(help="More real one-shots and loops; again for more.")] = None,
    grooves: Annotated[Path | None, typer.Option(help="The Groove MIDI Dataset, zip or folder.")] = None,
    songs: Annotated[Path | None, typer.Option(help="Real songs with their drums apart.")] = None,
    packages: Annotated[
        Path, typer.Option(help="Where Debian's packages were unpacked, as by dpkg -x (default: installed).")
    ] = Path("/"),
    scale: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Make it of so much of all data and steps only, for a trial.")
    ] = 1.0,
    keep_weights: Annotated[
        bool, typer.Option("--keep-weights", help="Keep the released weights; make decisions, figures and card anew.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, and what is missing; do nothing.")
    ] = False,
) -> None:
    """Make a released model again, from named packages and folders: data, training, calibration, evaluation, card.

    \b
    samplechop train release chop --music my-music --plan     what it needs, does, and how long that takes
    samplechop train release chop --music my-music            do it; started again it goes on where it was
    samplechop train release chop --music my-music --scale 0.01 -o trial/chop
    samplechop train release chop --music my-music --keep-weights    thresholds and strengths alone, in minutes

    Writes OUT.tflite, OUT.json, OUT.npz, OUT.md, and in OUT-work all that was computed on the way.
    """
    from samplechop.offline.lab.releases import run
    from samplechop.offline.lab.releases.recipe import Place, read
    from samplechop.offline.training.keras_models import model_path

    recipe = read(name)
    path = out if plan and out is not None else model_path(out or Path("release") / name, f"release/{name}")
    given = {"music": [music], "sounds": sounds, "grooves": [grooves], "songs": [songs]}
    folders = {option: [one for one in some or () if one is not None] for option, some in given.items()}
    place = Place(path, path.with_name(path.name + "-work"), folders, packages, scale, keep_weights)
    lines = run.spoken(recipe, place)
    if plan:
        echo(*lines)
        return
    began = time.perf_counter()
    echo(*(line for line in lines if not line.startswith("  ")), err=True)
    made = run.make(recipe, place)
    echo(f"{made} in {time.perf_counter() - began:.0f} s, its card is {made.with_suffix('.md')}")
