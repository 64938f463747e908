"""How often each pitch class sounds in music of each key, and which key some music is most like.

The profiles are those of Albrecht and Shanahan ("The use of large corpora to train a new type of key-finding
algorithm", Music Perception 31, 2013), correlated with what sounds as by Krumhansl and Schmuckler.
"""

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
