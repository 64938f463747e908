"""samplechop live: a record goes in, chop markers come out as MIDI. Parses options, builds the host, runs it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import PITCHES
from samplechop.realtime.core.interrupts import INTERRUPTED, end_with_care, ended_at_once
from samplechop.realtime.settings import LiveSettings, config_path, merge, read_config

if TYPE_CHECKING:  # importing the host would compile it before the options are read
    from samplechop.realtime.ui.snapshot import Summary

DEMO = Path(__file__).parent / "data" / "demo.ogg"
SOUND, NOTES, EARS, TAPS = "Sound in", "Notes out", "What counts as a chop", "Your own hits"
KEPT, RUN = "What is kept", "Session"


def _opt(help_text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False, **more)


def live(
    input_file: Annotated[
        Path | None, typer.Argument(metavar="INPUT", help="Audio file that plays the turntable (default: line-in).")
    ] = None,
    demo: Annotated[bool, _opt("Play the record that comes with samplechop.", SOUND, "--demo")] = False,
    fast: Annotated[bool, _opt("Run a file as fast as possible, not in real time.", SOUND, "--fast")] = False,
    list_devices: Annotated[bool, _opt("List audio devices and exit.", SOUND, "--list-devices")] = False,
    device: Annotated[str | None, _opt("Input device: its name, part of it, or its number.", SOUND)] = None,
    channels: Annotated[int | None, _opt("Input channels (default: 2, or what the device has).", SOUND)] = None,
    samplerate: Annotated[int | None, _opt("Sample rate in Hz (default: the device's own).", SOUND)] = None,
    blocksize: Annotated[
        int | None, _opt("Samples per audio block (default: 256, or many with --fast).", SOUND)
    ] = None,
    monitor: Annotated[
        str | None,
        _opt("off, direct, or aligned: the input, delayed so that it meets the notes (default: off).", SOUND),
    ] = None,
    list_midi: Annotated[bool, _opt("List MIDI outputs and inputs and exit.", NOTES, "--list-midi")] = False,
    midi_port: Annotated[
        str | None, _opt("MIDI output by name, or 'virtual' to open a port that the DAW can pick.", NOTES)
    ] = None,
    midi_file: Annotated[Path | None, _opt("Write the chops, at their true places, as a MIDI file.", NOTES)] = None,
    midi_channel: Annotated[int | None, _opt("MIDI channel, 1 to 16 (default: 1).", NOTES)] = None,
    beat_channel: Annotated[
        int | None,
        _opt(
            "MIDI channel of the beats, if --detect names them; note 34 is a downbeat, 33 the others (default: 10).",
            NOTES,
        ),
    ] = None,
    drum_channel: Annotated[
        int | None, _opt("MIDI channel of the drums, if --detect names them (default: 10).", NOTES)
    ] = None,
    harmony_channel: Annotated[
        int | None, _opt("MIDI channel of the harmony, if --detect names it (default: 2).", NOTES)
    ] = None,
    harmony_notes: Annotated[
        str | None,
        _opt("What is held on it while it sounds: chord, pitches (within one octave) or off (default: chord).", NOTES),
    ] = None,
    midi_clock: Annotated[
        bool | None, _opt("Send MIDI clock, so that a DAW follows the record.", NOTES, "--midi-clock")
    ] = None,
    pads: Annotated[
        str | None,
        _opt("cycle walks up the pads, similar gives like sounds one pad, fixed plays one (default: cycle).", NOTES),
    ] = None,
    note_low: Annotated[int | None, _opt("Note of the first pad (default: 36, MPC pad A01).", NOTES)] = None,
    note_high: Annotated[int | None, _opt("Note of the last pad (default: 51, MPC pad A16).", NOTES)] = None,
    osc: Annotated[
        str | None, _opt("Send every event as an OSC message to HOST:PORT, for visuals.", NOTES, metavar="HOST:PORT")
    ] = None,
    half_life: Annotated[
        float | None, _opt("Seconds until a drum's presence, for visuals, has halved (default: 0.15).", NOTES)
    ] = None,
    events: Annotated[str | None, _opt("Write each event as a JSON line to a file, or '-' for stdout.", NOTES)] = None,
    detect: Annotated[
        str | None,
        _opt(
            "What to hear beside the chops, with commas between: beats, drums, harmony, plug-ins you installed.", EARS
        ),
    ] = None,
    model: Annotated[str | None, _opt("Released model, or the path of a manifest (default: chop).", EARS)] = None,
    drum_model: Annotated[str | None, _opt("The same for the drums (default: drums).", EARS)] = None,
    harmony_model: Annotated[str | None, _opt("The same for the harmony (default: harmony).", EARS)] = None,
    threshold: Annotated[float | None, _opt("Probability a chop needs, 0 to 1 (default: the model's).", EARS)] = None,
    min_gap: Annotated[
        float | None, _opt("Seconds between two chops, at least (default: the model's, 0.1 for chop).", EARS)
    ] = None,
    hold: Annotated[
        float | None,
        _opt("Seconds a chop waits for a stronger one inside the gap; adds to the latency (default: 0).", EARS),
    ] = None,
    choose: Annotated[
        str | None,
        _opt("hits takes every strong hit, beats those on the beat, both strikes a balance (default: both).", EARS),
    ] = None,
    tap: Annotated[
        bool | None, _opt("Record your hits on the space bar or a MIDI pad while you listen.", TAPS, "--tap")
    ] = None,
    tap_port: Annotated[
        str | None, _opt("MIDI pad by name, or 'virtual' to open a port (default: the space bar).", TAPS)
    ] = None,
    tap_file: Annotated[
        Path | None, _opt("New file for the hits (default: NAME.taps.jsonl beside the events or the input).", TAPS)
    ] = None,
    record: Annotated[
        Path | None, _opt("Record sound and events into a new folder in this one, named by date and time.", KEPT)
    ] = None,
    record_format: Annotated[
        str | None,
        _opt("wav24, float (keeps what is louder than full scale) or flac (half the size) (default: wav24).", KEPT),
    ] = None,
    keep_last: Annotated[
        float | None,
        _opt("Keep the last so many seconds as a session of their own when you press k, and at the end.", KEPT),
    ] = None,
    keep_dir: Annotated[Path | None, _opt("Where --keep-last keeps them (default: that of --record).", KEPT)] = None,
    duration: Annotated[float | None, _opt("Stop after so many seconds of input.", RUN)] = None,
    quiet: Annotated[bool | None, _opt("Show nothing while running.", RUN, "--quiet")] = None,
) -> None:
    """Listen to a record and send a MIDI note for every good place to cut.

    \b
    samplechop live --demo                               a record without a turntable
    samplechop live --midi-port virtual                  line-in to the DAW's MIDI input
    samplechop live --device scarlett --midi-port iac    the same, with your own gear
    samplechop live song.flac --fast --midi-file chops.mid --events chops.jsonl
    samplechop live --record sessions                    keep the sound and all chops, safe from a power cut
    samplechop live --keep-last 60 --keep-dir sessions   k keeps the minute that just passed
    samplechop live --detect drums,harmony --midi-port virtual --osc localhost:9000

    Every option can also stand in the table "live" of config.toml in your settings folder; options win.
    Ctrl-C ends the session. Notes leave by one fixed time late: set it as the MIDI track's delay in the DAW. Drums and
    harmony come sooner, each by a fixed time of its own, unless --monitor aligned plays the sound as late as all.
    """
    given = {name: value for name, value in locals().items() if name not in _NOT_SETTINGS}
    if list_devices or list_midi:
        from samplechop.realtime.audio import devices

        lines = [device.describe() for device in devices.list_devices()] if list_devices else _midi_ports()
        typer.echo("\n".join(lines) or "none found")
        return
    if demo and input_file is not None:
        raise UserError(f"--demo plays its own record: leave out --demo or {str(input_file)!r}")
    settings = merge(read_config(config_path()), given)
    for option, value in (("--tap-port", tap_port), ("--tap-file", tap_file)):
        if value is not None and not settings.tap:
            raise UserError(f"{option} {str(value)!r} is for recording taps: add --tap")
    _check_meant(given, settings)
    for warning in settings.warnings:
        typer.echo(f"samplechop: {warning}", err=True)
    with ended_at_once():
        from samplechop.realtime.engine.jit_notice import say_when_compiling

        say_when_compiling(lambda text: typer.echo(text, err=True))
        from samplechop.realtime.session import build

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever asks it to end gets a clean end
    host = build(settings, DEMO if demo else input_file, fast, sys.stderr)
    if settings.tap and (demo or input_file) and settings.monitor == "off" and not settings.quiet:
        typer.echo(
            "samplechop: nothing plays the record aloud: to hear what you tap to, add --monitor direct", err=True
        )
    _report(host.run(), settings, host.tap_file)


def _check_meant(given: Mapping[str, object], settings: LiveSettings) -> None:
    """Refuse an option for a detector that does not listen; a plug-in may hear drums and chords too."""
    names = set(settings.other_detectors)
    plug_ins = names - {"beats", "drums", "harmony"}
    for detector, options in _OPTIONS_OF.items():
        for option in options:
            if given[option] is not None and detector not in names and not (plug_ins and detector != "beats"):
                shown = "--" + option.replace("_", "-")
                raise UserError(f"{shown} {given[option]} is for the {detector}: add --detect {detector}")


def _midi_ports() -> list[str]:
    from samplechop.realtime.midi.pad_input import INPUT
    from samplechop.realtime.midi.ports import list_ports

    return [f"out  {name}" for name in list_ports()] + [f"in   {name}" for name in list_ports(INPUT)]


def _report(summary: Summary, settings: LiveSettings, tap_file: Path | None) -> None:
    """Print what happened, on stderr, where it cannot mix with events."""
    for warning in summary.warnings:
        typer.echo(f"samplechop: {warning}", err=True)
    if settings.quiet:
        return
    speed = summary.heard_seconds / max(summary.wall_seconds, 1e-9)
    others = {kind: count for kind, count in sorted(summary.events.items()) if kind != "chop"}
    counts = [_counted(count, kind) for kind, count in {"chop": summary.events.get("chop", 0), **others}.items()]
    lines = [
        f"{', '.join(counts)} in {summary.heard_seconds:.1f} s of audio"
        + (f", {speed:.0f} times as fast as it sounds" if speed > 1.5 else "")
    ]
    xruns = summary.overflows + summary.underflows
    if xruns or summary.gaps:
        lines.append(f"{xruns} xruns, {summary.gaps} gaps, {summary.lost_samples} samples lost")
    if tap_file is not None:
        lines.append(f"{summary.taps} taps in {tap_file}" if summary.taps else "no taps")
    lines += [f"session in {folder}" for folder in summary.folders]
    lines += [
        f"{what} in {path}"
        for what, path in (("notes", settings.midi_file), ("events", settings.events))
        if path and path != "-"
    ]
    typer.echo("\n".join(lines), err=True)


def _counted(count: int, kind: str) -> str:
    """Say how many events there were of a kind."""
    one, many = {PITCHES: ("change of pitches", "changes of pitches")}.get(kind, (kind, kind + "s"))
    return f"{count} {one if count == 1 else many}"


_OPTIONS_OF = {
    "beats": ("beat_channel",),
    "drums": ("drum_channel", "drum_model", "half_life"),
    "harmony": ("harmony_channel", "harmony_model", "harmony_notes"),
}
_NOT_SETTINGS = {"input_file", "demo", "fast", "list_devices", "list_midi"}


def guarded(command: Callable[[], object]) -> int:
    """Run a command line; tell the user's mistakes in one sentence. Gives the exit code."""
    from samplechop.models import ModelError

    try:
        command()
    except (UserError, ModelError) as error:
        typer.echo(f"samplechop: {error}", err=True)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def main() -> None:
    """Run `run_live.py` as a program."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(live)
    end_with_care()
    sys.exit(guarded(app))
