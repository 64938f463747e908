"""Labels as a Standard MIDI File whose time is the recording's: notes of a DAW track, or markers."""

import io
from collections.abc import Sequence
from pathlib import Path

import mido
from mido.midifiles.meta import KeySignatureError

from samplechop.offline.labels.model import Mark
from samplechop.realtime.core.errors import UserError

NOTES, MARKERS = "MIDI notes", "MIDI markers"
CHORD_SECONDS = 0.005
"""Notes struck within this of each other are one place."""
TICKS_PER_BEAT = 1920
TICKS_PER_SECOND = 2 * TICKS_PER_BEAT
"""At 120 beats per minute; a time is off by at most 0.13 ms."""
NOTE = 36
"""The note that is written: MPC pad A01."""
GATE_TICKS = TICKS_PER_SECOND // 10


def read_midi(path: Path) -> tuple[list[Mark], str]:
    """Read when notes begin, tempo changes followed; without any note, the markers.

    Raises UserError if the file is no Standard MIDI File, counts no common time (type 2), or holds neither.
    """
    try:
        file = mido.MidiFile(path)
        messages = list(file)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, KeySignatureError) as error:
        # mido raises TypeError for type 2 files, whose tracks do not share one time.
        raise UserError(f"{str(path)!r} cannot be read as a Standard MIDI File of type 0 or 1: {error}") from None
    notes: list[Mark] = []
    markers: list[Mark] = []
    now = 0.0
    for message in messages:
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            if not notes or now - notes[-1].time > CHORD_SECONDS:
                notes.append(Mark(now, "", f"note {message.note} at {now:.3f} s"))
        elif message.type in ("marker", "cue_marker"):
            markers.append(Mark(now, message.text.strip(), f"marker {message.text!r}"))
    if not notes and not markers:
        raise UserError(f"{str(path)!r} has neither notes nor markers: export the track that has the chops")
    return (notes, NOTES) if notes else (markers, MARKERS)


def midi_bytes(times: Sequence[float]) -> bytes:
    """Give a file of type 0 at 120 beats per minute with a note at each of the rising times, in seconds."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    ticks = [round(time * TICKS_PER_SECOND) for time in times]
    now = 0
    for tick, following in zip(ticks, [*ticks[1:], None], strict=True):
        gate = GATE_TICKS if following is None else max(1, min(GATE_TICKS, following - tick))
        track.append(mido.Message("note_on", note=NOTE, velocity=100, time=max(0, tick - now)))
        track.append(mido.Message("note_off", note=NOTE, velocity=0, time=gate))
        now = tick + gate
    content = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(file=content)
    return content.getvalue()
