"""What `samplechop train tempo` fits: the octave of the beat, where bars begin, and when a beat is trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import FOLDER, ModelError
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

RELEASED = FOLDER / "beats.json"


@dataclass(frozen=True, slots=True)
class OctaveWeights:
    """Of the octave of the beat: a net with one hidden layer, rectified.

    hidden: float64 (units, features + 1), of each unit the weights of features, and a constant. output: float64
    (3, units + 1), of the octaves -1, 0 and 1.
    """

    hidden: NDArray[np.float64]
    output: NDArray[np.float64]

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the log-odds of the octaves, but for a constant, float64 (..., 3), by features, float64 (..., n)."""
        units = np.maximum(0.0, features @ self.hidden[:, :-1].T + self.hidden[:, -1])
        return np.asarray(units @ self.output[:, :-1].T + self.output[:, -1])


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


def trust_by(weights: NDArray[np.float64], told_by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how likely beats are right, (m,), by what tells of it, float64 (m, n), and `Trust.weights`."""
    return np.asarray(1 / (1 + np.exp(-(weights[0] + told_by @ weights[1:]))))


@dataclass(frozen=True, slots=True)
class Trust:
    """How likely a tracked beat is right, and what follows from it.

    weights: float64 (n + 1,), the constant and the weights of what it is told by. begin, keep: trust, 0..1, that the
    first beat and those after it must have to be emitted. calibration: pairs of trust and how often a beat with it is
    right.
    """

    weights: NDArray[np.float64]
    begin: float
    keep: float
    calibration: tuple[tuple[float, float], ...]

    def record(self) -> dict[str, Any]:
        """Give what is written down."""
        pairs = [list(pair) for pair in self.calibration]
        weights = np.round(self.weights, 4).tolist()
        return {"trust": weights, "begin": self.begin, "keep": self.keep, "calibration": pairs}

    @classmethod
    def read(cls, record: Any) -> "Trust":
        """Read what `record` gave. Raises KeyError, TypeError or ValueError."""
        pairs = tuple((float(trust), float(share)) for trust, share in record["calibration"])
        return cls(np.array(record["trust"], np.float64), float(record["begin"]), float(record["keep"]), pairs)


@dataclass(frozen=True, slots=True)
class BeatWeights:
    """Of beats.

    octave: by `octave_evidence.FEATURES`. online: of beats that are tracked as the music plays, by `tracker.TRUSTED`;
    offline: of those tracked in a whole record.
    """

    octave: OctaveWeights
    online: Trust
    offline: Trust
    bars: BarWeights

    def record(self) -> dict[str, Any]:
        """Give what is written down."""
        bars = {
            name: np.round(getattr(self.bars, name), 4).tolist()
            for name in ("cues", "constant", "usual", "meters", "compound", "slip", "stay")
        }
        trust = {"online": self.online.record(), "offline": self.offline.record()}
        octave = {name: np.round(getattr(self.octave, name), 4).tolist() for name in ("hidden", "output")}
        return {"octave": octave, **trust, "bars": bars}

    @classmethod
    def read(cls, record: Any) -> "BeatWeights":
        """Read what `record` gave. Raises KeyError, TypeError or ValueError."""
        bars = record["bars"]
        cues, constant, usual, meters = (
            np.array(bars[name], np.float64) for name in ("cues", "constant", "usual", "meters")
        )
        slope, level = bars["compound"]
        online, offline = (Trust.read(record[name]) for name in ("online", "offline"))
        bar_weights = BarWeights(
            cues, constant, usual, meters, (float(slope), float(level)), float(bars["slip"]), float(bars["stay"])
        )
        octave = OctaveWeights(*(np.array(record["octave"][name], np.float64) for name in ("hidden", "output")))
        return cls(octave, online, offline, bar_weights)


_in_use = [RELEASED]


@contextmanager
def using(path: Path | None) -> Iterator[None]:
    """[main] Have detectors that are prepared meanwhile take others for the weights in use; None: those released.

    Raises ModelError where they cannot be read.
    """
    before = _in_use[0]
    _in_use[0] = RELEASED if path is None else path
    try:
        beat_weights()
        yield
    finally:
        _in_use[0] = before


def beat_weights() -> BeatWeights:
    """Give the weights in use. Raises ModelError where they cannot be read."""
    return _read(_in_use[0])


@cache
def _read(path: Path) -> BeatWeights:
    try:
        found = BeatWeights.read(documents.read_json(path))
    except OSError as error:
        raise ModelError(f"weights of beats {str(path)!r} cannot be read: {reason_of(error)}") from None
    except (UserError, KeyError, TypeError, ValueError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"weights of beats {str(path)!r} cannot be used: {what}") from None
    if path != RELEASED and _shapes(found) != _shapes(_read(RELEASED)):
        raise ModelError(f"weights of beats {str(path)!r} cannot be used: they are of another version of samplechop")
    return found


def _shapes(weights: BeatWeights) -> list[tuple[int, ...]]:
    bars = weights.bars
    arrays = weights.octave.hidden, weights.octave.output, weights.online.weights, weights.offline.weights
    return [one.shape for one in (*arrays, bars.cues, bars.constant, bars.usual, bars.meters)]
