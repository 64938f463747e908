"""How a model's manifest says which attacks are chops: its `decision`, read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samplechop.models import ModelError
from samplechop.realtime.detectors.chop import DIAL

FIRST_HIGHEST = 0.6
"""What manifests that do not say so take for the highest score before the first peak."""
_MOST_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Way:
    """One way to choose. A frame's score is a probability; in log odds it is

        bias + sum over heads of weight * head + beat * trust * (beat nearby - usual) + bar * trust * (first of its bar)

    weights: by head, in log odds of the net's probabilities. beat, bar: shares of the beat and of the place in the bar.
    threshold: score a chop needs, 0..1. relative: share of the highest score lately it needs, too, 0..1.
    gap: seconds between two chops, None for the manifest's.
    others: how much the ways of the dial count in what its strength is read by, 0..1, see `choice.strength_score`.
    calibration: rising pairs (score, share of chops with that score that are right); empty: the manifest's.
    """

    threshold: float
    relative: float
    weights: Mapping[str, float] = field(default_factory=lambda: {"chop": 1.0})
    bias: float = 0.0
    beat: float = 0.0
    bar: float = 0.0
    gap: float | None = None
    others: float = 0.0
    calibration: tuple[tuple[float, float], ...] = ()

    @classmethod
    def read(cls, record: Mapping[str, Any], relative: float) -> "Way":
        """Read one from a manifest. relative: where it does not say its own. Raises ValueError, KeyError, TypeError."""
        gap = record.get("gap")
        made = cls(
            float(record["threshold"]),
            float(record.get("relative", relative)),
            {str(head): float(weight) for head, weight in record.get("weights", {"chop": 1.0}).items()},
            float(record.get("bias", 0.0)),
            float(record.get("beat", 0.0)),
            float(record.get("bar", 0.0)),
            None if gap is None else float(gap),
            float(record.get("others", 0.0)),
            tuple((float(score), float(share)) for score, share in record.get("calibration", ())),
        )
        shares = (made.threshold, made.relative, made.others, *(number for pair in made.calibration for number in pair))
        weights = (*made.weights.values(), made.bias, made.beat, made.bar)
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in zip(made.calibration, made.calibration[1:], strict=False))
        if not all(0 <= one <= 1 for one in shares) or not all(abs(one) <= _MOST_WEIGHT for one in weights):
            raise ValueError(f"a number out of range in {dict(record)}")
        if not rising or not made.weights or not (made.gap is None or 0 <= made.gap <= 10):
            raise ValueError(f"no way to choose: {dict(record)}")
        return made

    def record(self) -> dict[str, Any]:
        """Give what is written into a manifest."""
        numbers = {name: round(getattr(self, name), 4) for name in ("bias", "beat", "bar", "threshold", "relative")}
        pairs = [list(pair) for pair in self.calibration]
        weights = {head: round(weight, 4) for head, weight in self.weights.items()}
        others = {"others": self.others} if self.others else {}
        return {"weights": weights, **numbers, "gap": self.gap, **others, "calibration": pairs}


@dataclass(frozen=True, slots=True)
class DrumsAlone:
    """When a passage counts as drums alone, which `auto` cuts at every attack.

    Evidence is bias + sum of weights * features, averaged over the last `seconds`; from `enter` on a passage is drums
    alone, until evidence falls to `leave`. It starts at `first`. weights: by feature, see `drums_alone.py`.
    """

    weights: Mapping[str, float]
    bias: float
    seconds: float
    enter: float
    leave: float
    first: float

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "DrumsAlone":
        """Read it from a manifest. Raises ValueError, KeyError, TypeError."""
        weights = {str(name): float(weight) for name, weight in record["weights"].items()}
        made = cls(weights, *(float(record[name]) for name in ("bias", "seconds", "enter", "leave", "first")))
        numbers = (*weights.values(), made.bias, made.enter, made.leave, made.first)
        if not all(abs(one) <= _MOST_WEIGHT for one in numbers) or not 0 < made.seconds <= 60 or not weights:
            raise ValueError(f"a number out of range in {dict(record)}")
        if made.leave > made.enter:
            raise ValueError("what ends drums alone must not lie above what begins them")
        return made


@dataclass(frozen=True, slots=True)
class Decision:
    """The manifest's `decision`, read.

    ways: by name, see `Choose`. memory_seconds: how fast the highest score is forgotten. first_highest: what it is
    before the first peak. beat_reach: frames a chop may lie beside the beat. drums_alone: None where nothing says it.
    """

    ways: Mapping[str, Way]
    memory_seconds: float
    beat_reach: int
    first_highest: float = FIRST_HIGHEST
    drums_alone: DrumsAlone | None = None

    @property
    def has_dial(self) -> bool:
        """Whether every attack gets its place on the dial; manifests of before have none."""
        return set(DIAL) <= set(self.ways)

    @classmethod
    def read(cls, record: Mapping[str, Any], where: str) -> "Decision":
        """Read it from a manifest. Raises ModelError where it is not understood."""
        try:
            relative = float(record.get("relative", 0.0))
            alone = record.get("drums_alone")
            made = cls(
                {str(name): Way.read(one, relative) for name, one in record["choose"].items()},
                float(record["memory_seconds"]),
                int(record["beat_reach"]),
                float(record.get("first_highest", FIRST_HIGHEST)),
                None if alone is None else DrumsAlone.read(alone),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ModelError(f"{where}: decision cannot be read: {error!r}") from None
        if missing := {"hits", "beats", "both"} - set(made.ways):
            raise ModelError(f"{where}: decision does not say how to choose {', '.join(sorted(missing))}")
        in_range = 0 <= relative <= 1 and 0 <= made.beat_reach < 64 and 0 <= made.first_highest <= 1
        if not in_range or not 0 < made.memory_seconds < math.inf:
            raise ModelError(f"{where}: decision has a number out of range: {dict(record)}")
        return made
