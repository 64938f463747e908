"""The commands under `samplechop atlas` that make one thing each of the sounds in an atlas."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.offline.atlas.settings import (
    DescribeSettings,
    DrumMachineSettings,
    EmbedSettings,
    FingerprintSettings,
    GridSettings,
    PageSettings,
    SpriteSettings,
    TagSettings,
)
from samplechop.offline.common import process_pool
from samplechop.offline.common.progress import Progress, progress_bars
from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError, check_extra
from samplechop.realtime.core.options import with_options

if TYPE_CHECKING:
    from samplechop.offline.atlas.store import Atlas

Folder = Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, made with samplechop atlas collect.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes or threads (default: one for each core).")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Address of a Dask scheduler whose workers do it, such as tcp://host:8786 (extra: dask).",
        show_default=False,
    ),
]
Metadata = Annotated[
    list[Path] | None, typer.Option(help="JSON or CSV that describes sounds, or a folder of such; again for more.")
]
MAP_NEEDS, PAGE_NEEDS = ("openTSNE", "sklearn"), ("bokeh",)
"""Modules of the extra atlas, see `errors.check_extra`."""
_TAKES_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|)")


def seconds(text: str, option: str) -> float:
    """Read a time such as "250ms", "1.5s" or "0.25". Raises UserError, which names the option."""
    match = _TAKES_TIME.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{option} takes a time such as 250ms or 1.5s, got {text!r}")
    return float(match[1]) * (0.001 if match[2] == "ms" else 1.0)


@contextmanager
def opened(folder: Path) -> Iterator[tuple["Atlas", Progress]]:
    """Open an atlas for a step that has it to itself. Raises UserError if there is none, or another process has it."""
    from samplechop.offline.atlas.store import Atlas

    atlas = Atlas(folder)
    with atlas.exclusive(), progress_bars() as progress:
        yield atlas, progress


def cores(jobs: int | None) -> int:
    """Give how many processes or threads work at once."""
    return jobs or process_pool.cores()


@with_options(DescribeSettings)
def describe(folder: Folder, jobs: Jobs = None, **given: Any) -> None:
    """Estimate tempo and key of every sound that has one, in music.tsv.

    \b
    samplechop atlas describe atlas
    """
    from samplechop.offline.atlas import tempo_and_key
    from samplechop.offline.atlas.files import read_table

    settings = DescribeSettings(**given)
    with opened(folder) as (atlas, progress):
        tempo_and_key.describe(atlas, settings, progress, cores(jobs))
    rows = read_table(folder / tempo_and_key.TABLE, tempo_and_key.COLUMNS)
    with_tempo, with_key = (sum(bool(row[column]) for row in rows) for column in (1, 2))
    echo(f"{with_tempo} of {len(rows)} sounds have a tempo, {with_key} a key")


@with_options(FingerprintSettings)
def fingerprint(
    folder: Folder,
    size: Annotated[str, typer.Option(help="Bands x frames.")] = "32x32",
    first: Annotated[str, typer.Option(help="How much of each sound, from its beginning.")] = "1s",
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    **given: Any,
) -> None:
    """Make a small picture of the beginning of every sound, by which sounds are compared; only of new ones.

    \b
    samplechop atlas fingerprint drums
    samplechop atlas fingerprint drums --kind mel --size 64x32 --first 500ms

    fingerprints.png shows them all, in the order of filenames.txt.
    """
    from samplechop.offline.atlas import fingerprints

    sizes = re.fullmatch(r"(\d{1,4})\s*[x×]\s*(\d{1,4})", size.strip())
    if sizes is None:
        raise UserError(f"--size takes bands and frames such as 32x32, got {size!r}")
    given |= {"bands": int(sizes[1]), "frames": int(sizes[2]), "first_seconds": seconds(first, "--first")}
    settings = FingerprintSettings(**given)
    if scheduler is not None:
        check_extra("dask", "--scheduler")
    with opened(folder) as (atlas, progress):
        fingerprints.fingerprint(atlas, settings, progress, cores(jobs), scheduler)
    echo(f"{len(atlas)} fingerprints in {folder}; {fingerprints.MOSAIC} shows them")


@with_options(EmbedSettings)
def embed(
    folder: Folder,
    perplexity: Annotated[
        list[float] | None,
        typer.Option(help="About how many neighbours to keep near; again for another map (default: 30)."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Lay out anew, instead of adding to what is there.")] = False,
    jobs: Jobs = None,
    **given: Any,
) -> None:
    """Make maps in which sounds that are alike lie near each other; new sounds are placed in the maps there are.

    \b
    samplechop atlas embed drums
    samplechop atlas embed drums --mode combined --perplexity 30 --perplexity 50
    samplechop atlas embed drums --dims 3
    samplechop atlas embed drums --colours k-means --clusters 10

    Needs the extra atlas. Each map is a table of positions, a table of colours and a plot, in the atlas's folder maps.
    """
    check_extra("atlas", "a map", *MAP_NEEDS)
    from samplechop.offline.atlas.map import map_files, tsne

    settings = EmbedSettings(**given, perplexities=tuple(dict.fromkeys(perplexity or (30.0,))))
    with opened(folder) as (atlas, progress):
        for sentence in tsne.embed(atlas, settings, progress, jobs, again):
            echo(sentence, err=True)
    for one in settings.perplexities:
        plot = map_files.path_of(atlas, tsne.map_name(settings.mode, settings.dims, one), ".png")
        echo(f"map of {len(atlas)} sounds: {plot}")


@with_options(GridSettings)
def grid(folder: Folder, **given: Any) -> None:
    """Make a rectangle of a map: every sound gets a cell of its own, and neighbours stay together as well as can be.

    \b
    samplechop atlas grid drums
    samplechop atlas grid drums --map combined-2d-p30 --columns 64

    Optimal assignment: 10,000 sounds take 0.8 GB of memory, 20,000 take 3.2 GB.
    """
    from samplechop.offline.atlas.map import map_files

    settings = GridSettings(**given)
    with opened(folder) as (atlas, progress):
        map_files.grid(atlas, settings, progress)
    echo(f"a grid of {len(atlas)} sounds in {folder}")


@with_options(SpriteSettings)
def sprites(folder: Folder, jobs: Jobs = None, **given: Any) -> None:
    """Write the sounds and fingerprints as spritesheets, which any web page plays and shows.

    \b
    samplechop atlas sprites drums                     mp3, 10 seconds a file
    samplechop atlas sprites drums --format ogg        smaller, for new browsers
    samplechop atlas sprites drums --part-seconds 0    all in one file

    The JSON beside each audio file is what howler.js and audiosprite's players read: new Howl(json).play(name).
    """
    from samplechop.offline.atlas.web import sprites as step

    settings = SpriteSettings(**given)
    with opened(folder) as (atlas, progress):
        step.sprites(atlas, settings, progress, jobs)
    echo(f"sprites in {folder / 'sprites'}")


@with_options(TagSettings)
def tags(folder: Folder, metadata: Metadata = None, **given: Any) -> None:
    """Tag every sound: the tags people gave, the tags a net predicts, and encodings for the map.

    \b
    samplechop atlas tags atlas                              the released net of sounds
    samplechop train tags atlas -o mine/tags                 one that learns from your own tags
    samplechop atlas tags atlas --model mine/tags.json       and names the untagged ones

    Given tags are read from NAME.json beside NAME.wav (name, description, tags, as freesound has them), from --metadata
    (also a CSV with a column file or name, and tags), or, where there is neither, from the names of the folders.
    """
    from samplechop.offline.atlas.tags import TABLE, read_tags, tag

    settings = TagSettings(**given, metadata=tuple(metadata or ()))
    with opened(folder) as (atlas, progress):
        tag(atlas, settings, progress)
    both = read_tags(atlas)
    known, predicted = (sum(bool(one[place]) for one in both) for place in (0, 1))
    echo(f"{folder / TABLE}: {known} of {len(both)} sounds with given tags, {predicted} with predicted ones")


@with_options(PageSettings)
def page(folder: Folder, **given: Any) -> None:
    """Write ATLAS/page: the map to look at, to play and to choose kits from. Open page/index.html in a browser.

    \b
    samplechop atlas page drums
    samplechop atlas page drums --title "Drums, 1998 to 2004" --map combined-2d-p30

    Needs the extra atlas. The folder needs no network and no server, and can be copied anywhere. A list of sounds that
    the page saves becomes a kit with samplechop chop --from-list.
    """
    check_extra("atlas", "the page", *PAGE_NEEDS)
    from samplechop.offline.atlas.web import page as step

    settings = PageSettings(**given)
    with opened(folder) as (atlas, progress):
        step.page(atlas, settings, progress)
    echo(f"open {folder / 'page' / 'index.html'}")


@with_options(DrumMachineSettings)
def drum_machine(
    folder: Folder,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the data set (default: drum-machine in the atlas)."),
    ] = None,
    jobs: Jobs = None,
    **given: Any,
) -> None:
    """Write what Google's Infinite Drum Machine needs to play the sounds of an atlas.

    \b
    samplechop atlas drum-machine drums
    samplechop atlas drum-machine found -o data --kick kick.wav --nearest 100

    Put the folders audio and meta into a copy of github.com/googlecreativelab/aiexperiments-drum-machine and build it
    as its README says. analysis.tsv has the distances for anything else.
    """
    from samplechop.offline.atlas.web import drum_machine as step

    settings = DrumMachineSettings(**given)
    with opened(folder) as (atlas, progress):
        prototypes = step.drum_machine(atlas, settings, progress, output, jobs)
    for prototype in prototypes:
        echo(f"{prototype.role}: {prototype.source}")
    echo(f"a drum machine of {len(atlas)} sounds in {folder / step.FOLDER if output is None else output}")
