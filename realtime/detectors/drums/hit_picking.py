"""How hits are picked from the scores of drums: what a manifest decides of each, and the picker."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.nets.streaming import decay_of

NOTES = {"kick": 36, "snare": 38, "hat": 42, "tom": 45, "cymbal": 49, "stick": 37, "open": 46}
"""General MIDI's percussion keys: bass drum 1, acoustic snare, closed hi-hat, low tom, crash cymbal 1, side stick, open
hi-hat."""
VELOCITY = " velocity"
"""What follows a drum's name in the name of the head that says how hard it was struck."""
ALONE = "drums_alone"
"""In a manifest's decision on drums: how they are chosen where drums alone sound."""
START = 0.6
"""What the highest score lately is taken for at first, and the least score of a hit where no attack was heard lately:
the first hit of a record must be a good one, and the thumps and clicks of an empty groove stay below.
"""
NEVER = 1.0
"""The threshold of a drum that no score is right often enough for: it is given to those who set one of their own."""
Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class DrumChoice:
    """How one drum's hits are chosen.

    threshold: the least score, 0..1. relative: the least share of the drum's highest score lately, 0..1. gap: seconds
    between two hits. calibration: rising pairs of score and how often it is right then; () for none.
    """

    threshold: float
    relative: float
    gap: float
    calibration: Pairs = ()

    @property
    def least(self) -> float:
        """The least score of a hit, as float32, which scores are: 0.7 must reach a threshold of 0.7.

        Where the threshold is NEVER it is more than any score: a net that is very sure gives 1.
        """
        return math.inf if self.threshold >= NEVER else float(np.float32(self.threshold))


@dataclass(frozen=True, slots=True)
class DrumDecision:
    """The manifest's `decision`, read: how each drum is chosen, and how fast its highest score is forgotten.

    alone: how the same drums are chosen in passages of drums alone, where scores are higher; empty: as everywhere.
    """

    drums: Mapping[str, DrumChoice]
    memory_seconds: float
    alone: Mapping[str, DrumChoice] = field(default_factory=dict)

    @classmethod
    def read(cls, record: Mapping[str, Any], where: str) -> "DrumDecision":
        """Read it from a manifest. Raises ModelError where it is not understood."""
        try:
            drums, alone = _choices(record["drums"]), _choices(record.get(ALONE, {}))
            made = cls(drums, float(record["memory_seconds"]), alone)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ModelError(f"{where}: decision cannot be read: {error!r}") from None
        if alone and set(alone) != set(drums):
            raise ModelError(f"{where}: decision has {', '.join(drums)}, and {', '.join(alone)} for drums alone")
        every = (*drums.values(), *alone.values())
        numbers = [number for one in every for number in (one.threshold, one.relative)]
        gaps = [one.gap for one in every]
        in_range = all(0 <= number <= 1 for number in numbers) and all(0 <= gap <= 10 for gap in gaps)
        if not in_range or not 0 < made.memory_seconds < math.inf:
            raise ModelError(f"{where}: decision has a number out of range: {dict(record)}")
        return made


def _choices(record: Mapping[str, Any]) -> dict[str, DrumChoice]:
    return {
        str(name): DrumChoice(
            float(one["threshold"]),
            float(one["relative"]),
            float(one["gap"]),
            tuple((float(score), float(share)) for score, share in one["calibration"]),
        )
        for name, one in record.items()
    }


@cache
def _compiled() -> Callable[..., int]:
    def run(scores, columns, passages, tables, decay, state, found):
        n, written = len(scores), 0
        for frame in range(n):
            table = tables[passages[frame]]
            for drum in range(len(table)):
                score, highest = scores[frame, columns[drum]], state[drum, 0] * decay
                if state[drum, 1] > 0:
                    state[drum, 1] -= 1
                elif score >= table[drum, 0] and score >= table[drum, 1] * highest:
                    found[written, 0], found[written, 1] = frame, drum
                    written += 1
                    state[drum, 1] = table[drum, 2]
                state[drum, 0] = max(score, highest)
        return written

    tables, state = types.float64[:, :, ::1], types.float64[:, ::1]
    read = types.float32[:, :], types.int64[::1], types.uint8[::1]
    signature = types.int64(*read, tables, types.float64, state, types.int64[:, ::1])
    return entry(signature)(run)


class HitPicker:
    """First frames that reach a threshold and a share of the highest score lately; then none for a while.

    Not the local maximum, for which one frame more would have to be there (chop/peak_picking.py does that): the net is
    trained to score nothing before there is enough of the attack.
    """

    def __init__(
        self,
        choices: Sequence[DrumChoice],
        memory_seconds: float,
        hop_length: int,
        sample_rate: int,
        most: int = 1,
        columns: Sequence[int] | None = None,
        *others: Sequence[DrumChoice],
    ) -> None:
        """[main] One choice for each drum; at most `most` frames in one push. columns: of the scores, each drum's.

        others: choices for frames of other passages than the first.
        """
        tables = [
            [(one.least, one.relative, math.ceil(one.gap * sample_rate / hop_length)) for one in some]
            for some in (choices, *others)
        ]
        self._tables = np.array(tables, np.float64)
        self._columns = np.array(range(len(choices)) if columns is None else columns, np.int64)
        self._decay = decay_of(memory_seconds, hop_length, sample_rate)
        self._state = np.zeros((len(choices), 2), np.float64)
        self._found = np.zeros((most * len(choices), 2), np.int64)
        self._first = np.zeros(most, np.uint8)
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._state[:] = START, 0

    def push(self, scores: NDArray[np.float32], passages: NDArray[np.uint8] | None = None) -> NDArray[np.int64]:
        """[analysis] Process scores, float32 (n, columns), n <= most; give (frame, drum) of each hit.

        passages: uint8 (n,), C-contiguous, by which of the choices a frame goes; None for the first. Frames count from
        the first of these scores. Returns int64, (m, 2): a view, valid until the next push.
        """
        if passages is None:
            passages = self._first[: len(scores)]
        read = scores, self._columns, passages
        return self._found[: self._run(*read, self._tables, self._decay, self._state, self._found)]


def check_thresholds(thresholds: Mapping[str, float]) -> None:
    """Raise ValueError for what is no drum, and for a threshold out of 0..1."""
    for drum, threshold in thresholds.items():
        if drum not in NOTES:
            raise ValueError(f"thresholds must be of {', '.join(NOTES)}, got one of {drum!r}")
        if not 0.0 < threshold < 1.0:
            raise ValueError(f"the threshold of {drum} must lie between 0 and 1, got {threshold}")
