"""What is known about a record: where to chop it, what was struck, which notes, chords and beats it holds.

Schema 2 has ten classes of drums, their signal-to-noise ratios, and where drums sound alone; schema 1, which is still
read, had five classes and neither.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import write_text
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

SCHEMA = 2
READABLE = (1, 2)
CLASSES = ("kick", "snare", "stick", "clap", "hat", "open", "tom", "ride", "crash", "perc")
"""Labels of drums: "stick" is a side-stick or a rim, "hat" a closed or pedalled hi-hat, "open" an open one, "perc" what
is no part of the kit (shaker, conga, cowbell)."""
FAMILIES = {
    **dict.fromkeys(("kick",), "kick"),
    **dict.fromkeys(("snare", "stick", "clap"), "snare"),
    **dict.fromkeys(("hat", "open"), "hat"),
    **dict.fromkeys(("tom",), "tom"),
    **dict.fromkeys(("ride", "crash", "cymbal"), "cymbal"),
}
"""Which of samplechop.realtime.core.events.DRUMS a class belongs to; "perc" to none. "cymbal" is of schema 1."""
SPELLINGS = {
    **dict.fromkeys(("rim", "sidestick", "crossstick"), "stick"),
    **dict.fromkeys(("hihat", "closedhat"), "hat"),
    "openhat": "open",
}
"""What people who note drums by hand call a class as well, in small letters without hyphens."""
ALONE_DB = 60.0
"""The signal-to-noise ratio of what sounds alone, or of which it is not known."""
FAINT_DB = -18.0
"""Signal-to-noise ratio under which a stroke is neither an example of its class nor of silence."""
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChopTruth:
    """A place to chop: time in seconds; reason "bar", "chord", "hit" or "phrase"; strength 0..1, as it stands out."""

    time: float
    reason: str
    strength: float


@dataclass(frozen=True, slots=True)
class DrumTruth:
    """A drum hit: time in seconds; label, one of CLASSES; velocity 0..1.

    snr: signal-to-noise ratio in dB: the power of its own first 40 ms over that of all else that sounds meanwhile,
    other drums included; of hi-hats, cymbals and shakers above 5 kHz, of others broad-band. Within ±ALONE_DB.
    """

    time: float
    label: str
    velocity: float
    snr: float = ALONE_DB


@dataclass(frozen=True, slots=True)
class NoteTruth:
    """A note: time and duration in seconds; pitch as a MIDI number, in parts of a semitone; velocity 0..1.

    part: "chord", "bass", "lead", "pad", "strings", "horns" or "voice".
    """

    time: float
    duration: float
    pitch: float
    velocity: float
    part: str


@dataclass(frozen=True, slots=True)
class ChordTruth:
    """From `time` on this chord sounds; label as in Harte et al., Symbolic representation of chords, ISMIR 2005."""

    time: float
    label: str


@dataclass(frozen=True, slots=True)
class BeatTruth:
    """A beat: time in seconds; position in the bar, from 1, which is the downbeat."""

    time: float
    position: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything known about one record. All times in seconds from its first sample, sorted, inside 0..length.

    unsure: (start, stop) in which nobody says whether a chop belongs there. Where neither a chop nor this holds, there
    is none. split: "train" or "validation". solo: (start, stop) in which drums alone sound. music: (start, stop) in
    which real music sounds, whose notes and chords nobody has written down.
    """

    length: float
    style: str
    split: str
    seed: int
    sample_rate: int = 44_100
    chops: list[ChopTruth] = field(default_factory=list)
    unsure: list[tuple[float, float]] = field(default_factory=list)
    solo: list[tuple[float, float]] = field(default_factory=list)
    music: list[tuple[float, float]] = field(default_factory=list)
    drums: list[DrumTruth] = field(default_factory=list)
    notes: list[NoteTruth] = field(default_factory=list)
    chords: list[ChordTruth] = field(default_factory=list)
    beats: list[BeatTruth] = field(default_factory=list)

    def clear_drums(self) -> list[DrumTruth]:
        """Give the drum hits that are not faint: those of at least FAINT_DB."""
        return [drum for drum in self.drums if drum.snr >= FAINT_DB]


def class_of(word: str) -> str:
    """Give the class that a word in a text of drums stands for: "stick" for "Side-Stick"; others as they are."""
    plain = word.lower().replace("-", "").replace("_", "")
    return SPELLINGS.get(plain, plain if plain in (*CLASSES, *FAMILIES) else word)


def moved(truth: Truth, played_at: Callable[[Seconds], Seconds], semitones: float, length: float) -> Truth:
    """Give the truth of a record played at another, perhaps swaying, speed.

    played_at: maps times of `truth` in seconds, float64 (n,), to new ones. semitones: by how much every pitch rises.
    length: of the new record in seconds; what lies outside 0..length is dropped. Chord roots move by whole semitones.
    """

    def mapped(rows: list, ends: bool = False) -> list:
        if not rows:
            return []
        times = played_at(np.array([row.time for row in rows]))
        if ends:
            stops = np.minimum(played_at(np.array([row.time + row.duration for row in rows])), length)
            pairs = [
                replace(row, time=float(at), duration=float(stop - at), pitch=row.pitch + semitones)
                for row, at, stop in zip(rows, times, stops, strict=True)
            ]
        else:
            pairs = [replace(row, time=float(at)) for row, at in zip(rows, times, strict=True)]
        return sorted((row for row in pairs if 0 <= row.time < length), key=lambda row: row.time)

    def spans(given: list[tuple[float, float]]) -> list[tuple[float, float]]:
        new = played_at(np.array(given, dtype=np.float64).ravel()).reshape(-1, 2)
        return sorted((max(0.0, float(a)), min(length, float(b))) for a, b in new if b > 0 and a < length)

    chords = [replace(chord, label=transposed(chord.label, round(semitones))) for chord in mapped(truth.chords)]
    return replace(
        truth,
        length=length,
        chops=mapped(truth.chops),
        unsure=spans(truth.unsure),
        solo=spans(truth.solo),
        music=spans(truth.music),
        drums=mapped(truth.drums),
        notes=mapped(truth.notes, ends=True),
        chords=chords,
        beats=mapped(truth.beats),
    )


ROOTS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def transposed(label: str, semitones: int) -> str:
    """Move the root of a chord label such as "Bb:min7" by whole semitones; "N" (no chord) stays."""
    if label == "N":
        return label
    root, quality = label.split(":")
    return f"{ROOTS[(ROOTS.index(root) + semitones) % 12]}:{quality}"


def write_truth(truth: Truth, path: Path) -> None:
    """Write a truth as JSON; times to a microsecond. Raises UserError if the disk does not take it."""
    rounded = json.loads(json.dumps(asdict(truth)), parse_float=lambda digits: round(float(digits), 6))
    write_text(path, json.dumps({"schema": SCHEMA, **rounded}) + "\n")


def read_truth(path: Path) -> Truth:
    """Read a truth written by write_truth.

    Raises UserError if the file is missing, no truth, or of a schema that is not READABLE.
    """
    try:
        data = documents.read_json(path)
        if data.pop("schema", None) not in READABLE:
            raise UserError(
                f"{str(path)!r} is not a truth of schema {SCHEMA}: build the training set again with this version."
            )
        rows = {"chops": ChopTruth, "drums": DrumTruth, "notes": NoteTruth, "chords": ChordTruth, "beats": BeatTruth}
        for name, kind in rows.items():
            data[name] = [kind(**row) for row in data[name]]
        for name in ("unsure", "solo", "music"):
            data[name] = [(float(start), float(stop)) for start, stop in data.get(name, [])]
        truth = Truth(**data)
        _check(truth)
        return truth
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The truth {str(path)!r} cannot be read ({reason_of(error)}): delete it and build the training set again."
        ) from None


def _check(truth: Truth) -> None:
    """Raise ValueError where a field is of another type than it says."""
    kinds: dict[Any, Any] = {float: int | float, int: int, str: str}
    rows: list[Any] = [truth, *truth.chops, *truth.drums, *truth.notes, *truth.chords, *truth.beats]
    for row in rows:
        for one in fields(row):
            value = getattr(row, one.name)
            if one.type in kinds and (not isinstance(value, kinds[one.type]) or isinstance(value, bool)):
                raise ValueError(f"{one.name} is {repr(value)[:60]}")
