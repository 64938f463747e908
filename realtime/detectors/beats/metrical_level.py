"""Which multiple of the tracked pulse is the beat: the pulse itself, twice or half as fast.

tracked pulse   ┃       ┃       ┃       ┃       ┃
octave +1       ┃   ╷   ┃   ╷   ┃   ╷   ┃   ╷   ┃     places between are predicted from the tempo
octave −1       ┃               ┃               ┃     of two beats the one that looks more like a beat is kept
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from samplechop.realtime.core.errors import UserError

MOST_OCTAVES = 2
"""Octaves above and below the tracked pulse that the beat may lie."""
NEAR_OCTAVE = 0.6
"""Octaves that a wanted tempo may lie from the beat's before another multiple is taken."""
SLOWEST, FASTEST = 20.0, 400.0
"""Beats per minute that can be asked for."""
_MEMORY = 4
"""Of each of four tracked beats in turn, over how many its weight is averaged."""
_OTHER = 0.15
"""By how much another one of the beats must weigh more to be kept."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """What is known of the tempo: octaves above what is detected, or about how many beats a minute."""

    octave: int = 0
    bpm: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Tempo":
        """Read "x2", "x4", "/2", "/4" or a number of beats per minute. Raises ValueError, saying what it may be."""
        if (found := re.fullmatch(r"([x*/])([24])", text.strip())) is not None:
            octave = {"2": 1, "4": 2}[found[2]]
            return cls(-octave if found[1] == "/" else octave)
        try:
            bpm = float(text)
        except ValueError:
            bpm = math.nan
        if not SLOWEST <= bpm <= FASTEST:
            raise ValueError(f"must be x2, /2 or beats per minute in {SLOWEST:g}..{FASTEST:g}, got {text!r}")
        return cls(bpm=bpm)

    def shifted(self, octaves: int) -> "Tempo":
        """Give the tempo that is so many octaves faster."""
        if self.bpm is not None:
            return Tempo(bpm=min(max(self.bpm * 2.0**octaves, SLOWEST), FASTEST))
        return Tempo(min(max(self.octave + octaves, -MOST_OCTAVES), MOST_OCTAVES))

    def octave_over(self, tracked_bpm: float, before: int, detected: int) -> int:
        """Give the octave that the beat lies over a pulse; the one before stays unless another is clearly nearer.

        detected: the octave where nothing is known.
        """
        if self.bpm is None:
            return min(max(self.octave + detected, -MOST_OCTAVES), MOST_OCTAVES)
        wanted = math.log2(self.bpm / tracked_bpm)
        octave = before if abs(wanted - before) < NEAR_OCTAVE else round(wanted)
        return min(max(octave, -MOST_OCTAVES), MOST_OCTAVES)


AS_DETECTED = Tempo()


def wanted_tempo(text: str | None) -> Tempo:
    """Read the option --tempo, None where it is not given. Raises UserError."""
    try:
        return AS_DETECTED if text is None else Tempo.parse(text)
    except ValueError as error:
        raise UserError(f"--tempo {error}") from None


class Beat(NamedTuple):
    """A beat: place and period in frames, trust 0..1."""

    place: float
    period: float
    trust: float


class MetricalLevel:
    """Turns tracked beats into those of the wanted level. A change takes effect at the next tracked beat.

    tempo: what is wanted; it outlasts `reset`. octave: of the beats given last.
    """

    def __init__(self, frame_rate: float, tempo: Tempo = AS_DETECTED) -> None:
        """Begin. frame_rate: frames per second."""
        self._frame_rate, self.tempo = frame_rate, tempo
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget the beats; what is wanted stays."""
        self.octave = 0
        self._between: list[Beat] = []
        self._index = -1  # of the last tracked beat
        self._scores = [0.0] * 2**MOST_OCTAVES
        self._kept = 0  # which of 2 ** -octave tracked beats is one of the level
        self._tapped = False
        self._last = Beat(0.0, 0.0, 0.0)

    @property
    def last(self) -> Beat:
        """The last tracked beat; of period 0 before the first."""
        return self._last

    def take(self, beat: Beat, weight: float = 0.0, detected: int = 0) -> Iterator[Beat]:
        """[analysis] Take the next tracked beat; give it if it is one of the level.

        weight: how much speaks for it being a beat of a slower level, 0..1.
        detected: the octave that the beat lies above the tracked pulse where the user did not say.
        """
        self._between.clear()
        self._index += 1
        self._last = beat
        at = self._index % len(self._scores)
        self._scores[at] += (weight - self._scores[at]) / min(self._index // len(self._scores) + 1, _MEMORY)
        octave = self.tempo.octave_over(60 * self._frame_rate / beat.period, self.octave, detected)
        changed, self.octave = octave != self.octave, octave
        if octave >= 0:
            parts = 2**octave
            period = beat.period / parts
            self._between = [Beat(beat.place + part * period, period, beat.trust) for part in range(1, parts)]
            yield beat._replace(period=period)
            return
        every = 2**-octave
        self._choose(every, changed)
        if self._index % every == self._kept:
            yield beat._replace(period=beat.period * every)

    def _choose(self, every: int, changed: bool) -> None:
        """Choose which of every so many tracked beats is kept."""
        if self._tapped:
            self._kept %= every
            return
        scores = [sum(self._scores[first::every]) / len(self._scores[first::every]) for first in range(every)]
        best = max(range(every), key=scores.__getitem__)
        if changed or scores[best] > scores[self._kept % every] + _OTHER:
            self._kept = best
        self._kept %= every

    def pause(self) -> None:
        """[analysis] Take a tracked beat that is none of a pulse: neither it nor what follows it is a beat."""
        self._between.clear()
        self._index += 1

    def due(self, frame: float) -> Iterator[Beat]:
        """[analysis] Give the beats between the tracked ones that lie up to a frame."""
        while self._between and self._between[0].place <= frame:
            yield self._between.pop(0)

    def keep_beat_at(self, place: float) -> None:
        """[analysis] At a lower octave, keep the tracked beats that lie whole beats of the level from a place."""
        if self._last.period:
            ahead = round((place - self._last.place) / self._last.period)
            self._kept, self._tapped = (self._index + ahead) % len(self._scores), True
