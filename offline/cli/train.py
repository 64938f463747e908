"""The commands `samplechop train chop` and `drums`, the streaming nets, and `harmony` and `tags`."""

import os
import shlex
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.offline.cli.default_group import DefaultGroup
from samplechop.offline.common.progress import Progress, progress_bars
from samplechop.offline.training.keras_models import check_extra, check_writable, model_path
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.models import Manifest
    from samplechop.offline.training.loop import OnStep
    from samplechop.offline.training.streaming import StreamKind

VERSIONS = 2
"""Of each training recording: as it is, and augmented."""
INPUTS = ("cqt", "spectrum")

Out = Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/soul.")]
From = Annotated[str | None, typer.Option("--from", help="Begin with this model and move it towards your labels.")]
Members = Annotated[int, typer.Option(min=1, max=8, help="Nets to train and average (--from: as many as it has).")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed, data and machine give the same model.")]
Work = Annotated[
    Path | None, typer.Option(help="Where features are kept between runs (default: NAME-features beside the model).")
]
CalibrateOn = Annotated[
    Path | None,
    typer.Option(help="Labelled real recordings that say how sure the model may be; it does not learn from them."),
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes that compute features.")]

app = typer.Typer(cls=DefaultGroup, no_args_is_help=True, help="Train a model; of chops, if nothing else is named.")


@app.command("chop")
def train_chop(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Labelled recordings, or synthetic training sets.")
    ],
    out: Out,
    model_shape: Annotated[
        str, typer.Option(help="chop (the stream), chop-61 (the classic), chop-bands, chop-cnn.")
    ] = "chop",
    start: From = None,
    members: Members = 1,
    steps: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Training steps per net (default: 3000; 240 with --from; 0 with --from calibrates only); "
            "with chop-61, chop-bands, chop-cnn epochs at most (default: 40).",
        ),
    ] = None,
    seed: Seed = 1,
    work: Work = None,
    calibrate_on: CalibrateOn = None,
    jobs: Jobs = 2,
) -> None:
    """Train a chop model on labelled recordings, or teach the released one your own way of chopping.

    \b
    samplechop crate build -o crate --minutes 120      make labelled music
    samplechop train crate -o mine/soul                train on it
    samplechop train my-records -o mine/me --from chop ten records with your own chops beside them

    Labels lie beside each recording: name.txt with seconds, an Audacity label track, a MIDI file, the events of a
    session, or the truth of a synthetic training set. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md and figures in
    NAME-report; use it with samplechop live --model NAME.json.
    """
    from samplechop import models
    from samplechop.models import Features
    from samplechop.offline.training.keras_models import write_card
    from samplechop.offline.training.tasks import chop, chop61

    if model_shape not in ("chop", *chop61.SHAPES):
        raise UserError(f"--model-shape must be one of chop, {', '.join(chop61.SHAPES)}, got {model_shape!r}")
    if start is not None and model_shape != "chop":
        raise UserError("--from fine-tunes the streaming net: leave out --model-shape")
    calibrated = models.load(start) if start is not None and steps == 0 else None
    windows = calibrated is not None and isinstance(calibrated.features, Features)
    if model_shape == "chop" and not windows:
        _train_stream(chop.KIND, "chop", folders, out, start, members, steps, seed, work, calibrate_on, jobs)
        return
    began, out, _ = _checked(out, "mine/soul", start, steps, work)
    made: Manifest | None
    with progress_bars() as progress:
        if calibrated is not None:
            made = chop61.recalibrate(folders, out, calibrated, seed, jobs, progress)
        else:
            made, facts = chop61.train(folders, out, model_shape, seed, jobs, steps, progress, calibrate_on)
    if made is None:
        typer.echo(f"{model_shape}, to compare with, not to use: {facts}")
        return
    write_card(made, chop.ChopTask.card, _command())
    _done(out, began, made.scores)


@app.command("drums")
def train_drums(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Recordings with drum labels, or synthetic training sets.")
    ],
    out: Out,
    start: From = None,
    members: Members = 1,
    steps: Annotated[
        int | None,
        typer.Option(min=0, help="Training steps per net (default: 4000; 400 with --from; 0 with --from calibrates)."),
    ] = None,
    seed: Seed = 1,
    work: Work = None,
    calibrate_on: CalibrateOn = None,
    jobs: Jobs = 2,
) -> None:
    """Train a drum model on recordings of which the hits are known.

    \b
    samplechop crate build -o crate --minutes 360       make labelled music
    samplechop train drums crate -o mine/drums          train on it
    samplechop train drums my-records -o mine/me --from drums

    Labels lie beside each recording: name.drums.json, as samplechop drums writes it; name.drums.txt with seconds, drum
    and, if known, velocity 0..1 on each line; or the truth of a synthetic training set. Writes NAME.tflite, NAME.json,
    NAME.npz, NAME.md and figures in NAME-report; judge it with samplechop evaluate drums FOLDER --model NAME.json.
    """
    from samplechop.offline.training.tasks import drums

    _train_stream(drums.KIND, "drums", folders, out, start, members, steps, seed, work, calibrate_on, jobs)


def _train_stream(
    kind: "StreamKind",
    name: str,
    folders: list[Path],
    out: Path,
    start: str | None,
    members: int,
    steps: int | None,
    seed: int,
    work: Path | None,
    calibrate_on: Path | None,
    jobs: int,
) -> None:
    from samplechop.offline.training import dataset
    from samplechop.offline.training.loop import train

    began, out, kept = _checked(out, f"mine/{name}", start, steps, work)
    begin = kind.start_from(start) if start is not None else None
    options = kind.options(steps, seed, begin is not None)
    with progress_bars() as progress:
        prepare = partial(dataset.prepare, kind.spec, seed=seed, jobs=jobs)
        counts = prepare(folders, kept / name, VERSIONS, on_record=partial(progress, "processing recordings"))
        facts: dict[str, Any] = {f"recordings_{split}": number for split, number in counts.items()}
        real = None
        if calibrate_on is not None:
            real = kept / "calibration"
            counted = partial(progress, "processing real recordings")
            found = prepare([calibrate_on], real, 1, on_record=counted)
            facts["recordings_calibration"] = sum(found.values())
        job = kind.make(kept / name, members, begin, real)
        facts |= {"seed": seed, "steps": options.steps, "members": job.members, "from": start or "nothing"}
        made = train(job, out, options, facts, _steps(progress, job.members, options.steps), _command())
    _done(out, began, made.manifest.scores)


@app.command("harmony")
def train_harmony(
    banks: Annotated[
        list[Path] | None, typer.Argument(metavar="[BANK...]", help="Banks of notes, or folders of banks.")
    ] = None,
    out: Out = Path(),
    soundfont: Annotated[
        list[Path] | None, typer.Option(help="General MIDI .sf2; again for more (default: the system's).")
    ] = None,
    only_banks: Annotated[bool, typer.Option("--only-banks", help="Learn from BANK... only, no soundfont.")] = False,
    sounds: Annotated[list[Path] | None, typer.Option(help="Folder with real drums; again for more.")] = None,
    made: Annotated[int, typer.Option(min=0, help="Instruments made by rule to add.")] = 60,
    examples: Annotated[int, typer.Option(min=1000, help="Frames to learn from.")] = 105_000,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 5000,
    seed: Seed = 1,
    spectrum: Annotated[str, typer.Option("--input", help="cqt, or spectrum to compare with.")] = "cqt",
    work: Work = None,
    jobs: Jobs = 2,
) -> None:
    """Train a harmony model on chords mixed from single notes of many instruments.

    \b
    samplechop train harmony -o mine/harmony                 soundfonts, and instruments made by rule
    samplechop train harmony my-synth my-piano -o mine/harmony   and your own banks

    Every note is detuned, mixed, strummed, cut, put in rooms, under drums and on worn records. Some instruments are
    never learned from and tell how well it does. Writes NAME.tflite, NAME.json, NAME.md and NAME-report/loss.png.
    """
    from samplechop.offline.synthesis import soundfonts
    from samplechop.offline.training.loop import Options, train
    from samplechop.offline.training.tasks import harmony, harmony_examples, harmony_library

    if spectrum not in INPUTS:
        raise UserError(f"--input must be cqt or spectrum, got {spectrum!r}")
    if only_banks and not banks:
        raise UserError("--only-banks needs banks to learn from: name at least one")
    began, out, kept = _checked(out, "mine/harmony", None, steps, work)
    fonts = [] if only_banks else soundfonts.find_soundfonts(soundfont or [])
    library, held_out = kept / "library", max(1000, examples // 10)
    options = Options(steps, rate=2.5e-3, seed=seed, check_every=250, patience=12)
    with progress_bars() as progress:
        gathered, mixed = partial(progress, "gathering sounds"), partial(progress, "mixing chords")
        harmony_library.prepare(library, banks or [], fonts, sounds or [], made, jobs, gathered)
        frames = harmony_examples.prepare(kept / spectrum, library, spectrum, examples, held_out, seed, jobs, mixed)
        used = harmony_library.load(library).instruments
        facts = {
            "instruments": sum(not one.held_out for one in used),
            "instruments_held_out": sum(one.held_out for one in used),
            "soundfonts": [font.stem for font in fonts],
            "frames": len(frames[0].x),
            "frames_held_out": len(frames[1].x),
            "seed": seed,
            "steps": steps,
        }
        task = harmony.HarmonyTask(*frames, spectrum)
        scores = train(task, out, options, facts, _steps(progress, 1, steps), _command()).manifest.scores
    single, mix = scores["pitch_class_f"], scores["pitch_class_f_of_a_mix"]
    _done(out, began, f"pitch-class F {single:.3f} of single frames, {mix:.3f} of six together")


@app.command("tags")
def train_tags(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, see samplechop atlas collect.")],
    out: Out,
    metadata: Annotated[
        list[Path] | None,
        typer.Option(help="JSON or CSV that describes sounds, or a folder of such; again for more."),
    ] = None,
    synonyms: Annotated[Path | None, typer.Option(help='Lines such as "hat: hihat, hi-hat, hh".')] = None,
    min_df: Annotated[int, typer.Option("--min-df", min=1, help="Sounds that must have a word to make it a tag.")] = 5,
    held: Annotated[
        list[str] | None,
        typer.Option(help="Pack never learned from, to measure on; again for more (default: about a fifth of all)."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 1200,
    seed: Seed = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one for each core).")] = None,
) -> None:
    """Train a net that tags sounds on those of an atlas that are tagged, and measure it on packs it has not heard.

    \b
    samplechop train tags atlas -o mine/tags                       tags from JSON beside the sounds, or folder names
    samplechop train tags atlas -o mine/tags --metadata tags.csv --min-df 20
    samplechop atlas tags atlas --model mine/tags.json             then tag everything with it

    Writes NAME.tflite, NAME.json, NAME.md, and figures in NAME-report.
    """
    from samplechop.offline.atlas import tag_net
    from samplechop.offline.atlas.store import Atlas
    from samplechop.offline.training.loop import Options, train
    from samplechop.offline.training.tasks.tags import TagTask, sound_features

    atlas = Atlas(folder)
    began, out, _ = _checked(out, "mine/tags", None, steps, None)
    options = Options(steps, rate=2e-3, seed=seed, check_every=max(25, steps // 16), patience=6)
    tagged = tag_net.find(atlas, metadata or [], synonyms, min_df, held or [])
    typer.echo(f"{len(tagged.rows)} tagged sounds, {len(tagged.tags)} tags; {tagged.how}", err=True)
    with progress_bars() as progress:
        cores = jobs or os.cpu_count() or 1
        images = tag_net.images_of(atlas, tagged.rows, sound_features(tagged.tags), seed, cores, progress)
        task = TagTask(images, tagged, seed, steps)
        made = train(task, out, options, {}, _steps(progress, 1, steps), _command())
    score, count = made.manifest.scores["mean_average_precision"], made.manifest.training["sounds_validation"]
    found = f"mean average precision {score:.3f} on {count} sounds it has not heard"
    _done(out, began, f"{len(tagged.tags)} tags, {found}")


def _checked(
    out: Path, example: str, start: str | None, steps: int | None, work: Path | None
) -> tuple[float, Path, Path]:
    """Refuse what cannot be trained. Gives when it began, the model's path, and where features are kept."""
    if steps == 0 and start is None:
        raise UserError("--steps 0 trains nothing: name a model to calibrate with --from, or leave it out")
    check_extra()
    out = model_path(out, example)
    if work is not None:
        check_writable("--work", work, work)
    return time.perf_counter(), out, work or out.with_name(out.name + "-features")


def _command() -> str:
    return "samplechop " + shlex.join(sys.argv[1:])


def _steps(progress: Progress, members: int, steps: int) -> "OnStep":
    def on_step(member: int, step: int, loss: float) -> None:
        name = f"training net {member + 1} of {members}" if members > 1 else "training"
        progress(f"{name}, loss {loss:.3f}", step, steps)

    return on_step


def _done(out: Path, began: float, scores: str | Mapping[str, Any]) -> None:
    typer.echo(f"{out.with_name(out.name + '.json')} in {time.perf_counter() - began:.0f} s: {scores}")
