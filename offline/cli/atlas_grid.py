"""The command `samplechop atlas grid`."""

from pathlib import Path
from typing import Annotated

import typer


def grid(
    atlas: Annotated[Path, typer.Argument(help="An atlas with a map.")],
    map: Annotated[str | None, typer.Option(help="Which map (default: the one made first).")] = None,
    columns: Annotated[int | None, typer.Option(help="Columns (default: about as many as rows).")] = None,
) -> None:
    """Make a rectangle of a map: every sound gets a cell of its own, and neighbours stay together as well as can be.

    \b
    samplechop atlas grid drums
    samplechop atlas grid drums --map combined-2d-p30 --columns 64

    Optimal assignment: 10,000 sounds take 0.8 GB of memory, 20,000 take 3.2 GB.
    """
    from samplechop.offline.atlas.map.grid import GridSettings
    from samplechop.offline.atlas.map.grid import grid as make
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.common.progress import progress_bars

    opened = Atlas(atlas)
    with progress_bars() as progress, opened.held():
        make(opened, GridSettings(map, columns), progress)
    typer.echo(f"a grid of {len(opened)} sounds in {atlas}")
