"""Chords and their names: Harte's syntax for machines, a musician's shorthand for people.

The syntax is that of Harte, Sandler, Abdallah and Gómez, "Symbolic representation of musical chords" (ISMIR 2005):
root, colon, quality, and the bass as a degree of the major scale on the root where it is not the root itself:
"A:min7", "C:maj/3", "G:min/b3", "C:maj(9)". We add what mir_eval reads too: "5" for a bare fifth, "1" for one note.
Pitch classes are 0..11 from C on.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import NO_CHORD

ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""The one way each pitch class is spelt."""
_QUALITIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "1": (" note", (0,)),
    "5": ("5", (0, 7)),
    "maj": ("", (0, 4, 7)),
    "min": ("m", (0, 3, 7)),
    "dim": ("dim", (0, 3, 6)),
    "aug": ("aug", (0, 4, 8)),
    "sus2": ("sus2", (0, 2, 7)),
    "sus4": ("sus4", (0, 5, 7)),
    "maj7": ("maj7", (0, 4, 7, 11)),
    "min7": ("m7", (0, 3, 7, 10)),
    "7": ("7", (0, 4, 7, 10)),
    "minmaj7": ("m(maj7)", (0, 3, 7, 11)),
    "hdim7": ("m7b5", (0, 3, 6, 10)),
    "dim7": ("dim7", (0, 3, 6, 9)),
    "maj6": ("6", (0, 4, 7, 9)),
    "min6": ("m6", (0, 3, 7, 9)),
    "maj9": ("maj9", (0, 4, 7, 11, 2)),
    "min9": ("m9", (0, 3, 7, 10, 2)),
    "9": ("9", (0, 4, 7, 10, 2)),
    "min11": ("m11", (0, 3, 7, 10, 2, 5)),
    "11": ("11", (0, 4, 7, 10, 2, 5)),
    "maj13": ("maj13", (0, 4, 7, 11, 2, 5, 9)),
    "min13": ("m13", (0, 3, 7, 10, 2, 5, 9)),
    "13": ("13", (0, 4, 7, 10, 2, 5, 9)),
    "maj(9)": ("add9", (0, 4, 7, 2)),
    "min(9)": ("m(add9)", (0, 3, 7, 2)),
    "maj6(9)": ("6/9", (0, 4, 7, 9, 2)),
    "sus4(b7)": ("7sus4", (0, 5, 7, 10)),
    "aug(b7)": ("7#5", (0, 4, 8, 10)),
    "7(b9)": ("7b9", (0, 4, 7, 10, 1)),
    "7(#9)": ("7#9", (0, 4, 7, 10, 3)),
}
"""As musicians write each, and its semitones over the root, modulo the octave, in the order of stacked thirds."""
QUALITIES = {quality: steps for quality, (_, steps) in _QUALITIES.items()}
"""The semitones of each quality."""
_DEGREES = {"1": 0, "2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 11, "9": 2, "11": 5, "13": 9}
_BASSES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
_ALIASES = {"": "maj", "6": "maj6", "add9": "maj(9)"}
_LABEL = re.compile(r"([A-G])([#b]*)(?::([^/]*))?(?:/(.+))?")
_QUALITY = re.compile(r"([^(]*)(?:\(([^)]*)\))?")
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _degree(text: str) -> int:
    """Give the semitones of a degree such as "b7" over the root. Raises ValueError for what is none."""
    bare = text.lstrip("#b")
    if bare not in _DEGREES:
        raise ValueError(f"a degree must be 1..7, 9, 11 or 13 with # or b before it, got {text!r}")
    return (_DEGREES[bare] + text.count("#") - text.count("b")) % 12


def _intervals(quality: str) -> tuple[int, ...]:
    """Give the semitones of any quality in Harte's syntax, such as "min7(*5,11)" or "(b3,5)"."""
    quality = _ALIASES.get(quality, quality)
    if quality in QUALITIES:
        return QUALITIES[quality]
    match = _QUALITY.fullmatch(quality)
    shorthand, added = match.groups() if match else (quality, None)
    shorthand = _ALIASES.get(shorthand, shorthand) if shorthand else "1"
    if shorthand not in QUALITIES:
        raise ValueError(f"a chord's quality must be one of {', '.join(QUALITIES)}, got {quality!r}")
    found = dict.fromkeys(QUALITIES[shorthand])
    for degree in added.split(",") if added else ():
        one = degree.strip()
        if one.startswith("*"):
            found.pop(_degree(one[1:]), None)
        else:
            found[_degree(one)] = None
    return tuple(found)


@dataclass(frozen=True)
class Chord:
    """Something to name: root and bass are pitch classes 0..11, quality is in Harte's syntax.

    Raises ValueError for what is none.
    """

    root: int
    quality: str
    bass: int

    def __post_init__(self) -> None:
        """Refuse what is no chord."""
        for name in ("root", "bass"):
            if not 0 <= getattr(self, name) < 12:
                raise ValueError(f"{name} must be in 0..11, got {getattr(self, name)}")
        _intervals(self.quality)

    @cached_property
    def pitch_classes(self) -> tuple[int, ...]:
        """What sounds, 0..11, from the root on; a bass that is not in the chord comes last."""
        own = tuple((self.root + step) % 12 for step in _intervals(self.quality))
        return own if self.bass in own else (*own, self.bass)

    @property
    def label(self) -> str:
        """Harte's syntax: "A:min7", "C:maj/3"."""
        over = (self.bass - self.root) % 12
        return f"{ROOTS[self.root]}:{self.quality}" + (f"/{_BASSES[over]}" if over else "")

    @property
    def short(self) -> str:
        """As musicians write it: "Am7", "C/E"."""
        over = f"/{ROOTS[self.bass]}" if self.bass != self.root else ""
        quality = _QUALITIES[self.quality][0] if self.quality in _QUALITIES else self.quality
        return f"{ROOTS[self.root]}{quality}{over}"


def parse(label: str) -> Chord | None:
    """Read a label in Harte's syntax; None for "N", no chord, and "X", one that nobody could name.

    The root may be spelt in any way, quality and bass may be left out. Raises ValueError, which names the label,
    for what is none.
    """
    if label in (NO_CHORD, "X"):
        return None
    match = _LABEL.fullmatch(label.strip())
    if match is None:
        raise ValueError(f'a chord must be written as "A:min7" or "C:maj/3", got {label!r}')
    letter, accidentals, quality, bass = match.groups()
    root = (_NATURAL[letter] + accidentals.count("#") - accidentals.count("b")) % 12
    quality = _ALIASES.get(quality or "", quality or "maj")
    try:
        return Chord(root, quality, (root + _degree(bass or "1")) % 12)
    except ValueError as error:
        raise ValueError(f"chord {label!r}: {error}") from None


def shorthand(label: str) -> str:
    """Give a label in Harte's syntax as musicians write it, "A:min7" as "Am7"; "N" stays.

    Raises ValueError as `parse` does.
    """
    chord = parse(label)
    return label if chord is None else chord.short


PRIORS = {
    quality: prior
    for prior, qualities in (
        (0.0, "1 5 maj min min7"),
        (-0.1, "7 maj7"),
        (-0.2, "sus4"),
        (-0.4, "sus2 dim"),
        (-0.5, "aug"),
        (-0.4, "maj6 min6"),
        (-0.3, "hdim7 dim7"),
        (-0.6, "minmaj7"),
        (-0.3, "9 maj9 min9"),
        (-0.4, "maj(9)"),
        (-0.5, "min(9) sus4(b7)"),
        (-0.7, "maj6(9)"),
    )
    for quality in qualities.split()
}
"""The qualities that are named, and how much evidence each must have over a plain chord's, in log odds."""
_INVERTED = {3: -0.75, 4: -0.75, 6: -1.2, 7: -0.75, 8: -1.2}
_RARELY_INVERTED = -1.5
"""The same for another bass than the root: thirds and fifths, any other note."""
SILENT = 0
"""The state in which nothing with a pitch sounds."""
BASS_OCTAVE, CHORD_OCTAVE = 36, 60
"""The lowest MIDI note of the octave in which a bass is played, and of that of the chord over it."""


@dataclass(frozen=True, slots=True)
class States:
    """One row for each thing that may sound; row SILENT is nothing at all.

    chords: None for nothing. members: float32, (n, 12), 1 where a pitch class belongs to it. bass: int64, (n,), its
    pitch class. prior: float32, (n,), log odds beforehand. name: int64, (n,), the same for all inversions of a chord.
    """

    chords: tuple[Chord | None, ...]
    members: NDArray[np.float32]
    bass: NDArray[np.int64]
    prior: NDArray[np.float32]
    name: NDArray[np.int64]


def states() -> States:
    """Make the table: every quality of PRIORS on every root, with each of its notes as the bass."""
    chords: list[Chord | None] = [None]
    prior, name = [0.0], [0]
    for at, (quality, likely) in enumerate(PRIORS.items()):
        for root in range(12):
            for bass in Chord(root, quality, root).pitch_classes:
                over = (bass - root) % 12
                chords.append(Chord(root, quality, bass))
                prior.append(likely + (_INVERTED.get(over, _RARELY_INVERTED) if over else 0.0))
                name.append(1 + 12 * at + root)
    members = np.zeros((len(chords), 12), np.float32)
    for row, chord in zip(members, chords, strict=True):
        row[[] if chord is None else list(chord.pitch_classes)] = 1
    bass_of = np.array([0 if chord is None else chord.bass for chord in chords], np.int64)
    return States(tuple(chords), members, bass_of, np.array(prior, np.float32), np.array(name, np.int64))


def voicing(chord: Chord | None) -> tuple[int, ...]:
    """Give the MIDI notes to hold, rising: the chord in the octave from middle C on, over its bass two octaves below.

    One note alone stays one, at middle C; no chord has none.
    """
    if chord is None:
        return ()
    upper = sorted(CHORD_OCTAVE + one for one in chord.pitch_classes)
    return tuple(upper) if len(upper) == 1 else (BASS_OCTAVE + chord.bass, *upper)
