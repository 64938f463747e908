"""The command `samplechop atlas page`."""

from pathlib import Path
from typing import Annotated

import typer


def page(
    atlas: Annotated[Path, typer.Argument(help="An atlas with a map and sprites.")],
    title: Annotated[str | None, typer.Option(help="What the page is called (default: as the folder).")] = None,
    map: Annotated[str | None, typer.Option(help="The map to begin with (default: the first made).")] = None,
) -> None:
    """Write ATLAS/page: the map to look at, to play and to choose kits from. Open page/index.html in a browser.

    \b
    samplechop atlas page drums
    samplechop atlas page drums --title "Drums, 1998 to 2004" --map combined-2d-p30

    The folder needs no network and no server, and can be copied anywhere. A list of sounds that the page saves becomes
    a kit with samplechop chop --from-list.
    """
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.web.page import PageSettings
    from samplechop.offline.atlas.web.page import page as make
    from samplechop.offline.common.progress import progress_bars

    with progress_bars() as progress:
        opened = Atlas(atlas)
        with opened.held():
            make(opened, PageSettings(title, map), progress)
    typer.echo(f"open {atlas / 'page' / 'index.html'}")
