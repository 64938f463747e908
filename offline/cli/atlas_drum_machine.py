"""The command `samplechop atlas drum-machine`."""

from pathlib import Path
from typing import Annotated

import typer

_DRUM = "A file that sounds as {} should (default: what the atlas calls so)."


def drum_machine(
    atlas: Annotated[Path, typer.Argument(help="An atlas with fingerprints and a map.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the data set (default: drum-machine in the atlas)."),
    ] = None,
    nearest: Annotated[
        int | None, typer.Option(help="Sounds of each drum to begin with (default: an eighth of all, 4 to 200).")
    ] = None,
    kick: Annotated[Path | None, typer.Option(help=_DRUM.format("kicks"))] = None,
    snare: Annotated[Path | None, typer.Option(help=_DRUM.format("snares"))] = None,
    closed_hat: Annotated[Path | None, typer.Option(help=_DRUM.format("closed hats"))] = None,
    open_hat: Annotated[Path | None, typer.Option(help=_DRUM.format("open hats"))] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per CPU).")] = None,
) -> None:
    """Write what Google's Infinite Drum Machine needs to play the sounds of an atlas.

    \b
    samplechop atlas drum-machine drums
    samplechop atlas drum-machine found -o data --kick kick.wav --nearest 100

    Put the folders audio and meta into a copy of github.com/googlecreativelab/aiexperiments-drum-machine and build it
    as its README says. analysis.tsv has the distances for anything else.
    """
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.web.drum_machine import FOLDER, DrumMachineSettings
    from samplechop.offline.atlas.web.drum_machine import drum_machine as make
    from samplechop.offline.common.progress import progress_bars

    opened = Atlas(atlas)
    settings = DrumMachineSettings(nearest, kick, snare, closed_hat, open_hat)
    with opened.held(), progress_bars() as progress:
        references = make(opened, settings, progress, output, jobs)
    for reference in references:
        typer.echo(f"{reference.role}: {reference.said}")
    typer.echo(f"a drum machine of {len(opened)} sounds in {atlas / FOLDER if output is None else output}")
