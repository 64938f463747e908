"""The command `samplechop train drums`."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.progress import progress_bars
from samplechop.offline.training.checks import check_extra, check_writable, checked_out
from samplechop.realtime.core.errors import UserError

VERSIONS = 2


def train_drums(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Recordings with drum labels, or crates.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/drums.")],
    start: Annotated[
        str | None, typer.Option("--from", help="Begin with this model and move it towards your labels.")
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=8, help="Nets to train and average (--from: as many as it has).")
    ] = 1,
    steps: Annotated[
        int | None,
        typer.Option(min=0, help="Training steps per net (default: 4000; 400 with --from; 0 with --from calibrates)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, data and machine give the same model.")] = 1,
    work: Annotated[
        Path | None, typer.Option(help="Where features are kept between runs (default: NAME-features beside the model)")
    ] = None,
    calibrate_on: Annotated[
        Path | None,
        typer.Option(help="Labelled real recordings that say how sure the model may be; it does not learn from them."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that compute features.")] = 2,
) -> None:
    """Train a drum model on recordings of which the hits are known.

    \b
    samplechop crate build -o crate --minutes 360       make labelled music
    samplechop train drums crate -o mine/drums          train on it
    samplechop train drums my-records -o mine/me --from drums

    Labels lie beside each recording: name.drums.json, as samplechop drums writes it; name.drums.txt with seconds, drum
    and, if known, velocity 0..1 on each line; or a crate's own truth. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md
    and pictures in NAME-report; judge it with samplechop evaluate drums FOLDER --model NAME.json.
    """
    from samplechop.offline.training import dataset
    from samplechop.offline.training.figures import curves
    from samplechop.offline.training.model_card import write_card
    from samplechop.offline.training.tasks import drum_figures, drum_model
    from samplechop.offline.training.tasks.drum_targets import DRUM_TASK

    began = time.perf_counter()
    if steps == 0 and start is None:
        raise UserError("--steps 0 trains nothing: name a model to calibrate with --from, or leave it out")
    check_extra()
    out = checked_out(out, "mine/drums")
    kept = work or out.with_name(out.name + "-features")
    check_writable("--out", out, out.parent)
    begin = drum_model.beginning(start) if start is not None else None
    if work is not None:
        check_writable("--work", work, work)
    with progress_bars() as told:

        def prepare(what: str, given: list[Path], name: str, versions: int) -> dict[str, int]:
            return dataset.prepare(
                *(DRUM_TASK, given, kept / name, versions, seed, jobs), lambda done, of: told(what, done, of)
            )

        counts = prepare("listening", folders, "drums", VERSIONS)
        facts: dict[str, object] = {f"recordings_{split}": number for split, number in counts.items()}
        if calibrate_on is not None:
            heard = prepare("listening to real recordings", [calibrate_on], "calibration", 1)
            facts["recordings_calibration"] = sum(heard.values())
        chosen = drum_model.options(steps, seed, tuning=begin is not None)
        members = len(begin.members) if begin is not None else members
        facts |= {"seed": seed, "steps": chosen.steps, "members": members, "from": start or "nothing"}

        def at(member: int, step: int, loss: float) -> None:
            told(f"training net {member + 1} of {members}, loss {loss:.3f}", step, chosen.steps)

        real = kept / "calibration" if calibrate_on is not None else None
        trained = drum_model.train(kept / "drums", out, members, chosen, facts, begin, at, real)
    pictures = out.with_name(out.name + "-report")
    curves(trained.fittings, pictures / "loss.png")
    drum_figures.precision_recall(trained.manifest, trained.judged, pictures / "precision-recall.png")
    command = "samplechop train drums " + shlex.join(sys.argv[3:])
    write_card(
        trained.manifest,
        out.with_name(out.name + ".md"),
        command,
        facts,
        "Hears kicks, snares, hats, toms and cymbals within 25 ms.",
        "F-measures within 29 ms, on records it did not learn from, which decided thresholds or stopped the training:",
        "samplechop evaluate drums",
    )
    typer.echo(f"{out}.json in {time.perf_counter() - began:.0f} s: {trained.manifest.scores}")
