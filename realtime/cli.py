"""samplechop live: a record goes in, chop markers come out as MIDI. Parses options, opens a session, runs it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.models import load
from samplechop.realtime.audio.ordinary_file import check_regular
from samplechop.realtime.core.compile_notice import compiling_shown, show_compiling
from samplechop.realtime.core.ends import ended_cleanly
from samplechop.realtime.core.errors import UserError, check_extra, guarded, printable
from samplechop.realtime.core.events import CONFIRMED, PITCHES
from samplechop.realtime.core.help_texts import HELP_OPTIONS, fit_help
from samplechop.realtime.core.options import with_options
from samplechop.realtime.core.process import end_with_care, ended_at_once, logged_to
from samplechop.realtime.core.standard_streams import say
from samplechop.realtime.core.wording import counted
from samplechop.realtime.settings import NOTES, SOUND, LiveSettings
from samplechop.realtime.settings_file import SettingsFile, config_path, read_settings

if TYPE_CHECKING:  # importing the session would compile it before the options are read
    from samplechop.realtime.ui.snapshot import Summary

DEMO = Path(__file__).parent / "data" / "demo.ogg"


def _opt(help_text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False, **more)


@with_options(LiveSettings, undoable=True)
def live(
    input_file: Annotated[
        Path | None, typer.Argument(metavar="INPUT", help="Audio file that plays the turntable (default: line-in).")
    ] = None,
    demo: Annotated[bool, _opt("Play the record that comes with samplechop.", SOUND, "--demo")] = False,
    fast: Annotated[bool, _opt("Run a file as fast as possible, not in real time.", SOUND, "--fast")] = False,
    list_devices: Annotated[bool, _opt("List audio devices and exit.", SOUND, "--list-devices")] = False,
    list_midi: Annotated[bool, _opt("List MIDI outputs and inputs and exit.", NOTES, "--list-midi")] = False,
    **given: Any,
) -> None:
    """Listen to a record and send a MIDI note for every good place to cut.

    \b
    samplechop live --demo                               a record without a turntable
    samplechop live --midi-port virtual                  line-in to the DAW's MIDI input
    samplechop live --device scarlett --midi-port iac    the same, with your own gear
    samplechop live song.flac --fast --midi-file chops.mid --events chops.jsonl
    samplechop live --record sessions                    keep the sound and all chops, safe from a power cut
    samplechop live --keep-last 60 --keep-dir sessions   k keeps the minute that just passed
    samplechop live --detect chops,drums,harmony --midi-port virtual --osc localhost:9000

    Every option can also stand in the table "live" of config.toml in your settings folder; options win, and with "off"
    or "default" for a value they undo what the file says.
    Ctrl-C ends the session. Each note is sent a fixed time after its sound: set that as the MIDI track's delay in the
    DAW. Drums and harmony come sooner, each by a fixed time of its own, unless --monitor aligned plays the sound as
    late as all.
    """
    if list_devices or list_midi:
        from samplechop.realtime.audio import devices

        lines = [device.describe() for device in devices.list_devices()] if list_devices else _midi_ports()
        if not lines and list_devices:
            raise UserError(f"there is no audio device on this machine: {devices.WAY_OUT}")
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        typer.echo("\n".join(_folded(line, width) for line in lines) or "none found")
        return
    if demo and input_file is not None:
        raise UserError(f"--demo plays its own record: leave out --demo or {str(input_file)!r}")
    in_a_session(read_settings(config_path()), given, DEMO if demo else input_file, fast)


def in_a_session(file: SettingsFile, given: Mapping[str, Any], path: Path | None, fast: bool) -> None:
    """Run a session with the settings of a file and the options given. Raises UserError."""
    file = file.for_run(given, path, fast)
    with file.named_in_errors():
        settings = file.checked(given, path, fast)
        for detector, model in _MODELS.items():
            if detector in settings.detectors:
                load(getattr(settings, model))
        # What can be refused is refused before anything is compiled.
        if settings.osc is not None:
            check_extra("osc", "--osc")
        if path is not None:
            check_regular(path)
        _run(settings, path, fast, file.named)


def _run(settings: LiveSettings, path: Path | None, fast: bool, named: Callable[[str], str]) -> None:
    """Run a session and report what it came to; warnings go through `named`. Raises UserError."""
    for warning in settings.warnings:
        say(f"samplechop: {printable(named(warning))}", patience=None)
    with ended_at_once(), compiling_shown(show_compiling):
        from samplechop.realtime.session import Session

    with logged_to(settings.log), ended_cleanly():
        with compiling_shown(show_compiling):
            session = Session.open(settings, path, fast, sys.stderr)
        if settings.tap and path is not None and settings.monitor == "off" and not settings.quiet:
            aloud = "nothing plays the record aloud: to hear what you tap to, add --monitor direct"
            say(f"samplechop: {aloud}", patience=None)
        try:
            summary = session.run()
        except UserError as error:  # it ends the program, and must not hide what else went wrong
            for one in (*session.monitor.warnings(), *_before(error)):
                if one not in session.reported:
                    say(f"samplechop: {one}")
            if str(error) in session.reported:
                raise typer.Exit(2) from None
            raise
        _report(summary, settings, session.tap_file, session.reported)


def _before(error: BaseException) -> list[str]:
    """Give the user's other errors, those that came before this one, oldest first."""
    found: list[str] = []
    while (earlier := error.__context__) is not None:
        error = earlier
        if isinstance(error, UserError):
            found.insert(0, str(error))
    return found


def _folded(line: str, width: int | None) -> str:
    """Break a line of a list between words, below its beginning; None: not at all."""
    return line if width is None else textwrap.fill(line, width, subsequent_indent=" " * 5, break_on_hyphens=False)


def _midi_ports() -> list[str]:
    from samplechop.realtime.midi.ports import INPUT, list_ports

    return [f"out  {name}" for name in list_ports()] + [f"in   {name}" for name in list_ports(INPUT)]


def _report(summary: Summary, settings: LiveSettings, tap_file: Path | None, reported: Collection[str]) -> None:
    """Print what happened, on stderr, where it cannot mix with events; but not the warnings `reported` before."""
    for warning in summary.warnings:
        if warning not in reported:
            say(f"samplechop: {printable(warning)}")
    if settings.quiet:
        return
    speed = summary.audio_seconds / max(summary.wall_seconds, 1e-9)
    chops = {"chop": 0} if "chop" in settings.detectors or not summary.events else {}
    events = dict(sorted(summary.events.items(), key=lambda one: (one[0] != "chop", one[0])))
    counts = [_counted(count, kind) for kind, count in {**chops, **events}.items()]
    if settings.choose == "auto" and summary.ways and counts:
        counts[0] += f" ({_by_way(summary.ways)})"
    lines = [
        f"{', '.join(counts)} in {summary.audio_seconds:.1f} s of audio"
        + (f", {speed:.0f} times as fast as it sounds" if speed > 1.5 else "")
    ]
    lost = summary.losses
    if lost.xruns or lost.gaps:
        lines.append(
            ", ".join(
                (
                    counted(len(lost.xruns), "xrun"),
                    counted(lost.gaps, "gap"),
                    f"{counted(lost.lost_frames, 'sample')} lost",
                )
            )
        )
    if tap_file is not None:
        lines.append(f"{counted(summary.taps, 'tap')} in {tap_file}" if summary.taps else "no taps")
    lines += [f"session in {folder}" for folder in summary.folders]
    lines += [
        f"{what} in {path}"
        for what, path in (("notes", settings.midi_file), ("events", settings.events))
        if path and path != "-"
    ]
    say("\n".join(lines))


def _counted(count: int, kind: str) -> str:
    """Say how many events there were of a kind."""
    names = {
        PITCHES: ("change of pitches", "changes of pitches"),
        CONFIRMED: ("confirmed drum hit", "confirmed drum hits"),
    }
    one, many = names.get(kind, (kind, kind + "s"))
    return f"{count} {one if count == 1 else many}"


def _by_way(ways: Mapping[str, int]) -> str:
    """Say how many chops `auto` found as attacks of drums alone, and how many it cut as music."""
    alone = ways.get("attacks", 0)
    music = sum(ways.values()) - alone
    said = [f"{counted(alone, 'attack')} of drums alone"] if alone else []
    return ", ".join([*said, f"{music} cut as music"] if music else said)


_MODELS = {"chop": "model", "drums": "drum_model", "harmony": "harmony_model"}


def main() -> None:
    """Run `run_live.py` as a program."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)
    app.command()(live)
    end_with_care()
    sys.exit(guarded(fit_help(typer.main.get_command(app))))
