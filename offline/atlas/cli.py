"""The commands under `samplechop atlas`."""

import typer

from offline.atlas.cli_build import build
from offline.atlas.cli_collect import collect
from offline.atlas.cli_describe import describe
from offline.atlas.cli_drum_machine import drum_machine
from offline.atlas.cli_embed import embed
from offline.atlas.cli_fingerprint import fingerprint
from offline.atlas.cli_grid import grid
from offline.atlas.cli_page import page
from offline.atlas.cli_sprites import sprites
from offline.atlas.cli_tags import tags

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
