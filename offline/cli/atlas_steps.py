"""The commands under `samplechop atlas` that make one thing each of the sounds in an atlas."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from samplechop.offline.common.progress import Progress, progress_bars
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.web.spritesheets import AudioFormat

Folder = Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, made with samplechop atlas collect.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes or threads (default: one for each core).")]
_TAKES_TIME = re.compile(r"(\d+\.?\d*|\.\d+)\s*(ms|s|)")
_DRUM = "A file that sounds as {} should (default: what the atlas calls so)."


def seconds(text: str, option: str) -> float:
    """Read a time such as "250ms", "1.5s" or "0.25". Raises UserError, which names the option."""
    match = _TAKES_TIME.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{option} takes a time such as 250ms or 1.5s, got {text!r}")
    return float(match[1]) * (0.001 if match[2] == "ms" else 1.0)


@contextmanager
def opened(folder: Path) -> Iterator[tuple["Atlas", Progress]]:
    """Open an atlas for a step that has it to itself. Raises UserError if there is none, or another process has it."""
    from samplechop.offline.atlas.store.atlas import Atlas

    atlas = Atlas(folder)
    with atlas.exclusive(), progress_bars() as progress:
        yield atlas, progress


def cores() -> int:
    """Give how many processes or threads work at once by default."""
    return os.cpu_count() or 1


def fingerprint(
    folder: Folder,
    kind: Annotated[str, typer.Option(help="Constant-Q, short-time Fourier transform or mel: cqt, stft, mel.")] = "cqt",
    size: Annotated[str, typer.Option(help="Bands x frames.")] = "32x32",
    first: Annotated[str, typer.Option(help="How much of each sound, from its beginning.")] = "1s",
    floor: Annotated[float, typer.Option(help="How far below each sound's loudest place to reach, dB.")] = 50.0,
    jobs: Jobs = None,
) -> None:
    """Make a small picture of the beginning of every sound, by which sounds are compared; only of new ones.

    \b
    samplechop atlas fingerprint drums
    samplechop atlas fingerprint drums --kind mel --size 64x32 --first 500ms

    fingerprints.png shows them all, in the order of filenames.txt.
    """
    from samplechop.offline.atlas.features.spectrogram_fingerprints import MOSAIC, FingerprintSettings
    from samplechop.offline.atlas.features.spectrogram_fingerprints import fingerprint as make

    sizes = re.fullmatch(r"(\d{1,4})\s*[x×]\s*(\d{1,4})", size.strip())
    if sizes is None:
        raise UserError(f"--size takes bands and frames such as 32x32, got {size!r}")
    settings = FingerprintSettings(kind, int(sizes[1]), int(sizes[2]), seconds(first, "--first"), floor)
    with opened(folder) as (atlas, progress):
        make(atlas, settings, progress, jobs or cores())
    typer.echo(f"{len(atlas)} fingerprints in {folder}; {MOSAIC} shows them")


def tags(
    folder: Folder,
    model: Annotated[
        str, typer.Option(help="sounds, or your own, such as mine/tags.json from samplechop train tags.")
    ] = "sounds",
    metadata: Annotated[
        list[Path] | None,
        typer.Option(help="JSON or CSV that describes sounds, or a folder of such; again for more."),
    ] = None,
    synonyms: Annotated[Path | None, typer.Option(help='Lines such as "hat: hihat, hi-hat, hh".')] = None,
) -> None:
    """Tag every sound: the tags people gave, the tags a net predicts, and encodings for the map.

    \b
    samplechop atlas tags atlas                              the released net of sounds
    samplechop train tags atlas -o mine/tags                 one that learns from your own tags
    samplechop atlas tags atlas --model mine/tags.json       and names the untagged ones

    Given tags are read from NAME.json beside NAME.wav (name, description, tags, as freesound has them), from --metadata
    (also a CSV with a column file or name, and tags), or, where there is neither, from the names of the folders.
    """
    from samplechop.offline.atlas.tags.tag import TABLE, TagSettings, read_tags, tag

    with opened(folder) as (atlas, progress):
        tag(atlas, TagSettings(model, tuple(metadata or ()), synonyms), progress)
    both = read_tags(atlas)
    given, predicted = (sum(bool(one[place]) for one in both) for place in (0, 1))
    typer.echo(f"{folder / TABLE}: {given} of {len(both)} sounds with given tags, {predicted} with predicted ones")


def describe(
    folder: Folder,
    least_seconds: Annotated[float, typer.Option(help="Shorter sounds have neither tempo nor key.")] = 1.5,
    jobs: Jobs = None,
) -> None:
    """Estimate tempo and key of every sound that has one, in music.tsv.

    \b
    samplechop atlas describe atlas
    """
    from samplechop.offline.atlas.features import tempo_and_key as describing
    from samplechop.offline.atlas.store.files import read_table

    settings = describing.DescribeSettings(least_seconds)
    with opened(folder) as (atlas, progress):
        describing.describe(atlas, settings, progress, jobs or cores())
    rows = read_table(folder / describing.TABLE, describing.COLUMNS)
    with_tempo, with_key = (sum(bool(row[column]) for row in rows) for column in (1, 2))
    typer.echo(f"{with_tempo} of {len(rows)} sounds have a tempo, {with_key} a key")


def embed(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas with fingerprints.")],
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
    jobs: Jobs = None,
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

    perplexities = tuple(dict.fromkeys(perplexity or (30.0,)))
    settings = EmbedSettings(mode, dims, perplexities, seed, colours, clusters)
    with opened(folder) as (atlas, progress):
        for sentence in make(atlas, settings, progress, jobs, again):
            typer.echo(sentence, err=True)
    for one in perplexities:
        typer.echo(f"map of {len(atlas)} sounds: {map_files.path_of(atlas, map_name(mode, dims, one), '.png')}")


def grid(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas with a map.")],
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

    with opened(folder) as (atlas, progress):
        make(atlas, GridSettings(map, columns), progress)
    typer.echo(f"a grid of {len(atlas)} sounds in {folder}")


def sprites(
    folder: Folder,
    format: Annotated[str, typer.Option(help="mp3, ogg or wav; every browser plays mp3.")] = "mp3",
    part_seconds: Annotated[float, typer.Option(help="Seconds of a file, at most; 0: all in one.")] = 10.0,
    gap: Annotated[float, typer.Option(help="Milliseconds of silence around each sound.")] = 100.0,
    fade_in: Annotated[float, typer.Option(help="Milliseconds in which a sound comes in.")] = 0.5,
    fade_out: Annotated[float, typer.Option(help="Milliseconds in which it goes out.")] = 5.0,
    tile: Annotated[int | None, typer.Option(help="Pixels of a fingerprint's side (default: as it is).")] = None,
    jobs: Jobs = None,
) -> None:
    """Write the sounds and fingerprints as spritesheets, which any web page plays and shows.

    \b
    samplechop atlas sprites drums                     mp3, 10 seconds a file
    samplechop atlas sprites drums --format ogg        smaller, for new browsers
    samplechop atlas sprites drums --part-seconds 0    all in one file

    The JSON beside each audio file is what howler.js and audiosprite's players read: new Howl(json).play(name).
    """
    from samplechop.offline.atlas.web.sprites import SpriteSettings
    from samplechop.offline.atlas.web.sprites import sprites as make

    wanted = cast("AudioFormat", format)  # the settings refuse every other
    settings = SpriteSettings(wanted, part_seconds, gap, fade_in, fade_out, tile)
    with opened(folder) as (atlas, progress):
        make(atlas, settings, progress, jobs)
    typer.echo(f"sprites in {folder / 'sprites'}")


def page(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas with a map and sprites.")],
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
    from samplechop.offline.atlas.web.page import PageSettings
    from samplechop.offline.atlas.web.page import page as make

    with opened(folder) as (atlas, progress):
        make(atlas, PageSettings(title, map), progress)
    typer.echo(f"open {folder / 'page' / 'index.html'}")


def drum_machine(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas with fingerprints and a map.")],
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
    jobs: Jobs = None,
) -> None:
    """Write what Google's Infinite Drum Machine needs to play the sounds of an atlas.

    \b
    samplechop atlas drum-machine drums
    samplechop atlas drum-machine found -o data --kick kick.wav --nearest 100

    Put the folders audio and meta into a copy of github.com/googlecreativelab/aiexperiments-drum-machine and build it
    as its README says. analysis.tsv has the distances for anything else.
    """
    from samplechop.offline.atlas.web.drum_machine import FOLDER, DrumMachineSettings
    from samplechop.offline.atlas.web.drum_machine import drum_machine as make

    settings = DrumMachineSettings(nearest, kick, snare, closed_hat, open_hat)
    with opened(folder) as (atlas, progress):
        prototypes = make(atlas, settings, progress, output, jobs)
    for prototype in prototypes:
        typer.echo(f"{prototype.role}: {prototype.source}")
    typer.echo(f"a drum machine of {len(atlas)} sounds in {folder / FOLDER if output is None else output}")
