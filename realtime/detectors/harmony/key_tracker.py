"""The key while the music plays: what sounded lately, compared with every key now and then.

The profiles, how often each pitch class sounds in music of each key, are those of Albrecht and Shanahan ("The use of
large corpora to train a new type of key-finding algorithm", Music Perception 31, 2013), correlated with what sounds as
by Krumhansl and Schmuckler.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PROFILES = (
    ("major", (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)),
    ("minor", (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)),
)
_TONICS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
"""As keys are usually spelt."""


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic as it is usually spelt and a mode, "major" or "minor"."""

    tonic: str
    mode: str

    @property
    def name(self) -> str:
        """As people say it: "F# minor"."""
        return f"{self.tonic} {self.mode}"

    @property
    def label(self) -> str:
        """As chords are written: "F#:min"."""
        return f"{self.tonic}:{self.mode[:3]}"


KEYS = tuple(Key(tonic, mode) for mode, _ in _PROFILES for tonic in _TONICS[mode])
"""The 24 keys, major from C on, then minor."""


def _standardised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    scaled: NDArray[np.float64] = centred / np.maximum(np.linalg.norm(centred, axis=-1, keepdims=True), 1e-12)
    return scaled


_ROWS = _standardised(np.array([np.roll(profile, tonic) for _, profile in _PROFILES for tonic in range(12)]))


def likeness(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate how much each pitch class sounds, (12,) from C on, with each of KEYS; gives (24,), -1..1.

    All 0 where every pitch class sounds as much.
    """
    alike: NDArray[np.float64] = _ROWS @ _standardised(np.asarray(found, np.float64))
    return alike


def best(alike: NDArray[np.float64]) -> tuple[int, float, float]:
    """Give the place of the likeliest of KEYS, its lead over the next one, and its own correlation."""
    second, first = np.argsort(alike)[-2:]
    return int(first), float(alike[first] - alike[second]), float(alike[first])


MEMORY_SECONDS = 25.0
"""What sounded so long ago counts for 1/e."""
LEAST_SECONDS = 4.0
"""Of sound with a pitch that there must be before a key is emitted."""
INTERVAL_SECONDS = 0.5
CONFIDENCE_THRESHOLD = 0.5
"""The confidence from which a key is emitted."""
_CHANCE = (-11.0, 6.5, 12.6)
"""Logistic regression of being right on the lead over the next key and the correlation; see analysis/key.py."""


class KeyTracker:
    """Follows the key. Results do not depend on how frames are cut into pushes."""

    def __init__(self, frame_rate: float) -> None:
        """[main] Allocate. frame_rate: frames per second."""
        if frame_rate <= 0:
            raise ValueError(f"frame_rate must be above 0, got {frame_rate}")
        self._seconds = 1 / frame_rate
        self._kept = math.exp(-self._seconds / MEMORY_SECONDS)
        self._interval = max(1, round(INTERVAL_SECONDS * frame_rate))
        self._found = np.zeros(12)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: no key is known."""
        self._found.fill(0)
        self._sounded, self._next = 0.0, self._interval
        self.key: Key | None = None

    def push(self, probabilities: NDArray[np.float32]) -> tuple[Key, float] | None:
        """[analysis] Take how likely each pitch class sounds in one frame, float32 (12,); zeros where nothing does.

        Gives the key and the chance that it is right, 0..1, if it is clear and another one than before.
        """
        self._found *= self._kept
        self._found += probabilities
        self._sounded += self._seconds * float(probabilities.max())
        self._next -= 1
        if self._next:
            return None
        self._next = self._interval
        if self._sounded < LEAST_SECONDS:
            return None
        at, lead, height = best(likeness(self._found))
        constant, for_lead, for_height = _CHANCE
        chance = 1 / (1 + math.exp(-(constant + for_lead * lead + for_height * height)))
        if chance < CONFIDENCE_THRESHOLD or KEYS[at] == self.key:
            return None
        self.key = KEYS[at]
        return self.key, chance
