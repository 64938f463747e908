"""What may sound, as a table: every chord the tracker can name, what it consists of and how likely it is beforehand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.harte import Chord

PRIORS = {
    "1": 0.0,
    "5": 0.0,
    "maj": 0.0,
    "min": 0.0,
    "min7": 0.0,
    "7": -0.1,
    "maj7": -0.1,
    "sus4": -0.2,
    "sus2": -0.4,
    "dim": -0.4,
    "aug": -0.5,
    "maj6": -0.4,
    "min6": -0.4,
    "hdim7": -0.3,
    "dim7": -0.3,
    "minmaj7": -0.6,
    "9": -0.3,
    "maj9": -0.3,
    "min9": -0.3,
    "maj(9)": -0.4,
    "min(9)": -0.5,
    "sus4(b7)": -0.5,
    "maj6(9)": -0.7,
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
