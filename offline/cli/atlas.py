"""The commands under `samplechop atlas`: those that begin with files are here, those of one step in `atlas_steps`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.offline.cli import atlas_steps
from samplechop.offline.cli.atlas_steps import Jobs, cores, opened, seconds
from samplechop.offline.common.progress import progress_bars
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.atlas.collect.collect import CollectSettings

app = typer.Typer(no_args_is_help=True, help="Make a map of many samples, to look at, to play and to choose from.")


@app.callback()
def atlas() -> None:
    """Make a map of many samples, to look at, to play and to choose from."""


@app.command("build")
def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the atlas.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Audio files, sessions, kits, folders; none to go on with an atlas."),
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Keep so much of each sound, such as 250ms (default: all).")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Longer files are cut, see --split, or left out (default: 10).")
    ] = None,
    split: Annotated[str, typer.Option(help="How longer files are cut: none, chops or energy.")] = "none",
    alignment: Annotated[
        list[Path] | None, typer.Option(help="Aligned speech, see samplechop atlas collect; again for more.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Cut aligned speech into each phone or word.")] = "phone",
    model: Annotated[str, typer.Option(help="The net that tags: sounds, or your own.")] = "sounds",
    metadata: Annotated[
        list[Path] | None, typer.Option(help="JSON or CSV that describes sounds; again for more.")
    ] = None,
    perplexity: Annotated[float, typer.Option(help="About how many neighbours the maps keep near.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Another seed, other maps.")] = 1,
    title: Annotated[str | None, typer.Option(help="What the page is called (default: as the folder).")] = None,
    drum_machine: Annotated[
        bool, typer.Option("--drum-machine", help="Write the data of Google's Infinite Drum Machine, too.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Make an atlas and its page: collect, fingerprint, tags, describe, embed, grid, sprites and page in one go.

    \b
    samplechop atlas build drums/ kits/ -o atlas              then open atlas/page/index.html
    samplechop atlas build more/ -o atlas                     adds what is new; what is there keeps its place
    samplechop atlas build records/ -o atlas --split chops    cuts long files as samplechop chop would
    samplechop atlas build -o atlas                           goes on after a stop

    Every step is a command of its own with more settings; what was made with others is kept by them alone.
    """
    if inputs:
        collect(inputs, output, window, max_seconds, split=split, alignment=alignment, unit=unit, jobs=jobs)
    from samplechop.offline.atlas import build as building
    from samplechop.offline.atlas.tags.tag import TagSettings

    settings = building.BuildSettings(TagSettings(model, tuple(metadata or ())), seed, perplexity, title, drum_machine)
    with opened(output) as (atlas, progress):
        sentences = building.build(atlas, settings, progress, jobs or cores())
    for sentence in sentences:
        typer.echo(sentence, err=True)
    typer.echo(f"open {output / 'page' / 'index.html'}")


@app.command("collect")
def collect(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Audio files, sessions, kits, folders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the atlas.")],
    window: Annotated[
        str | None, typer.Option(help="Keep so much of each sound, such as 250ms or 1.5s (default: all of it).")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Longer files are cut, see --split, or left out (default: 10).")
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Sample rate of all sounds in Hz (default: 44100).")] = None,
    split: Annotated[
        str,
        typer.Option(
            help="Files longer than --max-seconds: none leaves them out; chops cuts them where a producer "
            "would; energy takes their loudest pieces."
        ),
    ] = "none",
    share: Annotated[float, typer.Option(help="How much of a file --split energy takes, 0 to 1.")] = 0.5,
    alignment: Annotated[
        list[Path] | None,
        typer.Option(
            help="When each word or phone is spoken: Gentle's JSON, output of CMU Sphinx with -time yes, a TextGrid; "
            "for several recordings one for each, of the same name, or the folder of them.",
        ),
    ] = None,
    unit: Annotated[str, typer.Option(help="Cut aligned speech into each phone or word.")] = "phone",
    jobs: Jobs = None,
) -> None:
    """Collect sounds into an atlas: mono, equally loud, without the silence around them.

    \b
    samplechop atlas collect drums/ kits/ -o atlas                files, sessions and kits, whatever is in there
    samplechop atlas collect more/ -o atlas                       only what is new
    samplechop atlas collect record.flac -o atlas --split chops   cut as samplechop chop would
    samplechop atlas collect talk.wav -o atlas --alignment talk.TextGrid --unit word

    What is empty, silent, damaged or too long is named and left out; sources.tsv in the atlas has the reasons.
    """
    from samplechop.offline.atlas.collect import collect as collecting
    from samplechop.realtime.recording.session_folder import check_folder

    check_folder(output, "--output")
    given = {
        "rate": rate,
        "max_seconds": max_seconds,
        "window_seconds": None if window is None else seconds(window, "--window"),
    }
    settings = _settings(output, {name: value for name, value in given.items() if value is not None}, split, share)
    with progress_bars() as progress:
        report = collecting.collect(output, inputs, settings, progress, jobs or cores(), alignment or (), unit)
    for sentence in report.left_out:
        typer.echo(f"left out: {sentence}", err=True)
    for sentence in report.notes:
        typer.echo(sentence, err=True)
    if report.interrupted:
        typer.echo("stopped before the end: the same command goes on from here", err=True)
        raise typer.Exit(130)
    from samplechop.offline.atlas.store.atlas import Atlas

    count = len(Atlas(output))
    if not count:
        raise UserError(
            f"none of the {len(report.left_out)} files can be used: sources.tsv in {str(output)!r} has the reasons"
        )
    files = f"{len(report.left_out)} files left out, {report.known} known before"
    typer.echo(f"{report.new} new, {count} sounds in {output}; {files}")


def _settings(output: Path, given: dict[str, Any], split: str, share: float) -> "CollectSettings":
    """Take from the atlas, if there is one, what no option gives."""
    from samplechop.offline.atlas.collect.collect import STEP, CollectSettings
    from samplechop.offline.atlas.store.atlas import STATE, Atlas

    before = Atlas(output).made(STEP) if (output / STATE).exists() else None
    return CollectSettings(**((before[0] if before else {}) | given), split=split, share=share)


app.command("describe")(atlas_steps.describe)
app.command("fingerprint")(atlas_steps.fingerprint)
app.command("embed")(atlas_steps.embed)
app.command("grid")(atlas_steps.grid)
app.command("sprites")(atlas_steps.sprites)
app.command("tags")(atlas_steps.tags)
app.command("page")(atlas_steps.page)
app.command("drum-machine")(atlas_steps.drum_machine)
