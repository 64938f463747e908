"""What an event says in Open Sound Control, and where: the addresses below /samplechop.

    /samplechop/drums/LABEL            velocity int, strength float 0..1            each hit; LABEL: kick, snare, …
    /samplechop/drums/LABEL/presence   level float 0..1                             60 a second while above 0.01, then 0
    /samplechop/chop                   note int, velocity int, strength float       each chop
    /samplechop/beat                   place in the bar int, tempo float            each beat
    /samplechop/chord                  label string, then each note int             each change; "N" for no chord
    /samplechop/key                    label string                                 each change
    /samplechop/pitches                12 floats 0..1, C first                      30 a second while harmony listens
    /samplechop/KIND                   note int, velocity int, strength float       any other kind of event

Notes and velocities are MIDI, 0..127, and −1 where an event has none. A place in the bar is 0, and a tempo 0, where it
is not known. What an address cannot hold in a LABEL or KIND is an underscore there.
"""

import re
from collections.abc import Sequence

from samplechop.realtime.core.events import BEAT, CHORD, DRUM, KEY, PITCHES, Event

_ROOT = "/samplechop"
PITCHES_ADDRESS = f"{_ROOT}/pitches"
_NONE = -1  # stands for a note or velocity that an event does not have
_FORBIDDEN = re.compile(r"[^\x21-\x7e]|[#*,/?\[\]{}]")  # in a part of an address, by the OSC 1.0 specification

Argument = int | float | str
Message = tuple[str, Sequence[Argument]]
"""An address and the arguments sent to it."""


def message_of(event: Event) -> Message | None:
    """Say an event; None for a kind that is not sent, as the pitches, whose activations are."""
    if event.kind == PITCHES:
        return None
    if event.kind == DRUM:
        return drum_address(event.label or DRUM), (_or_none(event.velocity), float(event.strength))
    if event.kind == BEAT:
        place = int(event.label) if event.label and event.label.isdecimal() else 0
        return f"{_ROOT}/beat", (place, float(event.tempo or 0.0))
    if event.kind == CHORD:
        return f"{_ROOT}/chord", (event.label or "", *(event.notes or ()))
    if event.kind == KEY:
        return f"{_ROOT}/key", (event.label or "",)
    return f"{_ROOT}/{_part(event.kind)}", (_or_none(event.note), _or_none(event.velocity), float(event.strength))


def drum_address(label: str) -> str:
    """Give the address of a drum's hits."""
    return f"{_ROOT}/drums/{_part(label)}"


def presence_address(label: str) -> str:
    """Give the address of a drum's presence."""
    return f"{drum_address(label)}/presence"


def _part(name: str) -> str:
    return _FORBIDDEN.sub("_", name) or "_"


def _or_none(value: int | None) -> int:
    return _NONE if value is None else value
