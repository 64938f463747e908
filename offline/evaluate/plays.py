"""Two plays of one record: which recordings they are, and how the times of one belong to those of the other."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import write_text
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

Seconds = NDArray[np.float64]
PLAY = ".play.json"
PLAY_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FirstPlay:
    """Another recording of the same record, and how its times (first) and this one's (second) belong together.

    path: of the other. first, second: float64 (n,), seconds, both rising; between them time runs evenly.
    """

    path: Path
    first: Seconds
    second: Seconds

    def mapped(self, times: Seconds) -> Seconds:
        """Map times of the first play to times of the second, seconds, float64 (n,); what both have is kept."""
        inside = times[(times >= self.first[0]) & (times <= self.first[-1])]
        return np.interp(inside, self.first, self.second)


def write_play(path: Path, first: str, times: NDArray[np.float64]) -> None:
    """Write down that NAME.play.json's recording plays the same record as the file `first` beside it.

    times: float64 (n, 2), seconds in the first play and in this one. Raises UserError if the disk does not take it.
    """
    rows = [[round(float(a), 6), round(float(b), 6)] for a, b in times]
    write_text(path, json.dumps({"schema": PLAY_SCHEMA, "first": first, "times": rows}) + "\n")


def read_play(path: Path) -> FirstPlay:
    """Read what write_play wrote. Raises UserError if it is none, or if there is no such first play."""
    try:
        data = documents.read_json(path)
        if data["schema"] != PLAY_SCHEMA:
            raise ValueError(f"it is not of schema {PLAY_SCHEMA}")
        times = np.array(data["times"], np.float64)
        if times.ndim != 2 or times.shape[1] != 2 or len(times) < 2 or not np.all(np.diff(times, axis=0) > 0):
            raise ValueError("its times are no two rising columns of seconds")
        first = path.parent / Path(data["first"]).name
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The description of two plays {str(path)!r} cannot be read: {error}") from None
    if not first.is_file():
        raise UserError(f"{str(path)!r} names the first play {first.name!r}, which is not beside it")
    return FirstPlay(first, times[:, 0], times[:, 1])
