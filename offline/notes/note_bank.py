"""Banks of single notes on disk: a folder of FLACs and notes.json, from a synthesizer, a soundfont or a recording."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.common.atomic import write_text
from samplechop.realtime.core.errors import UserError

SCHEMA = 1
INDEX = "notes.json"


@dataclass(frozen=True, slots=True)
class Note:
    """One note alone: samples float32, (n,), mono, 44 100 Hz, full scale ±1, from the moment the key goes down.

    pitch: MIDI number as it sounds, in parts of a semitone where the instrument is out of tune. velocity: 1..127.
    held: seconds until the key goes up; what comes after is the release.
    """

    pitch: float
    velocity: int
    held: float
    samples: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bank:
    """The notes of one instrument, by rising pitch and velocity."""

    name: str
    notes: tuple[Note, ...]


def write_bank(bank: Bank, folder: Path) -> None:
    """Write every note as PITCH-VELOCITY.flac, 16 bits, and the list of them as notes.json.

    Raises UserError if the folder cannot be written, ValueError for a bank without notes.
    """
    if not bank.notes:
        raise ValueError(f"bank {bank.name!r} must hold at least one note, got 0")
    rows = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, note in enumerate(sorted(bank.notes, key=lambda note: (note.pitch, note.velocity))):
            file = f"{number:03d}-{round(note.pitch):03d}-{note.velocity:03d}.flac"
            soundfile.write(folder / file, np.clip(note.samples, -1, 1), RATE, format="FLAC", subtype="PCM_16")
            row = {"pitch": round(float(note.pitch), 4), "velocity": note.velocity, "seconds": round(note.held, 4)}
            rows.append({"file": file, **row})
        index = {"schema": SCHEMA, "name": bank.name, "notes": rows}
        write_text(folder / INDEX, json.dumps(index, indent=1) + "\n")
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"The bank {str(folder)!r} cannot be written: {error}") from None


def read_bank(folder: Path) -> Bank:
    """Read what write_bank, or anyone by the same rules, wrote; other rates and channels are made 44 100 Hz, mono.

    Raises UserError if the folder is no bank or a note cannot be read.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        rows = [
            (folder / Path(row["file"]).name, float(row["pitch"]), int(row["velocity"]), float(row["seconds"]))
            for row in index["notes"]
        ]
        name = str(index.get("name", folder.name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{str(folder)!r} is no bank of notes ({INDEX} cannot be read: {error})") from None
    if not rows:
        raise UserError(f"The bank {str(folder)!r} holds no notes: capture some with samplechop notes.")
    for file, pitch, velocity, held in rows:
        if not (0 <= pitch <= 127 and 1 <= velocity <= 127 and held > 0):
            raise UserError(
                f"{str(file)!r} in {INDEX} must have a pitch in 0..127, a velocity in 1..127 and seconds above 0, "
                f"got {pitch}, {velocity} and {held}"
            )
    notes = [Note(pitch, velocity, held, read_audio(file)) for file, pitch, velocity, held in rows]
    return Bank(name, tuple(sorted(notes, key=lambda note: (note.pitch, note.velocity))))


def find_banks(folders: Sequence[Path]) -> list[Path]:
    """Find every bank in or under the folders, sorted. Raises UserError for a folder that is missing or holds none."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no folder {str(folder)!r}: give a bank of notes, or a folder of banks")
        inside = sorted(path.parent for path in folder.rglob(INDEX))
        if not inside:
            raise UserError(f"no bank of notes in {str(folder)!r}: make one with samplechop notes")
        found += inside
    return found
