"""Songs and drum tracks in Standard MIDI Files: every message at its time, and the drums that General MIDI names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
from mido.midifiles.meta import KeySignatureError

from samplechop.realtime.core.errors import UserError

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
USUAL_VOLUME = 100


@dataclass(frozen=True, slots=True)
class Played:
    """A message of a song at its time in seconds, tempo changes followed."""

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


def read_song(path: Path) -> list[Played]:
    """Read all channel messages of a file of type 0 or 1, in the order of their time.

    Raises UserError if it is none.
    """
    if not path.is_file():
        raise UserError(f"No MIDI file at {str(path)!r}: give one of type 0 or 1 (.mid).")
    try:
        file = mido.MidiFile(path)
        messages = list(file)
    except (OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, KeySignatureError) as error:
        # mido raises TypeError for type 2 files, whose tracks do not share one time.
        why = str(error) or "it ends too early"
        raise UserError(f"{str(path)!r} cannot be read as a Standard MIDI File of type 0 or 1: {why}.") from None
    song, now = [], 0.0
    for message in messages:
        now += message.time
        if not message.is_meta and hasattr(message, "channel"):
            song.append(Played(now, message))
    return song


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
