"""The command `samplechop train`."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from samplechop.offline.common.progress import Progress, progress_bars
from samplechop.offline.training.checks import check_extra, check_writable, checked_out
from samplechop.realtime.core.errors import UserError

VERSIONS = 2


def train(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Labelled recordings, or crates.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/soul.")],
    model_shape: Annotated[
        str, typer.Option(help="chop (the stream), chop-61 (the classic), chop-bands, chop-cnn.")
    ] = "chop",
    start: Annotated[
        str | None, typer.Option("--from", help="Begin with this model and move it towards your labels.")
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=8, help="Nets to train and average (--from: as many as it has).")
    ] = 1,
    steps: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Training steps per net (default: 3000; 240 with --from; 0 with --from calibrates only); "
            "with chop-61, chop-bands, chop-cnn epochs at most (default: 40).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, data and machine give the same model.")] = 1,
    work: Annotated[
        Path | None,
        typer.Option(help="Where features are kept between runs (default: NAME-features beside the model)."),
    ] = None,
    calibrate_on: Annotated[
        Path | None,
        typer.Option(help="Labelled real recordings that say how sure the model may be; it does not learn from them."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that compute features.")] = 2,
) -> None:
    """Train a chop model on labelled recordings, or teach the released one your own way of chopping.

    \b
    samplechop crate build -o crate --minutes 120      make labelled music
    samplechop train crate -o mine/soul                train on it
    samplechop train my-records -o mine/me --from chop ten records with your own chops beside them

    Labels lie beside each recording: name.txt with seconds, an Audacity label track, a MIDI file, the events of a
    session, or a crate's own truth. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md and pictures in NAME-report; use
    it with samplechop live --model NAME.json.
    """
    from samplechop import models
    from samplechop.models import Features
    from samplechop.offline.training.tasks import chop61_model, chop_model

    began = time.perf_counter()
    if model_shape not in ("chop", *chop61_model.SHAPES):
        raise UserError(f"--model-shape must be one of chop, {', '.join(chop61_model.SHAPES)}, got {model_shape!r}")
    if start is not None and model_shape != "chop":
        raise UserError("--from moves the streaming net on: leave out --model-shape")
    if steps == 0 and start is None:
        raise UserError("--steps 0 trains nothing: name a model to calibrate with --from, or leave it out")
    check_extra()
    out = checked_out(out, "mine/soul")
    kept = work or out.with_name(out.name + "-features")
    check_writable("--out", out, out.parent)
    old = models.load(start) if start is not None and steps == 0 else None
    window_net = old if old is not None and isinstance(old.features, Features) else None
    begin = chop_model.beginning(start) if start is not None and window_net is None else None
    if work is not None:
        check_writable("--work", work, work)
    features = kept / model_shape
    with progress_bars() as told:
        if window_net is not None:
            manifest, facts = chop61_model.recalibrate(folders, out, window_net, seed, jobs, told)
        elif begin is not None or model_shape == "chop":
            counts = _prepare(told, "listening", folders, features, VERSIONS, seed, jobs)
            real = None
            if calibrate_on is not None:
                real = kept / "calibration"
                heard = _prepare(told, "listening to real recordings", [calibrate_on], real, 1, seed, jobs)
                counts["recordings_calibration"] = sum(heard.values())
            chosen = chop_model.options(steps, seed, tuning=begin is not None)
            members = len(begin.members) if begin is not None else members
            facts = counts | {"seed": seed, "steps": chosen.steps, "members": members, "from": start or "nothing"}

            def at(member: int, step: int, loss: float) -> None:
                told(f"training net {member + 1} of {members}, loss {loss:.3f}", step, chosen.steps)

            trained = chop_model.train(features, out, members, chosen, facts, begin, at, real)
            _pictures(trained, out)
            manifest = trained.manifest
        else:
            made, facts = chop61_model.train(folders, out, model_shape, seed, jobs, steps, told, calibrate_on)
            if made is None:
                typer.echo(f"{model_shape}, to compare with, not to use: {facts}")
                return
            manifest = made
    from samplechop.offline.training.model_card import write_card

    command = "samplechop train " + shlex.join(sys.argv[2:])
    write_card(
        manifest,
        out.with_name(out.name + ".md"),
        command,
        facts,
        "Hears where to cut a record.",
        "On validation records, which it was not trained on:",
        "samplechop evaluate",
    )
    typer.echo(f"{manifest.path.with_suffix('.json')} in {time.perf_counter() - began:.0f} s: {manifest.scores}")


def _prepare(
    told: Progress, what: str, folders: list[Path], features: Path, versions: int, seed: int, jobs: int
) -> dict[str, Any]:
    from samplechop.offline.training import dataset as folder
    from samplechop.offline.training.tasks.chop_targets import CHOPS

    counts = folder.prepare(
        CHOPS,
        folders,
        features,
        versions,
        seed=seed,
        jobs=jobs,
        on_record=lambda done, of: told(what, done, of),
    )
    return {f"recordings_{split}": number for split, number in counts.items()}


def _pictures(trained: Any, out: Path) -> None:
    from samplechop.offline.training import figures

    folder = out.with_name(out.name + "-report")
    figures.curves(trained.fittings, folder / "loss.png")
    figures.precision_recall(trained.judged, folder / "precision-recall.png")
    figures.reliability(trained.manifest, trained.judged, folder / "reliability.png")
