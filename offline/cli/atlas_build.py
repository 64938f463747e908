"""The command `samplechop atlas build`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.cli.atlas_collect import collect


def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the atlas.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Audio files, sessions, kits, folders; none to go on with an atlas."),
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Keep so much of each sound, such as 250ms (default: all).")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Longer files are cut, see --split, or left out (default: 10).")
    ] = None,
    split: Annotated[str, typer.Option(help="How longer files are cut: none, chops or energy.")] = "none",
    alignment: Annotated[
        list[Path] | None, typer.Option(help="Aligned speech, see samplechop atlas collect; again for more.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Cut aligned speech into each phone or word.")] = "phone",
    model: Annotated[str, typer.Option(help="The net that tags: sounds, or your own.")] = "sounds",
    metadata: Annotated[
        list[Path] | None, typer.Option(help="JSON or CSV that describes sounds; again for more.")
    ] = None,
    perplexity: Annotated[float, typer.Option(help="About how many neighbours the maps keep near.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Another seed, other maps.")] = 1,
    title: Annotated[str | None, typer.Option(help="What the page is called (default: as the folder).")] = None,
    drum_machine: Annotated[
        bool, typer.Option("--drum-machine", help="Write the data of Google's Infinite Drum Machine, too.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one for each core).")] = None,
) -> None:
    """Make an atlas and its page: collect, fingerprint, tags, describe, embed, grid, sprites and page in one go.

    \b
    samplechop atlas build drums/ kits/ -o atlas              then open atlas/page/index.html
    samplechop atlas build more/ -o atlas                     adds what is new; what is there keeps its place
    samplechop atlas build records/ -o atlas --split chops    cuts long files as samplechop chop would
    samplechop atlas build -o atlas                           goes on after a stop

    Every step is a command of its own with more settings; what was made with others is kept by them alone.
    """
    if inputs:
        collect(inputs, output, window, max_seconds, split=split, alignment=alignment, unit=unit, jobs=jobs)
    from samplechop.offline.atlas import build as building
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.tags.tag import TagSettings
    from samplechop.offline.common.progress import progress_bars

    settings = building.BuildSettings(TagSettings(model, tuple(metadata or ())), seed, perplexity, title, drum_machine)
    atlas = Atlas(output)
    with progress_bars() as progress, atlas.held():
        said = building.build(atlas, settings, progress, jobs or os.cpu_count() or 1)
    for sentence in said:
        typer.echo(sentence, err=True)
    typer.echo(f"open {output / 'page' / 'index.html'}")
