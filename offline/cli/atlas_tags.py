"""The command `samplechop atlas tags`."""

from pathlib import Path
from typing import Annotated

import typer


def tags(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, see samplechop atlas collect.")],
    model: Annotated[
        str, typer.Option(help="sounds, or your own, such as mine/tags.json from samplechop train tags.")
    ] = "sounds",
    metadata: Annotated[
        list[Path] | None,
        typer.Option(help="JSON or CSV that describes sounds, or a folder of such; again for more."),
    ] = None,
    synonyms: Annotated[Path | None, typer.Option(help='Lines such as "hat: hihat, hi-hat, hh".')] = None,
) -> None:
    """Say what every sound is: the tags people gave, the tags a net predicts, and encodings for the map.

    \b
    samplechop atlas tags atlas                              the released net of sounds
    samplechop train tags atlas -o mine/tags                 one that learns from your own tags
    samplechop atlas tags atlas --model mine/tags.json       and names the untagged ones

    Given tags are read from NAME.json beside NAME.wav (name, description, tags, as freesound has them), from --metadata
    (also a CSV with a column file or name, and tags), or, where there is neither, from the names of the folders.
    """
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.tags.tag import TABLE, TagSettings, read_tags, tag
    from samplechop.offline.common.progress import progress_bars

    atlas = Atlas(folder)
    with progress_bars() as progress:
        tag(atlas, TagSettings(model, tuple(metadata or ()), synonyms), progress)
    both = read_tags(atlas)
    given, predicted = (sum(bool(one[place]) for one in both) for place in (0, 1))
    typer.echo(f"{folder / TABLE}: {given} of {len(both)} sounds with given tags, {predicted} with predicted ones")
