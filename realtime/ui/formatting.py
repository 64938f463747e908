"""How things are called on the screen.

Notes are named as Ableton Live and the MPC name them: 36 is C1, so 60 is C3 (others call 60 C4). Pads are the MPC's,
sixteen to a bank from note 36 up: 36 is A01, 52 is B01.
"""

_NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FIRST_PAD = 36


def note_name(note: int) -> str:
    """Name a MIDI note, 0..127, with 60 = C3."""
    return f"{_NOTES[note % 12]}{note // 12 - 2}"


def pad_name(note: int) -> str:
    """Name the MPC pad of a MIDI note, "" below the first one."""
    bank, pad = divmod(note - _FIRST_PAD, 16)
    return f"{'ABCDEF'[bank]}{pad + 1:02d}" if bank >= 0 else ""


def clock(sample: int, sample_rate: int) -> str:
    """Write a position in samples as m:ss.mmm."""
    seconds, thousandths = divmod(round(sample * 1000 / sample_rate), 1000)
    return f"{seconds // 60}:{seconds % 60:02d}.{thousandths:03d}"


def printable(text: str) -> str:
    """Replace what would move the cursor or end the line: names of files and devices may hold anything."""
    return "".join(char if char.isprintable() else "?" for char in text)
