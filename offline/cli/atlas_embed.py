"""The command `samplechop atlas embed`."""

from pathlib import Path
from typing import Annotated

import typer


def embed(
    atlas: Annotated[Path, typer.Argument(help="An atlas with fingerprints.")],
    mode: Annotated[
        str, typer.Option(help="What makes sounds alike: fingerprints, labels, encoding, or combined: all there are.")
    ] = "fingerprints",
    dims: Annotated[int, typer.Option(help="2 or 3.")] = 2,
    perplexity: Annotated[
        list[float] | None,
        typer.Option(help="About how many neighbours to keep near; again for another map (default: 30)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another map.")] = 1,
    colours: Annotated[
        str,
        typer.Option(help="class: by label. position: red, green and blue are the places in a map of 3. Or k-means."),
    ] = "class",
    clusters: Annotated[int, typer.Option(help="How many clusters k-means finds.")] = 8,
    again: Annotated[bool, typer.Option("--again", help="Lay out anew, instead of adding to what is there.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads (default: one for each core).")] = None,
) -> None:
    """Make maps in which sounds that are alike lie near each other; new sounds are placed in the maps there are.

    \b
    samplechop atlas embed drums
    samplechop atlas embed drums --mode combined --perplexity 30 --perplexity 50
    samplechop atlas embed drums --dims 3
    samplechop atlas embed drums --colours k-means --clusters 10

    Each map is a table of positions, a table of colours and a plot, in the atlas's folder maps.
    """
    from samplechop.offline.atlas.map import map_files
    from samplechop.offline.atlas.map.tsne import EmbedSettings, map_name
    from samplechop.offline.atlas.map.tsne import embed as make
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.common.progress import progress_bars

    perplexities = tuple(dict.fromkeys(perplexity or (30.0,)))
    settings = EmbedSettings(mode, dims, perplexities, seed, colours, clusters)
    opened = Atlas(atlas)
    with progress_bars() as progress, opened.held():
        for sentence in make(opened, settings, progress, jobs, again):
            typer.echo(sentence, err=True)
    for one in perplexities:
        typer.echo(f"map of {len(opened)} sounds: {map_files.path_of(opened, map_name(mode, dims, one), '.png')}")
