"""The key while the music plays: what sounded lately, compared with every key now and then."""

import math

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.key_profiles import KEYS, Key, best, likeness

MEMORY_SECONDS = 25.0
"""What sounded so long ago counts for 1/e."""
LEAST_SECONDS = 4.0
"""Of sound with a pitch that must have been heard before a key is told."""
LOOK_SECONDS = 0.5
CLEAR = 0.5
"""The confidence from which a key is told."""
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
        self._look = max(1, round(LOOK_SECONDS * frame_rate))
        self._found = np.zeros(12)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: no key is known."""
        self._found.fill(0)
        self._heard, self._next = 0.0, self._look
        self.key: Key | None = None

    def push(self, probabilities: NDArray[np.float32]) -> tuple[Key, float] | None:
        """[analysis] Hear how likely each pitch class sounds in one frame, float32 (12,); zeros where nothing does.

        Gives the key and the chance that it is right, 0..1, if it is clear and another one than before.
        """
        self._found *= self._kept
        self._found += probabilities
        self._heard += self._seconds * float(probabilities.max())
        self._next -= 1
        if self._next:
            return None
        self._next = self._look
        if self._heard < LEAST_SECONDS:
            return None
        at, lead, height = best(likeness(self._found))
        constant, for_lead, for_height = _CHANCE
        chance = 1 / (1 + math.exp(-(constant + for_lead * lead + for_height * height)))
        if chance < CLEAR or KEYS[at] == self.key:
            return None
        self.key = KEYS[at]
        return self.key, chance
