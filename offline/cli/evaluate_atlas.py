"""The command `samplechop evaluate atlas`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samplechop.offline.evaluate.atlas import Judgement


def evaluate_atlas(
    folder: Annotated[Path, typer.Argument(help="An atlas, or a folder of sounds named CLASS_NAME.wav.")],
    seeds: Annotated[int, typer.Option(min=1, help="Maps to make of each, and to take the mean of.")] = 5,
    json_: Annotated[Path | None, typer.Option("--json", help="Write all results as JSON.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes or threads (default: one for each core).")] = None,
) -> None:
    """Judge how well sounds of one class stay together: in each kind of fingerprint, labels, encodings, and combined.

    \b
    samplechop evaluate atlas drums/                  a folder of sounds
    samplechop evaluate atlas atlas --seeds 10        an atlas, as it is

    Of each sound's 5 nearest, the share that are of its class, and whether most of them are: in the map and among the
    features that the map is made from. A class is the first word of a file's name; sounds of classes with fewer than 6
    are not judged, but are among the neighbours.
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.evaluate.atlas import goals, judge, opened
    from samplechop.offline.evaluate.neighbours import judged
    from samplechop.offline.evaluate.report import Output

    Output(None, json_).check()
    if not folder.exists():
        raise UserError(f"there is no folder {str(folder)!r}")
    cores = jobs or os.cpu_count() or 1
    with progress_bars() as progress, opened(folder, progress, cores) as atlas:
        found = {one.name: one for one in judge(atlas, seeds, progress, cores)}
        labels = [sound.label for sound in atlas.sounds]
    kept = judged(labels)
    classes = len({label for label, keep in zip(labels, kept, strict=True) if keep})
    _print(found, f"{kept.sum()} sounds of {classes} classes, among {len(labels)}")
    for goal, reached in goals(found):
        typer.echo(f"{'✓' if reached else '✗'} {goal}")
    if json_ is not None:
        _write(json_, found)


def _print(found: "Mapping[str, Judgement]", title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("5 nearest neighbours")
    for column in ("map: agreeing", "map: majority", "features: agreeing", "features: majority"):
        table.add_column(column, justify="right")
    for one in found.values():
        values = (one.map.share, one.map.majority, one.space.share, one.space.majority)
        table.add_row(one.name, *(f"{value:.3f}" for value in values))
    Console().print(table)


def _write(path: Path, found: "Mapping[str, Judgement]") -> None:
    import json
    from dataclasses import asdict

    from samplechop.offline.common.atomic import replacing

    with replacing(path) as part:
        part.write_text(json.dumps([asdict(one) for one in found.values()], indent=1) + "\n", encoding="utf-8")
