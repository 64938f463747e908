"""What speaks for an attack in each frame: what the net's heads give nearby, and what the beat tracker makes of it."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.detectors.beats import tracker
from samplechop.realtime.detectors.chop.decision import Way

AFTER = 1
"""Frames by which more of what follows counts than of what was before: an attack is over only then."""
USUAL = math.log(0.15 / 0.85)
"""The log odds of a beat at any place."""
TRUSTED = 0.25
"""Confidence of the beat tracker from which on the beat counts in full."""
EDGE = 1e-4
_BEATS, _CONFIDENCE, _POSITION, _METER, _SINCE = range(5)
N_STATE = 5


def odds(probability: float) -> float:
    """Give log odds of a probability, of EDGE at the least."""
    clipped = min(max(probability, EDGE), 1 - EDGE)
    return math.log(clipped / (1 - clipped))


compiled_odds = inner(inline=False)(odds)
"""`odds`, for compiled functions."""


@inner(inline=False)
def collect_evidence(heads, pulse, reach, recent, skip, evidence):
    """Write a row of evidence for each frame that is old enough; give how many."""
    # recent: of the last 2 * reach + 1 + AFTER frames, oldest first: the heads, then what the tracker gave.
    n_heads, width = heads.shape[1], len(recent)
    written = 0
    for t in range(len(heads)):
        for k in range(width - 1):
            for column in range(recent.shape[1]):
                recent[k, column] = recent[k + 1, column]
        newest = recent[width - 1]
        for h in range(n_heads):
            newest[h] = heads[t, h]
        newest[n_heads + _BEATS] = pulse[t, tracker.P_BEAT]
        newest[n_heads + _CONFIDENCE] = pulse[t, tracker.CONFIDENCE]
        newest[n_heads + _POSITION] = pulse[t, tracker.POSITION]
        newest[n_heads + _METER] = pulse[t, tracker.METER]
        newest[n_heads + _SINCE] = pulse[t, tracker.AGO] if pulse[t, tracker.BEAT] > 0 else -1
        if skip[0]:
            skip[0] -= 1
            continue
        row = evidence[written]
        for h in range(n_heads):
            near = 0.0
            for k in range(width):
                near = max(near, recent[k, h])
            row[h] = compiled_odds(near)
        near = 0.0
        for k in range(width):
            near = max(near, recent[k, n_heads + _BEATS])
        trust = min(1.0, newest[n_heads + _CONFIDENCE] / TRUSTED)
        row[n_heads] = trust * (compiled_odds(near) - USUAL)
        # Which beat it is: one that was decided nearby, or the one after the last.
        position, meter = newest[n_heads + _POSITION], newest[n_heads + _METER]
        decided = False
        for k in range(width):
            ago = recent[k, n_heads + _SINCE]
            if ago >= 0 and abs(k - ago - reach) <= reach + 1:
                decided = True
        if meter > 0 and not decided:
            position = position % meter + 1
        row[n_heads + 1] = 0.0 if meter <= 0 else trust if position == 1 else -trust / (meter - 1)
        for h in range(n_heads):
            row[n_heads + 2 + h] = recent[reach, h]
        written += 1
    return written


_rows, _places = types.float32[:, ::1], types.int64[::1]
HEADS = types.float32[:, :]
EVIDENCE = types.int64, _rows, _places, _rows
"""numba's types of `Evidence.parts`."""


@cache
def _compiled() -> Callable[..., int]:
    """Compile for itself what else is a part of `choice.py`'s function: files of features are read so."""
    return entry(types.int64(HEADS, _rows, *EVIDENCE))(collect_evidence)


class Evidence:
    """What speaks for an attack in each frame: a row of numbers, as the ways to choose weigh them.

    columns: of the row, by name: each head's highest log odds from `reach` frames before to reach + AFTER after;
    "beat", which is what the tracker makes of that head, and "bar", as in `Way`. width: of these; after them come the
    heads' probabilities in the frame itself.
    """

    def __init__(self, heads: Sequence[str], reach: int) -> None:
        """[main] Compile. heads: of the net. reach: frames."""
        self.columns = {name: place for place, name in enumerate((*heads, "beat", "bar"))}
        self.width = len(heads) + 2
        self.wait = reach + AFTER
        self._heads, self._reach = len(heads), reach
        self._recent: NDArray[np.float32] = np.zeros((2 * reach + 1 + AFTER, len(heads) + N_STATE), np.float32)
        self._rows: NDArray[np.float32] = np.zeros((1, 2 * self._heads + 2), np.float32)
        self._skip = np.zeros(1, np.int64)
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._recent.fill(0)
        self._recent[:, -1] = -1
        self._skip[0] = self.wait

    def push(self, heads: NDArray[np.float32], pulse: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process the net's probabilities and the tracker's rows, float32 (n, ...), of the same frames.

        Gives float32 (m, 2 * heads + 2), a row for each frame that is `wait` frames old: a view, valid until the next
        push.
        """
        parts = self.parts(len(heads))
        return self._rows[: _compiled()(heads, pulse, *parts)]

    def parts(self, n: int) -> tuple[Any, ...]:
        """[analysis] Give what `collect_evidence` takes for n frames, and the rows that it writes."""
        if n > len(self._rows):
            self._rows = np.zeros((n, self._rows.shape[1]), np.float32)
        return self._reach, self._recent, self._skip, self._rows

    def weights(self, way: Way, where: str) -> NDArray[np.float64]:
        """Give what a way multiplies a row's first columns by. Raises ModelError for a head that the net has not."""
        found = np.zeros(self.width)
        for name, weight in {**way.weights, "beat": way.beat, "bar": way.bar}.items():
            if name not in self.columns:
                raise ModelError(f"{where}: decision weighs {name!r}, the net has {', '.join(self.columns)}")
            found[self.columns[name]] = weight
        return found
