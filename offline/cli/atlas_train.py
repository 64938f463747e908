"""The command `samplechop train tags`."""

import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.progress import progress_bars
from samplechop.offline.training.checks import check_extra, check_writable, checked_out


def train_tags(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, see samplechop atlas collect.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/tags.")],
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
    seed: Annotated[int, typer.Option(min=0, help="The same seed, sounds and machine give the same model.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that listen (default: one for each core).")] = None,
) -> None:
    """Train a net that tags sounds on those of an atlas that are tagged, and measure it on packs it has not heard.

    \b
    samplechop train tags atlas -o mine/tags                       tags from JSON beside the sounds, or folder names
    samplechop train tags atlas -o mine/tags --metadata tags.csv --min-df 20
    samplechop atlas tags atlas --model mine/tags.json             then tag everything with it

    Writes NAME.tflite, NAME.json, NAME.md, and pictures in NAME-report.
    """
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.tags import dataset as finding
    from samplechop.offline.atlas.tags import figures, model, training
    from samplechop.offline.training.loop import Options

    began = time.perf_counter()
    atlas = Atlas(folder)
    check_extra()
    out = checked_out(out, "mine/tags")
    check_writable("--out", out, out.parent)
    options = Options(steps=steps, rate=2e-3, seed=seed, check_every=max(25, steps // 16), patience=6)
    tagged = finding.find(atlas, metadata or [], synonyms, min_df, held or [])
    typer.echo(f"{len(tagged.rows)} tagged sounds, {len(tagged.tags)} tags; {tagged.how}", err=True)
    features = model.sound_features(tagged.tags)
    with progress_bars() as told:
        pictures = finding.picture(atlas, tagged.rows, features, seed, jobs or os.cpu_count() or 1, told)
        trained = training.train(
            pictures, tagged, features, out, options, lambda step, loss: told(f"training, loss {loss:.3f}", step, steps)
        )
    figures.write(trained, "samplechop train " + shlex.join(sys.argv[2:]), out)
    score = trained.manifest.scores["mean_average_precision"]
    typer.echo(
        f"{out.with_name(out.name + '.json')} in {time.perf_counter() - began:.0f} s: {len(tagged.tags)} tags, "
        f"mean average precision {score:.3f} on {len(trained.labels)} sounds it has not heard"
    )
