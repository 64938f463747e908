"""MIDI 1.0 channel messages as bytes, and how strong a note is. Knows no port and no time.

Channels are counted as musicians do, 1..16; notes, velocities and values are 0..127.
"""

NOTE_OFF = 0x80
NOTE_ON = 0x90
CONTROL_CHANGE = 0xB0
ALL_NOTES_OFF = 123

GATE_SECONDS = 0.1
"""How long a note lasts, at a port and in a file, unless the settings say otherwise."""

LOW_VELOCITY = 30
HIGH_VELOCITY = 127


def _note(value: int) -> int:
    if not 0 <= value <= 127:
        raise ValueError(f"note must be in range 0..127, got {value}")
    return value


def _status(kind: int, channel: int) -> int:
    if not 1 <= channel <= 16:
        raise ValueError(f"channel must be in range 1..16, got {channel}")
    return kind | (channel - 1)


def note_on(channel: int, note: int, velocity: int) -> bytes:
    """Write a note-on. Velocity 0 is refused, as MIDI reads it as a note-off."""
    if not 1 <= velocity <= 127:
        raise ValueError(f"velocity must be in range 1..127, got {velocity}")
    return bytes((_status(NOTE_ON, channel), _note(note), velocity))


def note_off(channel: int, note: int) -> bytes:
    """Write a note-off with release velocity 0."""
    return bytes((_status(NOTE_OFF, channel), _note(note), 0))


def all_notes_off(channel: int) -> bytes:
    """Write the channel mode message "all notes off" (control change 123)."""
    return bytes((_status(CONTROL_CHANGE, channel), ALL_NOTES_OFF, 0))


def velocity_of(strength: float) -> int:
    """Map a strength of 0..1 straight onto velocities 30..127; what lies outside 0..1 is clipped.

    A linear map: a chop just above the threshold is still audible, and a stronger one is never softer.
    """
    return LOW_VELOCITY + round((HIGH_VELOCITY - LOW_VELOCITY) * min(1.0, max(0.0, strength)))
