"""The command `samplechop chop`."""

import sys
import time
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from samplechop.offline.common.progress import Progress
    from samplechop.offline.kits.core.options import ChopOptions
    from samplechop.offline.kits.pipeline import Outcome

WHAT, WHERE, AUDIO, FILES, MANY = (
    "Which chops",
    "Where slices begin and end",
    "What is done to the slices",
    "What is written",
    "Many records",
)


def _opt(help_text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False, **more)


def chop(
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT...", help="Audio files, recorded sessions, folders.")
    ] = None,
    demo: Annotated[bool, _opt("Chop the record that comes with samplechop.", MANY, "--demo")] = False,
    from_list: Annotated[
        Path | None,
        _opt(
            "Make a kit of listed sounds: lines of path, start, duration and name, with tabs between, in seconds.",
            MANY,
            "--from-list",
        ),
    ] = None,
    output: Annotated[
        Path, _opt("Folder for the kits; each gets a folder of its own in it (default: kits).", FILES, "-o", "--output")
    ] = Path("kits"),
    count: Annotated[int | None, _opt("Slices in the kit (default: 16).", WHAT)] = None,
    diversity: Annotated[
        float | None,
        _opt("0 takes the most probable chops, 1 the most different ones (default: 0.15; classic 0.5).", WHAT),
    ] = None,
    candidates: Annotated[int | None, _opt("Choose only among so many, the most probable.", WHAT)] = None,
    compare: Annotated[
        str | None, _opt("slice compares what sounds on in the whole slice, frame in its first moment.", WHAT)
    ] = None,
    distance: Annotated[
        str | None, _opt("min: away from the nearest chosen chop, mean: from all on average (default: mean).", WHAT)
    ] = None,
    classic: Annotated[
        bool | None, _opt("Choose by the plain method of 2017: one frame, mean distance, no bans.", WHAT, "--classic")
    ] = None,
    harmonic: Annotated[
        bool | None, _opt("Find the chops in what sounds on, without the drums.", WHAT, "--harmonic")
    ] = None,
    lock: Annotated[
        str | None, _opt("Seconds that must be cut at, with commas between; a chop found within 50 ms is meant.", WHAT)
    ] = None,
    reroll: Annotated[int | None, _opt("Another good set of chops; every number is another one.", WHAT)] = None,
    bars: Annotated[
        bool | None, _opt("Prefer the beginnings of bars, where the tempo is clear.", WHAT, "--bars")
    ] = None,
    want: Annotated[
        str | None,
        _opt("harmony prefers chords without drums, drums prefers single drum hits (default: both, neither).", WHAT),
    ] = None,
    min_gap: Annotated[float | None, _opt("Seconds between two chops of the kit, at least.", WHAT)] = None,
    model: Annotated[str | None, _opt("Released model, or the path of a manifest (default: chop).", WHAT)] = None,
    threshold: Annotated[float | None, _opt("Probability a chop needs, 0 to 1 (default: the model's).", WHAT)] = None,
    choose: Annotated[str | None, _opt("hits, beats or both, as in samplechop live (default: both).", WHAT)] = None,
    start: Annotated[float | None, _opt("Chop from this second on.", WHERE)] = None,
    end: Annotated[float | None, _opt("Chop up to this second.", WHERE)] = None,
    until: Annotated[
        str | None,
        _opt(
            "Where a slice ends: chosen, at the next of the kit, so that the slices are the whole record; candidate, "
            "at the next place found; or so many seconds long (default: chosen).",
            WHERE,
        ),
    ] = None,
    max_length: Annotated[float | None, _opt("Seconds of a slice, at most.", WHERE)] = None,
    snap: Annotated[float | None, _opt("Move cuts to a zero crossing within so many milliseconds.", WHERE)] = None,
    trim: Annotated[bool | None, _opt("Leave out silence at both ends of a slice.", AUDIO, "--trim")] = None,
    fade: Annotated[float | None, _opt("Fade out the last milliseconds of each slice.", AUDIO)] = None,
    tail: Annotated[float | None, _opt("Let a slice ring out for so many milliseconds more.", AUDIO)] = None,
    normalise: Annotated[
        str | None, _opt("peak or lufs: make slices equally loud.", AUDIO, "--normalise", "--normalize")
    ] = None,
    mono: Annotated[bool | None, _opt("Mix slices to mono.", AUDIO, "--mono")] = None,
    resample: Annotated[int | None, _opt("Sample rate of the slices in Hz.", AUDIO)] = None,
    write_harmonic: Annotated[
        bool | None, _opt("Cut from what sounds on, without the drums.", AUDIO, "--write-harmonic")
    ] = None,
    start_note: Annotated[int | None, _opt("MIDI note of the first slice (default: 36, pad A01).", FILES)] = None,
    template: Annotated[
        str | None,
        _opt(
            "Names of slices; fields: number, time, key, bpm, strength, note, pad, record, chord, drums, name.", FILES
        ),
    ] = None,
    formats: Annotated[
        str | None, _opt("Formats to write, with commas between (default: all; --list-formats names them).", FILES)
    ] = None,
    list_formats: Annotated[
        bool, _opt("List the formats and what opens them, and exit.", FILES, "--list-formats")
    ] = False,
    picture: Annotated[
        bool | None, _opt("Draw the kit as PNG and SVG (default: yes).", FILES, "--picture/--no-picture")
    ] = None,
    force: Annotated[bool, _opt("Replace kits that are there already.", FILES, "--force")] = False,
    jobs: Annotated[int | None, _opt("Records chopped at once (default: one for each core).", MANY)] = None,
    scheduler: Annotated[
        str | None, _opt("Address of a Dask scheduler whose workers chop, such as tcp://host:8786.", MANY)
    ] = None,
) -> None:
    """Make a kit of the best and most different chops of a record.

    \b
    samplechop chop song.flac -o kits                       sixteen slices, in every format there is
    samplechop chop recordings/2026-11-21 -o kits           a session recorded with live --record
    samplechop chop song.flac -o kits --until candidate --count 32 --fade 5     short hits
    samplechop chop song.flac -o kits --want harmony --until candidate          chords without drums
    samplechop chop song.flac -o kits --lock 12.5,31 --reroll 2 --force         keep two, try others
    samplechop chop crates/ -o kits --jobs 4                a whole collection; run it again to go on
    samplechop chop --from-list drums.tsv -o kits           the sounds of a list, such as the atlas writes

    The slices in order are the record, bit for bit, unless you ask for something else. Look at the kit's picture.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    if list_formats:
        _list_formats()
        return
    if from_list is not None:
        _listed(from_list, output, given, force)
        return
    if demo == bool(inputs):
        raise UserError("give audio files, sessions or folders to chop, or --demo for the record that comes along")
    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs must be at least 1, got {jobs}")
    options = _options(given)
    from samplechop.offline.kits import batch
    from samplechop.offline.kits.core.record import inputs as found_in
    from samplechop.realtime.cli import DEMO

    named = [DEMO] if demo else inputs or []
    found = found_in(named)
    if found == named and len(found) == 1 and scheduler is None:  # a folder with one record in it is a collection
        _one(found[0], output, options, force)
    else:
        batch.run(found, output, options, force=force, jobs=jobs, scheduler=scheduler)


def _options(given: dict[str, Any]) -> "ChopOptions":
    """Take what concerns one kit from the command line. Raises UserError for what cannot be done."""
    from samplechop.offline.kits.core.options import ChopOptions

    if "lock" in given:
        given["lock"] = _seconds(given["lock"])
    if "formats" in given:
        given["formats"] = tuple(name.strip() for name in given["formats"].split(",") if name.strip())
    for name in ("snap", "fade", "tail"):
        if name in given:
            given[f"{name}_ms"] = given.pop(name)
    return ChopOptions(**{field.name: given[field.name] for field in fields(ChopOptions) if field.name in given})


def _seconds(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UserError(f"--lock takes seconds with commas between, such as 12.5,31; got {text!r}") from None


def _list_formats() -> None:
    from rich.console import Console
    from rich.table import Table

    from samplechop.offline.export import FORMATS

    table = Table("format", "what opens it", box=None)
    table.add_row("wav", "everything: one file for each slice, always written")
    for format in FORMATS:
        table.add_row(format.name, format.opens_in)
    Console().print(table)


def _listed(source: Path, output: Path, given: dict[str, Any], force: bool) -> None:
    """Make a kit of what is listed and show what came of it. Raises UserError for options that say nothing then."""
    from samplechop.offline.kits.from_list import TEMPLATE, make_kit, read_list

    for name in sorted(given.keys() - _FOR_LISTS):
        if given[name] not in (False, []):
            told = "other files to chop" if name == "inputs" else f"--{name.replace('_', '-')}"
            raise UserError(f"--from-list takes the sounds that are listed as they are: leave out {told}")
    options = _options({"template": TEMPLATE} | given)
    read_list(source)  # what is no list is told before anything else is loaded
    _one(source, output, options, force, make_kit)


def _one(
    source: Path,
    output: Path,
    options: "ChopOptions",
    force: bool,
    make: "Callable[[Path, Path, ChopOptions, bool, Progress, Executor | None], Outcome] | None" = None,
) -> None:
    """Chop one record, or make a kit as `make` does, and show what came of it."""
    from samplechop.offline.common import process_pool
    from samplechop.offline.kits.core.record import audio_files, title

    began = time.perf_counter()
    large = sum(file.stat().st_size for file in audio_files(source)) > _WORTH_BYTES
    with process_pool.second_process(*_SECOND_PROCESS) if large else nullcontext() as second:
        from samplechop.offline.common.progress import progress_bars, silent
        from samplechop.offline.kits.core.naming import safe
        from samplechop.offline.kits.pipeline import make_kit
        from samplechop.offline.kits.report import show

        with progress_bars() as bars:
            progress = bars if sys.stderr.isatty() else silent
            outcome = (make or make_kit)(source, output / safe(title(source)), options, force, progress, second)
    show(outcome, time.perf_counter() - began)


_FOR_LISTS = {"from_list", "output", "force", "formats", "list_formats", "picture", "start_note", "template"} | {
    *("fade", "normalise", "mono", "resample", "trim")
}
"""What can be said of a kit whose sounds are chosen already."""
_WORTH_BYTES = 4_000_000
"""Of a file that is chopped no later than another process has started, that process is spared."""
_SECOND_PROCESS = (
    "samplechop.offline.kits.analysis.tempo_and_key",
    "librosa.core.spectrum",
    "samplechop.offline.kits.picture.picture",
    "matplotlib.backends.backend_agg",
    "samplechop.offline.kits.analysis.content_detection",
)
"""What the second process needs for key, picture and chords: importing it takes as long as all else together."""
