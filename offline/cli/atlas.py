"""The commands under `samplechop atlas`: those that begin with files are here, those of one step in `atlas_steps`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from samplechop.offline.atlas.settings import (
    MOST_IN_GRID,
    CollectSettings,
    DescribeSettings,
    DrumMachineSettings,
    EmbedMode,
    EmbedSettings,
    FingerprintSettings,
    GridSettings,
    PageSettings,
    SpriteSettings,
    TagSettings,
)
from samplechop.offline.cli import atlas_steps
from samplechop.offline.cli.atlas_steps import MAP_NEEDS, PAGE_NEEDS, Jobs, Metadata, Scheduler, cores, opened, seconds
from samplechop.offline.common.progress import progress_bars
from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.ends import end_code
from samplechop.realtime.core.errors import UserError, check_extra
from samplechop.realtime.core.options import with_options

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder of the atlas.")]
Window = Annotated[
    str | None, typer.Option(help="Keep so much of each sound, such as 250ms or 1.5s (default: all of it).")
]
Alignment = Annotated[
    list[Path] | None,
    typer.Option(
        help="When each word or phone is spoken: Gentle's JSON, output of CMU Sphinx with -time yes, a TextGrid; "
        "for several recordings one for each, of the same name, or the folder of them.",
    ),
]
Unit = Annotated[str, typer.Option(help="Cut aligned speech into each phone or word.")]
MAPS: tuple[EmbedMode, ...] = ("combined", "fingerprints")
"""The maps of a page that `build` makes: the first is shown first, and the grid is made of it."""

app = typer.Typer(no_args_is_help=True, help="Make a map of many samples, to see, to play and to choose from.")


@app.command()
@with_options(CollectSettings)
@with_options(TagSettings)
def build(
    output: Output,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Audio files, sessions, kits, folders; none to go on with an atlas."),
    ] = None,
    window: Window = None,
    alignment: Alignment = None,
    unit: Unit = "phone",
    metadata: Metadata = None,
    perplexity: Annotated[float, typer.Option(help="About how many neighbours the maps keep near.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Another seed, other maps.")] = 1,
    title: Annotated[str | None, typer.Option(help="What the page is called (default: as the folder).")] = None,
    drum_machine: Annotated[
        bool, typer.Option("--drum-machine", help="Write the data of Google's Infinite Drum Machine, too.")
    ] = False,
    jobs: Jobs = None,
    **given: Any,
) -> None:
    """Make an atlas and its page: collect, fingerprint, tags, describe, embed, grid, sprites and page in one go.

    \b
    samplechop atlas build drums/ kits/ -o atlas              then open atlas/page/index.html
    samplechop atlas build more/ -o atlas                     adds what is new; what is there keeps its place
    samplechop atlas build records/ -o atlas --split chops    cuts long files as samplechop chop would
    samplechop atlas build -o atlas                           goes on after a stop

    Needs the extra atlas: pip install 'samplechop\\[atlas]', or -e '.\\[atlas]' in a clone. Every step is a command of
    its own with more settings; what was made with others is kept by them alone.
    """
    check_extra("atlas", "an atlas with its page", *MAP_NEEDS, *PAGE_NEEDS)
    tagging = {name: given.pop(name) for name in ("model", "synonyms") if name in given}
    if inputs:
        collect(inputs=inputs, output=output, window=window, alignment=alignment, unit=unit, jobs=jobs, **given)
    from samplechop.offline.atlas.fingerprints import fingerprint
    from samplechop.offline.atlas.map.map_files import grid
    from samplechop.offline.atlas.map.tsne import embed
    from samplechop.offline.atlas.tags import tag
    from samplechop.offline.atlas.tempo_and_key import describe
    from samplechop.offline.atlas.web import drum_machine as machine
    from samplechop.offline.atlas.web.page import page
    from samplechop.offline.atlas.web.sprites import sprites

    workers = cores(jobs)
    notes: list[str] = []
    with opened(output) as (atlas, progress):
        fingerprint(atlas, FingerprintSettings(), progress, workers)
        tag(atlas, TagSettings(**tagging, metadata=tuple(metadata or ())), progress)
        describe(atlas, DescribeSettings(), progress, workers)
        for mode in MAPS:
            notes += embed(atlas, EmbedSettings(mode, perplexities=(perplexity,), seed=seed), progress, workers)
        if len(atlas) <= MOST_IN_GRID:
            grid(atlas, GridSettings(), progress)
        else:
            notes.append(f"no grid was made: one takes at most {MOST_IN_GRID:,} sounds, the atlas has {len(atlas):,}")
        sprites(atlas, SpriteSettings(), progress, workers)
        page(atlas, PageSettings(title), progress)
        if drum_machine:
            machine.drum_machine(atlas, DrumMachineSettings(), progress, workers=workers)
    for sentence in dict.fromkeys(notes):
        echo(sentence, err=True)
    echo(f"open {output / 'page' / 'index.html'}")


@app.command()
@with_options(CollectSettings)
def collect(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Audio files, sessions, kits, folders.")],
    output: Output,
    window: Window = None,
    alignment: Alignment = None,
    unit: Unit = "phone",
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    **given: Any,
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
    from samplechop.offline.atlas.files import STATE
    from samplechop.offline.atlas.store import Atlas
    from samplechop.realtime.recording.session_folder import check_folder

    check_folder(output, "--output")
    if scheduler is not None:
        check_extra("dask", "--scheduler")
    for path in alignment or ():
        if path.suffix.lower() == ".textgrid" or (path.is_dir() and any(path.glob("*.[Tt]ext[Gg]rid"))):
            check_extra("atlas", "a TextGrid", "praatio")
    if window is not None:
        given["window_seconds"] = seconds(window, "--window")
    # What no option gives is as in the atlas, if there is one.
    before = Atlas(output).made(collecting.STEP) if (output / STATE).exists() else None
    settings = CollectSettings(**((before[0] if before else {}) | given))
    with progress_bars() as progress:
        report = collecting.collect(output, inputs, settings, progress, cores(jobs), alignment or (), unit, scheduler)
    for sentence in [*(f"left out: {sentence}" for sentence in report.left_out), *report.notes]:
        echo(sentence, err=True)
    if report.interrupted:
        echo("stopped before the end: the same command goes on from here", err=True)
        raise typer.Exit(end_code())
    count = len(Atlas(output))
    if not count:
        raise UserError(
            f"none of the {len(report.left_out)} files can be used: sources.tsv in {str(output)!r} has the reasons"
        )
    files = f"{len(report.left_out)} files left out, {report.known} known before"
    echo(f"{report.new} new, {count} sounds in {output}; {files}")


STEPS = ("describe", "fingerprint", "embed", "grid", "sprites", "tags", "page", "drum_machine")
for step in STEPS:
    app.command()(getattr(atlas_steps, step))
