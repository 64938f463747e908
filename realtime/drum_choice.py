"""Which frames become drum hits: the first that reaches a threshold, and a share of how sure the net was lately."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import ModelError
from realtime.choice import decay_of

START = 0.6
"""Of the highest score lately: the first hit of a record must be a good one."""
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


@dataclass(frozen=True, slots=True)
class DrumDecision:
    """The manifest's `decision`, read: how each drum is chosen, and how fast its highest score is forgotten."""

    drums: Mapping[str, DrumChoice]
    memory_seconds: float

    @classmethod
    def read(cls, record: Mapping[str, Any], where: str) -> "DrumDecision":
        """Read it from a manifest. Raises ModelError where it is not understood."""
        try:
            drums = {
                str(name): DrumChoice(
                    float(one["threshold"]),
                    float(one["relative"]),
                    float(one["gap"]),
                    tuple((float(score), float(share)) for score, share in one["calibration"]),
                )
                for name, one in record["drums"].items()
            }
            made = cls(drums, float(record["memory_seconds"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ModelError(f"{where}: decision cannot be read: {error!r}") from None
        numbers = [number for one in drums.values() for number in (one.threshold, one.relative)]
        gaps = [one.gap for one in drums.values()]
        in_range = all(0 <= number <= 1 for number in numbers) and all(0 <= gap <= 10 for gap in gaps)
        if not in_range or not 0 < made.memory_seconds < math.inf:
            raise ModelError(f"{where}: decision has a number out of range: {dict(record)}")
        return made


class HitPicker:
    """First frames that reach a threshold and a share of the highest score lately; then none for a while.

    Not the local maximum, for which one frame more would have to be heard (realtime/choice.py does that): the net is
    trained to say nothing before it has heard enough.
    """

    def __init__(self, choices: Sequence[DrumChoice], memory_seconds: float, hop_length: int, sample_rate: int) -> None:
        """[main] One choice for each column of scores."""
        self._choices = [(float(one.threshold), one.relative) for one in choices]
        self._gaps = [math.ceil(one.gap * sample_rate / hop_length) for one in choices]
        self._decay = decay_of(memory_seconds, hop_length, sample_rate)
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._highest = [START] * len(self._choices)
        self._rest = [0] * len(self._choices)

    def push(self, scores: Sequence[float]) -> list[int]:
        """[analysis] Hear one frame's scores, one per drum; give the columns of those that are struck."""
        found = []
        for column, (threshold, relative) in enumerate(self._choices):
            score, highest = scores[column], self._highest[column] * self._decay
            if self._rest[column]:
                self._rest[column] -= 1
            elif score >= threshold and score >= relative * highest:
                found.append(column)
                self._rest[column] = self._gaps[column]
            self._highest[column] = max(score, highest)
        return found
