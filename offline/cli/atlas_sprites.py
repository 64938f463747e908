"""The command `samplechop atlas sprites`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from samplechop.offline.atlas.web.spritesheets import AudioFormat


def sprites(
    atlas: Annotated[Path, typer.Argument(help="An atlas, made with samplechop atlas collect.")],
    format: Annotated[str, typer.Option(help="mp3, ogg or wav; every browser plays mp3.")] = "mp3",
    part_seconds: Annotated[float, typer.Option(help="Seconds of a file, at most; 0: all in one.")] = 10.0,
    gap: Annotated[float, typer.Option(help="Milliseconds of silence around each sound.")] = 100.0,
    fade_in: Annotated[float, typer.Option(help="Milliseconds in which a sound comes in.")] = 0.5,
    fade_out: Annotated[float, typer.Option(help="Milliseconds in which it goes out.")] = 5.0,
    tile: Annotated[int | None, typer.Option(help="Pixels of a fingerprint's side (default: as it is).")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per CPU).")] = None,
) -> None:
    """Write the sounds and fingerprints as spritesheets, which any web page plays and shows.

    \b
    samplechop atlas sprites drums                     mp3, 10 seconds a file
    samplechop atlas sprites drums --format ogg        smaller, for new browsers
    samplechop atlas sprites drums --part-seconds 0    all in one file

    The JSON beside each audio file is what howler.js and audiosprite's players read: new Howl(json).play(name).
    """
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.web.sprites import SpriteSettings
    from samplechop.offline.atlas.web.sprites import sprites as make
    from samplechop.offline.common.progress import progress_bars

    wanted = cast("AudioFormat", format)  # the settings refuse every other
    settings = SpriteSettings(wanted, part_seconds, gap, fade_in, fade_out, tile)
    with progress_bars() as progress:
        opened = Atlas(atlas)
        with opened.held():
            make(opened, settings, progress, jobs)
    typer.echo(f"sprites in {atlas / 'sprites'}")
