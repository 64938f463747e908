"""What `samplechop train tempo` fits: the octave of the beat, where bars begin, and when a beat is trusted."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

RELEASED = Path(__file__).with_name("weights.json")


@dataclass(frozen=True, slots=True)
class BarWeights:
    """Of the model of bars.

    cues: float64 (positions, cues), added to a position's log evidence for one unit of a cue over its mean. constant:
    float64 (positions,). usual: float64 (cues,), the mean of each cue before the first beat. meters: float64 (meters,),
    how common each is. compound: slope and constant of the log-odds of 6/8 by the mean of `BarCues.thirds`. slip:
    chance that a bar's count breaks at a beat. stay: how many times as likely another count must be to be taken.
    """

    cues: NDArray[np.float64]
    constant: NDArray[np.float64]
    usual: NDArray[np.float64]
    meters: NDArray[np.float64]
    compound: tuple[float, float]
    slip: float
    stay: float


@dataclass(frozen=True, slots=True)
class BeatWeights:
    """Of beats.

    octave: float64 (3, features + 1), see `octave_evidence.log_odds`. trust: float64 (5,), the constant and the weights
    of `tracker.TRUSTED`. begin, keep: trust, 0..1, that the first beat and those after it must have to be emitted.
    calibration: pairs of trust and how often a beat with it is right.
    """

    octave: NDArray[np.float64]
    trust: NDArray[np.float64]
    begin: float
    keep: float
    calibration: tuple[tuple[float, float], ...]
    bars: BarWeights

    def record(self) -> dict[str, Any]:
        """Give what is written down."""
        bars = {
            name: np.round(getattr(self.bars, name), 4).tolist()
            for name in ("cues", "constant", "usual", "meters", "compound", "slip", "stay")
        }
        return {
            "octave": np.round(self.octave, 2).tolist(),
            "trust": np.round(self.trust, 4).tolist(),
            "begin": self.begin,
            "keep": self.keep,
            "calibration": [list(pair) for pair in self.calibration],
            "bars": bars,
        }

    @classmethod
    def read(cls, record: Any) -> "BeatWeights":
        """Read what `record` gave. Raises KeyError, TypeError or ValueError."""
        bars = record["bars"]
        cues, constant, usual, meters = (
            np.array(bars[name], np.float64) for name in ("cues", "constant", "usual", "meters")
        )
        slope, level = bars["compound"]
        calibration = tuple((float(trust), float(share)) for trust, share in record["calibration"])
        return cls(
            np.array(record["octave"], np.float64),
            np.array(record["trust"], np.float64),
            float(record["begin"]),
            float(record["keep"]),
            calibration,
            BarWeights(
                cues, constant, usual, meters, (float(slope), float(level)), float(bars["slip"]), float(bars["stay"])
            ),
        )


@cache
def beat_weights(path: Path = RELEASED) -> BeatWeights:
    """Read the weights in use, or others. Raises ModelError where they cannot be read."""
    try:
        return BeatWeights.read(documents.read_json(path))
    except (UserError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"weights of beats {str(path)!r} cannot be read: {error}") from None
