"""Chords, and the progressions that styles are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop.offline.labels.recording_truth import ROOTS

CHORDS = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "5": (0, 7, 12),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "hdim7": (0, 3, 6, 10),
    "sus4": (0, 5, 7),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "min9": (0, 3, 7, 10, 14),
}
"""Qualities in Harte syntax and their semitones over the root."""

# Progressions: semitones over the key and the quality of each chord.
SOUL = ("0:maj7 9:min7 5:maj7 7:7", "2:min7 7:7 0:maj7 9:min7", "0:min7 5:min7 0:min7 5:7", "0:maj 9:min 5:maj 7:maj")
FUNK = ("0:9 0:9 0:9 0:9", "0:min7 5:7 0:min7 5:7", "0:7 0:7 5:9 0:7", "0:min9 0:min9 10:7 0:min9")
JAZZ = (
    "2:min7 7:7 0:maj7 9:7",
    "2:hdim7 7:7 0:min6 0:min6",
    "0:maj6 9:min7 2:min7 7:7",
    "0:7 5:7 0:7 7:7",
    "0:min7 3:maj7 2:hdim7 7:7",
)
GOSPEL = ("0:maj 5:maj 0:maj 7:7", "0:maj 4:7 9:min7 5:min6", "2:min9 7:9 4:7 9:min9", "0:7 5:7 6:dim 0:maj")
BOSSA = ("0:maj9 2:7 2:min9 7:9", "0:min9 5:min7 10:9 3:maj7", "0:maj7 1:dim 2:min7 7:7")
DARK = (
    "0:min 8:maj 5:min 7:maj",
    "0:min9 0:min9 8:maj7 7:7",
    "0:min 10:maj 8:maj 7:sus4",
    "0:min6 2:hdim7 7:7 0:min",
    "0:min 1:maj 0:min 11:dim",
)
ROCK = ("0:maj 10:maj 5:maj 0:maj", "0:maj 7:maj 9:min 5:maj", "0:5 3:5 5:5 0:5", "0:5 8:5 10:5 0:5", "0:7 5:7 7:7 0:7")
DISCO = ("0:min7 5:7 10:maj7 3:maj7", "0:min7 10:maj 8:maj7 7:7", "5:maj7 4:min7 2:min7 0:maj7")
PLAIN = ("0:maj 7:maj 9:min 5:maj", "0:min 8:maj 3:maj 10:maj", "0:maj 5:maj 0:maj 7:maj", "0:min 5:min 0:min 7:min")


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: root 0..11, quality as in CHORDS."""

    root: int
    quality: str

    @property
    def label(self) -> str:
        """Harte syntax."""
        return f"{ROOTS[self.root]}:{self.quality}"

    def voiced(self, middle: int, most: int) -> tuple[int, ...]:
        """Give up to `most` keys within about an octave around `middle`, low to high; open fifths stay open."""
        steps = CHORDS[self.quality]
        if self.quality == "5":
            low = middle - 12 + (self.root - middle) % 12
            return tuple(low + step for step in steps)
        keys = sorted(middle - 6 + (self.root + step - middle + 6) % 12 for step in steps[:most])
        return tuple(keys)


def progression(key: int, row: str) -> list[Chord]:
    """Give the chords of a progression in a key, 0..11; row: as in SOUL."""
    pairs = [chord.split(":") for chord in row.split()]
    return [Chord((key + int(root)) % 12, quality) for root, quality in pairs]


def random_changes(rng: np.random.Generator, progressions: Sequence[str], count: int) -> list[Chord]:
    """Make `count` chords: one of the progressions in a random key, at times with one chord exchanged."""
    key = int(rng.integers(12))
    chords = progression(key, str(rng.choice(progressions)))
    if rng.random() < 0.3:
        chords[rng.integers(len(chords))] = Chord(int(rng.integers(12)), str(rng.choice(["maj7", "min7", "7", "min"])))
    if rng.random() < 0.2:
        chords = chords[:2]
    return [chords[number % len(chords)] for number in range(count)]
