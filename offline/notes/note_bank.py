"""Single notes: where one begins in a recording, whether it is any good, and banks of them on disk.

A bank is a folder of FLACs and notes.json, made from a synthesizer, a soundfont or a recording.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.common.atomic import write_text
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.dsp.pitch_spectrum import BINS_PER_OCTAVE, FLOOR_DB, N_BINS, HarmonySpectrum

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
        raise UserError(f"The bank {str(folder)!r} cannot be written: {reason_of(error)}") from None


def read_bank(folder: Path) -> Bank:
    """Read what write_bank, or anyone by the same rules, wrote; other rates and channels are made 44 100 Hz, mono.

    Raises UserError if the folder is no bank or a note cannot be read.
    """
    try:
        index = documents.read_json(folder / INDEX)
        rows = [
            (folder / Path(row["file"]).name, float(row["pitch"]), int(row["velocity"]), float(row["seconds"]))
            for row in index["notes"]
        ]
        name = str(index.get("name", folder.name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{str(folder)!r} is no bank of notes ({INDEX} cannot be read: {reason_of(error)})") from None
    if not rows:
        raise UserError(f"The bank {str(folder)!r} holds no notes: capture some with samplechop notes.")
    for file, pitch, velocity, held in rows:
        if not (0 <= pitch <= 127 and 1 <= velocity <= 127 and held > 0):
            raise UserError(
                f"{str(file)!r} in {INDEX} must have a pitch in 0..127, a velocity in 1..127 and seconds above 0, "
                f"got {pitch}, {velocity} and {held}"
            )
    sounds = {file: read_audio(file) for file in dict.fromkeys(file for file, *_ in rows)}  # however often it is listed
    notes = [Note(pitch, velocity, held, sounds[file]) for file, pitch, velocity, held in rows]
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


CELL = 16
"""Samples whose loudest one counts: a third of a millisecond at 44 100 Hz."""
ATTACK_DB, FOOT_DB = -30.0, -46.0
"""Below the note's loudest sample: what is surely the note, and from where on before that it is the note already."""
OVER_NOISE, FOOT_OVER_NOISE = 4.0, 2.0
"""Times the loudest sample of the noise before: the same two."""
BEFORE_SECONDS = 0.02
"""The level so long before the earliest begin of a note is what it must rise out of."""
RINGS = 0.01
"""Of a note's loudest sample: when it began, the one before it was louder than this, -40 dB."""
SILENT = 1e-3
"""A note that never gets louder than this, -60 dBFS, is none."""
FULL_SCALE = 0.9995


def attack(samples: NDArray[np.float32], noise: float) -> int | None:
    """Find where the first note in some audio begins; None where there is none.

    samples: float32, (n,), full scale ±1. noise: the largest magnitude when nothing plays. Good to
    CELL samples for a note that speaks at once; a swelling one begins where it rises out of the noise.
    """
    count = len(samples) // CELL
    if not count:
        return None
    cells = np.abs(samples[: count * CELL]).reshape(count, CELL).max(axis=1)
    peak = float(cells.max())
    if peak < max(SILENT, OVER_NOISE * noise):
        return None
    first = int(np.argmax(cells >= max(OVER_NOISE * noise, peak * 10 ** (ATTACK_DB / 20))))
    foot = max(FOOT_OVER_NOISE * noise, peak * 10 ** (FOOT_DB / 20))
    while first and cells[first - 1] >= foot:
        first -= 1
    return first * CELL


def is_silent(samples: NDArray[np.float32], noise: float) -> bool:
    """Say whether nothing was played in some audio, float32 (n,), given the noise's largest magnitude."""
    return float(np.max(np.abs(samples), initial=0.0)) < max(SILENT, OVER_NOISE * noise)


def is_clipped(samples: NDArray[np.float32]) -> bool:
    """Say whether some audio, float32 (n,), was too loud for what recorded it: three samples in a row at full scale."""
    full = np.abs(samples) >= FULL_SCALE
    return bool((full[2:] & full[1:-1] & full[:-2]).any())


HARMONICS = (1.0, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35)
MOST_BINS = 1
"""A third of a semitone either way."""
LOWEST = 36
"""MIDI number of the lowest bin; lower notes cannot be checked this way and are taken as in tune."""
LONGEST = 22_050


@cache
def _spectrum(rate: int) -> HarmonySpectrum:
    return HarmonySpectrum(2 * LONGEST, rate)


@cache
def _comb() -> NDArray[np.float32]:
    """For each bin as a fundamental the weight of every bin: float32, (N_BINS, N_BINS)."""
    comb = np.zeros((N_BINS, N_BINS), np.float32)
    for number, weight in enumerate(HARMONICS, 1):
        step = round(BINS_PER_OCTAVE * np.log2(number))
        comb += weight * np.eye(N_BINS, k=step, dtype=np.float32)
    return comb


def is_in_tune(samples: NDArray[np.float32], rate: int, pitch: float) -> bool:
    """Say whether the pitch class that stands out most, by harmonic sums, is that of a MIDI number.

    samples: float32, (n,). The sums are those of D. Hermes, "Measurement of pitch by subharmonic summation", JASA 1988.
    """
    if pitch < LOWEST:
        return True
    spectrum = _spectrum(rate)
    spectrum.reset()
    frames = spectrum.push(np.concatenate([samples[:LONGEST], np.zeros(spectrum.latency, np.float32)]))[1:]
    amplitude = 10 ** ((frames.mean(axis=0) - 1) * FLOOR_DB / 40)
    best = int(np.argmax(_comb() @ amplitude))
    wanted = round((pitch - LOWEST) * BINS_PER_OCTAVE / 12) + 1
    half = BINS_PER_OCTAVE // 2
    return abs((best - wanted + half) % BINS_PER_OCTAVE - half) <= MOST_BINS
