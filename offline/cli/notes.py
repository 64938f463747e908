"""The commands `samplechop notes`: single notes from any synthesizer, or from a recording of one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.ends import end_code, ended_cleanly
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.standard_streams import say

app = typer.Typer(
    no_args_is_help=True, help="Capture the single notes of an instrument, to train the harmony model with."
)


@app.command("capture")
def capture(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write: one instrument.")],
    midi_port: Annotated[str, typer.Option(help="MIDI output by name: the synthesizer, or its interface.")],
    device: Annotated[
        str | None, typer.Option(help="Audio input its sound comes in on: name, part of it, or number.")
    ] = None,
    low: Annotated[int, typer.Option(min=0, max=127, help="Lowest MIDI note.")] = 36,
    high: Annotated[int, typer.Option(min=0, max=127, help="Highest MIDI note.")] = 96,
    step: Annotated[int, typer.Option(min=1, help="Semitones from one note to the next.")] = 1,
    velocities: Annotated[str, typer.Option(help="How hard each note is played, 1 to 127.")] = "40,80,120",
    seconds: Annotated[float, typer.Option(help="How long each key is held, in seconds.")] = 2.0,
    release: Annotated[float, typer.Option(help="How long is recorded after the key is up, in seconds.")] = 1.0,
    midi_channel: Annotated[int, typer.Option(min=1, max=16, help="MIDI channel of the synthesizer.")] = 1,
    channels: Annotated[int | None, typer.Option(help="Input channels (default: 2, or what there is).")] = None,
    samplerate: Annotated[int | None, typer.Option(help="Sample rate in Hz (default: the device's own).")] = None,
    blocksize: Annotated[int, typer.Option(min=16, max=8192, help="Samples per audio block.")] = 256,
) -> None:
    """Play every note of a range on a synthesizer, hardware or software, and record it as a labelled bank.

    \b
    samplechop notes capture --midi-port Juno --device "Line In" -o notes/juno --low 36 --high 84 --step 3

    The latency is measured. Interrupted, the same command goes on where it was. `samplechop live --list-midi` and
    `--list-devices` list names.
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.notes.capture import Plan, refuse_finished
    from samplechop.offline.notes.capture import capture as play_and_record
    from samplechop.realtime.audio.device_source import DeviceSource
    from samplechop.realtime.midi.ports import VIRTUAL, open_output

    plan = Plan(low, high, step, _numbers(velocities), seconds, release, midi_channel)
    refuse_finished(out)
    if midi_port == VIRTUAL:
        raise UserError("a virtual port has nobody to play the notes: give the synthesizer's own port to --midi-port")
    with ended_cleanly():
        source = DeviceSource(device, samplerate, channels, blocksize)
        port = open_output(midi_port)
        of = len(plan.keys)
        minutes = of * (plan.seconds + plan.release + 0.1) / 60
        say(f"{of} notes on {port.name!r}, recorded from {source.name!r}: {minutes:.0f} min; Ctrl-C pauses")
        try:
            with progress_bars() as progress:
                done = play_and_record(source, port, plan, out, progress, say, (port.name, source.name))
        except KeyboardInterrupt:
            say("paused: the same command goes on")
            raise typer.Exit(end_code()) from None
    echo(f"{len(done.kept)} notes in {out}")
    for what, keys in (("silent, left out", done.silent), ("clipped", done.clipped)):
        if keys:
            echo(f"{len(keys)} {what}: {_listed(keys)}")


@app.command("from-recording")
def from_recording(
    audio: Annotated[Path, typer.Argument(metavar="AUDIO", help="What was recorded of one instrument.")],
    midi: Annotated[Path, typer.Argument(metavar="MIDI", help="The MIDI file that played it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write: one instrument.")],
    release: Annotated[float, typer.Option(min=0.0, help="Seconds to keep after a key is up, at most.")] = 1.0,
) -> None:
    """Cut the single notes out of a recording, with the MIDI file that played it.

    \b
    samplechop notes from-recording juno.wav juno.mid -o notes/juno

    The recording may begin earlier or later than the file: the offset is found. Notes that sound together
    with others are left out.
    """
    from samplechop.offline.audio.reading import read_audio
    from samplechop.offline.notes.capture import refuse_finished
    from samplechop.offline.notes.from_recording import alone, cut, find_offset, read_played
    from samplechop.offline.notes.note_bank import Bank, write_bank

    refuse_finished(out)
    notes, samples = read_played(midi), read_audio(audio)
    offset = find_offset(samples, notes)
    side = "later" if offset >= 0 else "earlier"
    echo(f"the recording is {abs(offset):.3f} s {side} than the MIDI file")
    single = alone(notes, release)
    found, missed = cut(samples, single, offset)
    if not found:
        raise UserError(f"no note in {str(audio)!r} sounds alone and is audible: {len(notes)} are in the MIDI file")
    write_bank(Bank(out.name, tuple(found)), out)
    echo(f"{len(found)} notes in {out}; left out: {len(notes) - len(single)} not alone, {missed} silent or outside")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(one) for one in text.split(",")))
    except ValueError:
        raise UserError(f"--velocities must be numbers in 1..127, such as 40,80,120, got {text!r}") from None


def _listed(keys: Sequence[tuple[int, int]]) -> str:
    """Name notes with the velocities at which it was so, the first twelve of them."""
    by_note: dict[int, list[str]] = {}
    for note, velocity in keys:
        by_note.setdefault(note, []).append(str(velocity))
    names = [f"{note} ({', '.join(velocities)})" for note, velocities in by_note.items()]
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
