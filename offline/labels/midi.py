"""Standard MIDI Files: labels whose time is the recording's (notes of a DAW track, or markers), songs, drum tracks."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import mido
from mido.midifiles.meta import KeySignatureError

from samplechop.offline.labels.formats import Mark
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.midi.tempo_map import MOST_TICKS, TICKS_PER_BEAT

NOTES, MARKERS = "MIDI notes", "MIDI markers"
MOST_BYTES = 4 << 20
"""Of a file: half a million notes."""
CHORD_SECONDS = 0.005
"""Notes struck within this of each other are one place."""
TICKS_PER_SECOND = 2 * TICKS_PER_BEAT
"""At 120 beats per minute; a time is off by less than a sample of 44.1 kHz."""
NOTE = 36
"""The note that is written: MPC pad A01."""
GATE_TICKS = TICKS_PER_SECOND // 10
LIVE, CHOP_CHANNEL = "samplechop", 0
"""The track of a file that `samplechop live` wrote, and the channel of its chops where nothing else was said."""
DRUM_CHANNEL = 9
"""Counted from 0; musicians call it 10."""
DRUM_OF_KEY = {
    **dict.fromkeys((35, 36), "kick"),
    **dict.fromkeys((37, 38, 39, 40), "snare"),
    **dict.fromkeys((42, 44, 46), "hat"),
    **dict.fromkeys((41, 43, 45, 47, 48, 50), "tom"),
    **dict.fromkeys((49, 51, 52, 53, 55, 57, 59), "cymbal"),
}
"""The General MIDI percussion keys that are drums of a kit (side stick and clap are played in the snare's place)."""
VOLUME, EXPRESSION = 7, 11
FRAMES_PER_SECOND = {24: 24.0, 25: 25.0, 29: 30_000 / 1001, 30: 30.0}
"""Of SMPTE time code, by the number that stands for it in a file: 29 is 29.97, drop frame."""
USUAL_VOLUME = 100
UNREADABLE = (OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, KeySignatureError)
"""What mido raises for files it cannot read; TypeError for type 2, whose tracks do not share one time."""


@dataclass(frozen=True, slots=True)
class Played:
    """A message of a song at its time in seconds."""

    time: float
    message: mido.Message


@dataclass(frozen=True, slots=True)
class Struck:
    """A percussion note: time in seconds, key, velocity 0..1, with the channel's volume and expression."""

    time: float
    key: int
    velocity: float

    @property
    def label(self) -> str | None:
        """Which of samplechop.realtime.core.events.DRUMS it is, or None (a tambourine, a whistle)."""
        return DRUM_OF_KEY.get(self.key)


def read_messages(path: Path) -> list[Played]:
    """Read all messages of a file of type 0 or 1, in the order of their time.

    Time is counted in parts of a beat, tempo changes followed, or in parts of an SMPTE frame, which know no tempo.
    Raises UserError if it is none.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(documents.read_bytes(path, MOST_BYTES)))
        messages = list(file) if file.ticks_per_beat >= 0 else _in_frames(file)
    except UNREADABLE as error:
        why = reason_of(error) or "it ends too early"
        raise UserError(f"{str(path)!r} cannot be read as a Standard MIDI File of type 0 or 1: {why}") from None
    return [Played(time, message) for time, message in zip(accumulate(m.time for m in messages), messages, strict=True)]


def _in_frames(file: mido.MidiFile) -> list[mido.Message]:
    """Give the messages of a file that counts frames, as mido does for beats: `time` is seconds since the one before.

    mido reads the division as one signed number: its high byte is the frame rate, negative, its low byte the ticks of
    a frame (Standard MIDI Files 1.0, "Header Chunks"). Raises ValueError for a frame rate that SMPTE does not have.
    """
    frames, ticks = -(file.ticks_per_beat >> 8), file.ticks_per_beat & 0xFF
    if frames not in FRAMES_PER_SECOND or not ticks:
        raise ValueError(f"its time is {ticks} ticks in each of {frames} frames a second; SMPTE has 24, 25, 29.97, 30")
    seconds = 1.0 / (FRAMES_PER_SECOND[frames] * ticks)
    return [message.copy(skip_checks=True, time=message.time * seconds) for message in file.merged_track]


def read_song(path: Path) -> list[Played]:
    """Read the channel messages of a file as read_messages does."""
    return [one for one in read_messages(path) if not one.message.is_meta and hasattr(one.message, "channel")]


def read_midi(path: Path) -> tuple[list[Mark], str]:
    """Read when notes begin, tempo changes followed; without any note, the markers.

    Of a file that `samplechop live` wrote, the notes of its chops' usual channel count alone where it has some: others
    are drums, chords and beats. Raises UserError if the file is no Standard MIDI File, counts no common time (type 2),
    or holds neither.
    """
    notes: list[Mark] = []
    markers: list[Mark] = []
    messages = read_messages(path)
    alone = _has_chops_of_live(messages)
    for now, message in ((one.time, one.message) for one in messages):
        if message.type == "note_on" and message.velocity > 0 and not (alone and message.channel != CHOP_CHANNEL):
            if not notes or now - notes[-1].time > CHORD_SECONDS:
                notes.append(Mark(now, "", f"note {message.note} at {now:.3f} s"))
        elif message.type in ("marker", "cue_marker"):
            markers.append(Mark(now, message.text.strip(), f"marker {message.text!r}"))
    if not notes and not markers:
        raise UserError(f"{str(path)!r} has neither notes nor markers: export the track that has the chops")
    return (notes, NOTES) if notes else (markers, MARKERS)


def _has_chops_of_live(messages: Sequence[Played]) -> bool:
    named = any(one.message.type == "track_name" and one.message.name == LIVE for one in messages)
    return named and any(one.message.type == "note_on" and one.message.channel == CHOP_CHANNEL for one in messages)


def midi_bytes(times: Sequence[float]) -> bytes:
    """Give a file of type 0 at 120 beats per minute with a note at each of the rising times, in seconds."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    ticks = [round(time * TICKS_PER_SECOND) for time in times]
    now = 0
    for tick, following in zip(ticks, [*ticks[1:], None], strict=False):
        gate = GATE_TICKS if following is None else max(1, min(GATE_TICKS, following - tick))
        while tick - now > MOST_TICKS:  # hours of nothing: an empty text between
            track.append(mido.MetaMessage("text", time=MOST_TICKS))
            now += MOST_TICKS
        track.append(mido.Message("note_on", note=NOTE, velocity=100, time=max(0, tick - now)))
        track.append(mido.Message("note_off", note=NOTE, velocity=0, time=gate))
        now = tick + gate
    content = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(file=content)
    return content.getvalue()


def percussion(song: Sequence[Played], channel: int | None = DRUM_CHANNEL) -> list[Struck]:
    """List the notes of the percussion channel, or of all channels (None), with the loudness they are played at."""
    volume, expression = [USUAL_VOLUME] * 16, [127] * 16
    struck = []
    for one in song:
        message = one.message
        if message.type == "control_change" and message.control == VOLUME:
            volume[message.channel] = message.value
        elif message.type == "control_change" and message.control == EXPRESSION:
            expression[message.channel] = message.value
        elif message.type == "note_on" and message.velocity > 0 and channel in (None, message.channel):
            loud = message.velocity / 127 * volume[message.channel] / USUAL_VOLUME * expression[message.channel] / 127
            struck.append(Struck(one.time, message.note, min(1.0, loud)))
    return struck
