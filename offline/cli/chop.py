"""The command `samplechop chop`."""

import shlex
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from samplechop.offline.cli.one_kit import make_one
from samplechop.offline.common.terminal import echo, print_table
from samplechop.offline.kits.core.options import FILES, WHAT, ChopOptions, set_aside
from samplechop.realtime.core.errors import UserError, check_extra
from samplechop.realtime.core.options import option_name, read_clock, with_options
from samplechop.realtime.detectors.chop import check_has_ways

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samplechop.realtime.settings_file import SettingsFile

MANY = "Many records"


def _opt(help_text: str, panel: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False)


@with_options(ChopOptions, undoable=True)
def chop(
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT...", help="Audio files, recorded sessions, folders.")
    ] = None,
    demo: Annotated[bool, _opt("Chop the record that comes with samplechop.", MANY, "--demo")] = False,
    from_list: Annotated[
        Path | None,
        _opt(
            "Make a kit of listed sounds: lines of path, start, duration and name, with tabs between, in seconds.", MANY
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        _opt(
            "Cut where labels say, of any kind that samplechop labels reads: MIDI, Audacity, cue points, taps.",
            WHAT,
        ),
    ] = None,
    no_project: Annotated[
        bool, _opt("Leave out what the project beside the record says (samplechop project).", WHAT, "--no-project")
    ] = False,
    output: Annotated[
        Path, _opt("Folder for the kits; each gets a folder of its own in it (default: kits).", FILES, "-o", "--output")
    ] = Path("kits"),
    list_formats: Annotated[
        bool, _opt("List the formats and what opens them, and exit.", FILES, "--list-formats")
    ] = False,
    force: Annotated[bool, _opt("Replace kits that are there already.", FILES, "--force")] = False,
    cache: Annotated[
        bool,
        _opt(
            "Keep what is found in a record, so that other kits of it come at once (default: yes).",
            WHAT,
            "--cache/--no-cache",
        ),
    ] = True,
    jobs: Annotated[int | None, _opt("Records chopped at once (default: one for each core).", MANY)] = None,
    scheduler: Annotated[
        str | None, _opt("Address of a Dask scheduler whose workers chop, such as tcp://host:8786 (extra: dask).", MANY)
    ] = None,
    **given: Any,
) -> None:
    """Make a kit of the best and most different chops of a record.

    \b
    samplechop chop song.flac -o kits                       sixteen slices of two bars at most
    samplechop chop song.flac -o kits --formats all         in every format there is
    samplechop chop sessions/2026-11-21_10-30-43_line-in -o kits    a session recorded with live --record
    samplechop chop song.flac -o kits --until candidate --count 32 --fade 5     short hits
    samplechop chop song.flac -o kits --want harmony --until candidate          chords without drums
    samplechop chop song.flac -o kits --lock 12.5,1:02.4 --reroll 2 --force     keep two, try others
    samplechop chop song.flac -o kits --labels song.mid     cut where a MIDI file of the DAW says
    samplechop chop crates/ -o kits --jobs 4                a whole collection; run it again to go on
    samplechop chop --from-list drums.tsv -o kits           the sounds of a list, such as the atlas writes

    The project beside the record, song.chops.json, has what you decided (samplechop project -h); options win over it.
    With --until chosen the slices in order are the record, bit for bit. Look at the kit's picture.
    What concerns one kit can also stand in the table "chop" of config.toml in your settings folder; options win.
    """
    if list_formats:
        _list_formats()
        return
    file = settings_file(given, from_list is not None)
    with file.named_in_errors():
        if from_list is not None:
            others = {"demo": demo, "inputs": inputs, "jobs": jobs, "scheduler": scheduler, "labels": labels}
            _listed(
                from_list, output, {**file.values, **given}, [name for name, value in others.items() if value], force
            )
        else:
            _records(inputs, demo, output, given, file.values, force, jobs, scheduler, cache, not no_project, labels)


def settings_file(given: dict[str, Any], listed: bool) -> "SettingsFile":
    """Read what the settings file says of kits and the command line does not. Raises UserError.

    listed: whether the kit is one of listed sounds.
    """
    from samplechop.realtime.settings_file import config_path, read_settings

    file = read_settings(config_path(), "chop", ChopOptions)
    passed_over = {*given, *set_aside(given)}
    kept = {name: value for name, value in file.values.items() if name not in passed_over}
    return replace(file, values={name: kept[name] for name in kept if not listed or name in _FOR_LISTS})


def _records(
    inputs: list[Path] | None,
    demo: bool,
    output: Path,
    given: dict[str, Any],
    usual: "Mapping[str, Any]",
    force: bool,
    jobs: int | None,
    scheduler: str | None,
    cache: bool,
    use_project: bool,
    labels: Path | None,
) -> None:
    """Chop recordings.

    given: the options of the command line; usual: those of the settings file, which projects win over. Raises
    UserError.
    """
    if demo and inputs:
        raise UserError("give audio files, sessions or folders to chop, or --demo, not both")
    if not demo and not inputs:
        raise UserError("give audio files, sessions or folders to chop, or --demo for the record that comes along")
    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs must be at least 1, got {jobs}")
    given, usual = parsed(given), parsed(dict(usual))
    options = ChopOptions(**{**usual, **given})
    if scheduler is not None:
        check_extra("dask", "--scheduler")
    for path in inputs or ():
        _check_input(path)
    _check(options, output)
    check_has_ways(options.model, given, ("auto", "beats", "bars"))  # beats and bars are those of the whole record
    from samplechop.offline.kits import batch
    from samplechop.offline.kits.core.record import finished_kits
    from samplechop.offline.kits.core.record import inputs as found_in
    from samplechop.realtime.cli import DEMO

    named = [DEMO] if demo else inputs or []
    found = found_in(named)
    if found == named and len(found) == 1 and scheduler is None:  # a folder with one record in it is a collection
        from samplechop.offline.kits.with_project import prepared

        project, options = prepared(found[0], given, usual, use_project, labels)
        _check(options, output)
        make_one(found[0], output, options, force, cache, project=project)
        if demo:
            from samplechop.offline.cli.kit_summary import show_studio

            show_studio(sys.argv[0])
    else:
        if labels is not None:
            raise UserError(f"--labels {str(labels)!r} are those of one record: chop it alone")
        if kits := finished_kits(named):
            echo(f"samplechop: {kits} finished kits among them are passed over", err=True)
        from samplechop.offline.kits.with_project import decided

        decide = partial(decided, given=given, usual=usual) if use_project else None
        batch.run(found, output, options, force=force, jobs=jobs, scheduler=scheduler, decide=decide)


def parsed(given: dict[str, Any]) -> dict[str, Any]:
    """Take apart what stands as a text on the command line. Raises UserError for what cannot be done."""
    if "lock" in given:
        try:
            given["lock"] = tuple(read_clock(part) for part in given["lock"].split(",") if part.strip())
        except ValueError:
            raise UserError(
                f"--lock takes seconds or m:ss with commas between, such as 12.5,1:02.4; got {given['lock']!r}"
            ) from None
    if "formats" in given:
        given["formats"] = tuple(name.strip() for name in given["formats"].split(",") if name.strip())
    return given


def _check_input(path: Path) -> None:
    """Say what can be done with a file that is no recording: a list, or labels. Raises UserError."""
    from samplechop.offline.kits.core.record import AUDIO
    from samplechop.offline.labels.files import READERS

    ending = path.suffix.lower()
    if ending == ".tsv":
        raise UserError(f"{str(path)!r} is a list of sounds: samplechop chop --from-list {shlex.quote(str(path))}")
    if ending not in {*READERS, ".textgrid", ".lab"} - {".wav"} or not path.is_file():
        return
    stems = {path.name.partition(".")[0], path.stem}
    beside = sorted(
        one for one in path.absolute().parent.iterdir() if one.suffix[1:].lower() in AUDIO and one.stem in stems
    )
    recording = shlex.quote(str(path.with_name(beside[0].name))) if beside else "RECORDING"
    labels = f" --labels {shlex.quote(str(path))} cuts it there" if ending in READERS else ""
    raise UserError(
        f"{str(path)!r} holds labels or notes, which cannot be chopped; the recording they were made for can: "
        f"samplechop chop {recording}{labels}"
    )


def _check(options: ChopOptions, output: Path) -> None:
    """Refuse what can be known to fail before anything is made. Raises UserError or ModelError."""
    from samplechop import models
    from samplechop.offline.export import writers
    from samplechop.offline.kits.core import naming
    from samplechop.realtime.recording.session_folder import check_folder

    naming.parse(options.template)
    writers(options.formats)
    models.load(options.model)
    check_folder(output, "--output")


def _list_formats() -> None:
    from samplechop.offline.export import FORMATS

    table = Table("format", "default", "what opens it", box=None)
    table.add_row("wav", "always", "everything: one file for each slice")
    for format in FORMATS:
        table.add_row(format.name, "yes" if format.default else "", format.opens_in)
    print_table(table)


def _listed(source: Path, output: Path, given: dict[str, Any], others: list[str], force: bool) -> None:
    """Make a kit of what is listed and show what came of it. Raises UserError for options that say nothing then."""
    from samplechop.offline.kits.from_list import TEMPLATE, make_kit, read_list

    for name in sorted([*others, *(given.keys() - _FOR_LISTS)]):
        extra = "other files to chop" if name == "inputs" else option_name(ChopOptions, name)
        raise UserError(f"--from-list takes the sounds that are listed as they are: leave out {extra}")
    options = ChopOptions(**parsed({"template": TEMPLATE} | given))
    _check(options, output)
    read_list(source)  # what is no list is reported before anything else is loaded
    make_one(source, output, options, force, False, make_kit)


_FOR_LISTS = {"choke", "declick", "fade_ms", "formats", "mono", "normalise", "picture", "play"}
_FOR_LISTS |= {"resample", "start_note", "template", "trim"}
"""What can be said of a kit whose sounds are chosen already."""
