"""The commands under `samplechop devset`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make recordings to judge models on.")


@app.callback()
def devset() -> None:
    """Make recordings to judge models on."""


@app.command()
def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the recordings.")],
    music: Annotated[Path, typer.Option(help="Folder of real music with reference times.")],
    sounds: Annotated[list[Path], typer.Option(help="Folder of real one-shots and loops; again for more.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another set.")] = 0,
    count: Annotated[int, typer.Option(min=4, max=1000, help="How many recordings.")] = 50,
    soundfont: Annotated[Path | None, typer.Option(help="General MIDI .sf2 (default: the system's).")] = None,
) -> None:
    """Make a development set: real drums, loops and hits that no training set uses, with known positions.

    \b
    stems  drums alone, of real one-shots and of hits cut from real loops
    mixes  the same under real music without drums, or under a band; the music 0 to 9 dB louder
    loops  real loops, round and round, with their reference times
    hits   single notes and chords of real instruments

    \b
    samplechop devset build -o devset --music my-music --sounds my-drums
    samplechop evaluate devset
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.devset import build as making

    with progress_bars() as progress:
        for done, wanted in making.build(output, sounds, music, seed, count, soundfont):
            progress("recordings", done, wanted)
    typer.echo(f"{wanted} recordings in {output}")


@app.command()
def harmony(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the recordings.")],
    soundfont: Annotated[
        list[Path] | None, typer.Option(help="General MIDI .sf2; again for more (default: the system's).")
    ] = None,
    sounds: Annotated[list[Path] | None, typer.Option(help="Folder with real drums; again for more.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another set.")] = 0,
    count: Annotated[int, typer.Option(min=5, max=1000, help="How many recordings.")] = 40,
) -> None:
    """Make held chords of instruments that no harmony model was trained on, and write down which they are.

    \b
    plain    8 to 16 chords of 2 to 4 s each on one instrument
    drums    the same under drums, as loud as the chords
    aged     the same from a worn record
    notes    single notes and bare fifths
    nothing  drums alone, surface noise alone

    \b
    samplechop devset harmony -o chords --sounds my-drums
    samplechop evaluate harmony chords
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.devset import harmony as making

    with progress_bars() as progress:
        for done in making.build(output, soundfont or [], sounds or [], seed, count):
            progress("recordings", done, count)
    typer.echo(f"{done} recordings in {output}")
