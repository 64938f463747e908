"""What is known about the harmony of each recording in a folder, read from what lies beside it.

Of the harmony the first of these counts, and name.key may hold the key: "A:min" or "A minor".

    name.lab          "begin end chord" a line, seconds and a label in Harte's syntax, as in MIREX
    name.json         the truth of a synthetic record
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mir_eval

from samplechop.offline.evaluate.references import beside, rows_of
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.harmony import harte

CHORDS_WANTED = "put name.lab with lines such as '0.0 2.5 A:min7' beside the audio"
UNKNOWN = "X"
"""The label of what nobody could name (Harte)."""
MODES = {"maj": "major", "major": "major", "min": "minor", "minor": "minor", "": "major"}


@dataclass(frozen=True, slots=True)
class Segment:
    """From start to stop, seconds, this chord sounds; "N": none, "X": nobody knows."""

    start: float
    stop: float
    label: str

    @property
    def chord(self) -> harte.Chord | None:
        """The chord; None where none sounds or nobody knows."""
        return harte.parse(self.label)


@dataclass(frozen=True, slots=True)
class ChordReferences:
    """The chords of one recording, one after the other without gaps.

    has_bass: whether the labels say which note is the lowest. key: as mir_eval writes it, "A minor"; None: nobody
    says.
    """

    segments: tuple[Segment, ...]
    has_bass: bool = True
    key: str | None = None


def contiguous(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Sort segments, end each where the next begins at the latest, and fill gaps with what nobody knows."""
    made: list[Segment] = []
    for one in sorted(segments, key=lambda one: one.start):
        if made and made[-1].stop > one.start:
            made[-1] = Segment(made[-1].start, one.start, made[-1].label)
        elif made and made[-1].stop < one.start:
            made.append(Segment(made[-1].stop, one.start, UNKNOWN))
        made.append(one)
    return tuple(one for one in made if one.stop > one.start)


def key_name(label: str) -> str:
    """Give a key such as "A:min", "A:minor" or "A minor" as mir_eval writes it.

    Raises ValueError for what is none.
    """
    tonic, _, mode = label.strip().replace(":", " ").partition(" ")
    name = f"{tonic} {MODES.get(mode.strip().lower(), '?')}"
    mir_eval.key.validate_key(name)
    return name


def _from_lab(path: Path) -> tuple[Segment, ...]:
    made = []
    for start, rest in rows_of(path, parted_by=""):
        try:
            stop, label = rest
            made.append(Segment(start, float(stop), label))
            harte.parse(label)
            mir_eval.chord.encode(label)
        except (ValueError, mir_eval.chord.InvalidChordException):
            raise UserError(
                f"{str(path)!r}, at {start:g} s: {' '.join(rest)!r} is no end and chord, such as '2.5 A:min7'"
            ) from None
    return contiguous(made)


def chord_references_for(audio: Path, root: Path | None = None) -> ChordReferences | None:
    """Read what is known about the harmony of a recording; None if nothing is. root: holds reference_times.

    Raises UserError for a file that cannot be read.
    """
    if (path := beside(audio, root, ".lab")) is not None:
        segments, has_bass = _from_lab(path), True
    elif (path := beside(audio, root, ".json")) is not None and (truth := read_truth(path)).chords:
        stops = [*(chord.time for chord in truth.chords[1:]), truth.length]
        pairs = zip(truth.chords, stops, strict=True)
        segments = contiguous(Segment(chord.time, stop, chord.label) for chord, stop in pairs)
        # A synthetic record's labels name chords, whatever its bass player makes of them.
        has_bass = False
    else:
        return None
    if not segments:
        return None
    if (path := beside(audio, root, ".key")) is None:
        return ChordReferences(segments, has_bass)
    try:
        return ChordReferences(segments, has_bass, key_name(documents.read_text(path)))
    except (OSError, ValueError):
        raise UserError(f"{str(path)!r} holds no key: write one such as 'A:min'") from None
