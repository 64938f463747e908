"""The commands under `samplechop atlas`."""

import typer

from samplechop.offline.cli.atlas_build import build
from samplechop.offline.cli.atlas_collect import collect
from samplechop.offline.cli.atlas_describe import describe
from samplechop.offline.cli.atlas_drum_machine import drum_machine
from samplechop.offline.cli.atlas_embed import embed
from samplechop.offline.cli.atlas_fingerprint import fingerprint
from samplechop.offline.cli.atlas_grid import grid
from samplechop.offline.cli.atlas_page import page
from samplechop.offline.cli.atlas_sprites import sprites
from samplechop.offline.cli.atlas_tags import tags

app = typer.Typer(no_args_is_help=True, help="Make a map of many samples, to look at, to play and to choose from.")


@app.callback()
def atlas() -> None:
    """Make a map of many samples, to look at, to play and to choose from."""


app.command("build")(build)
app.command("collect")(collect)
app.command("describe")(describe)
app.command("fingerprint")(fingerprint)
app.command("embed")(embed)
app.command("grid")(grid)
app.command("sprites")(sprites)
app.command("tags")(tags)
app.command("page")(page)
app.command("drum-machine")(drum_machine)
