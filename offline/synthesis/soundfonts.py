"""Notes and drums of General MIDI soundfonts, played one by one through fluidsynth."""

from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.notes.note_bank import RATE, Bank, Note
from samplechop.offline.synthesis.fluidsynth import GRID, render
from samplechop.realtime.core.errors import UserError

Sound = NDArray[np.float32]
USUAL_FOLDERS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
)
PROGRAMS = tuple(program for program in range(109) if program not in (47, 55, 86, *range(96, 104)))
"""Of General MIDI those that play the note asked for: no kettledrum, hits that are chords, leads in fifths, effects."""
PITCHES = tuple(range(28, 101, 4))
VELOCITIES = (50, 85, 112)
HELD = 1.3
LENGTH = 1.6
KITS = (0, 8, 16, 24, 25, 32, 40)
DRUM_KEYS = tuple(key for key in range(35, 82) if key not in (71, 72, 73, 74, 78, 79, 80, 81))
"""Without whistles, guiros, cuicas, triangles: they are percussion, but hold a tone."""
DRUM_LENGTH = 0.9
SILENT = 1e-3


def find(fonts: Sequence[Path] = ()) -> list[Path]:
    """Give the soundfonts named, or every .sf2 in the usual folders, one path for each file.

    Raises UserError for one that is missing.
    """
    for font in fonts:
        if not font.is_file():
            raise UserError(f"No soundfont at {str(font)!r}: give the path of a General MIDI .sf2 file.")
    usual = [path for folder in USUAL_FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sf2"))]
    return sorted({path.resolve() for path in fonts or usual})


def program_bank(font: Path, program: int, pitches: Sequence[int] = PITCHES) -> Bank | None:
    """Play one program's notes, each at one of VELOCITIES in turn; None if it is silent. Raises UserError."""
    stride = round(LENGTH * RATE / GRID) * GRID
    messages: list[tuple[int, int, mido.Message]] = []
    for number, pitch in enumerate(pitches):
        at = number * stride
        velocity = VELOCITIES[number % len(VELOCITIES)]
        messages.append((at, 0, mido.Message("control_change", control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", program=program)))
        messages.append((at + GRID, 2, mido.Message("note_on", note=pitch, velocity=velocity)))
        messages.append((at + GRID + round(HELD * RATE), 3, mido.Message("note_off", note=pitch)))
    sound = render(messages, font)
    notes = []
    for number, pitch in enumerate(pitches):
        samples = sound[number * stride + GRID : (number + 1) * stride].copy()
        if len(samples) > stride // 2 and np.max(np.abs(samples)) > SILENT:
            notes.append(Note(float(pitch), VELOCITIES[number % len(VELOCITIES)], HELD, samples))
    return Bank(f"{font.stem}-{program:03d}", tuple(notes)) if notes else None


def drum_hits(font: Path) -> dict[str, Sound]:
    """Play every drum of every kit once, by name; those that are silent are left out. Raises UserError."""
    stride = round(DRUM_LENGTH * RATE / GRID) * GRID
    wanted = [(kit, key) for kit in KITS for key in DRUM_KEYS]
    messages: list[tuple[int, int, mido.Message]] = []
    for number, (kit, key) in enumerate(wanted):
        at = number * stride
        messages.append((at, 0, mido.Message("control_change", channel=9, control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", channel=9, program=kit)))
        messages.append((at + GRID, 2, mido.Message("note_on", channel=9, note=key, velocity=100)))
    sound = render(messages, font)
    hits = {}
    for number, (kit, key) in enumerate(wanted):
        samples = sound[number * stride + GRID : (number + 1) * stride].copy()
        if len(samples) > stride // 2 and np.max(np.abs(samples)) > SILENT:
            samples[-882:] *= np.linspace(1, 0, 882, dtype=np.float32)
            hits[f"{font.stem}-kit{kit}-{key}"] = samples
    return hits
