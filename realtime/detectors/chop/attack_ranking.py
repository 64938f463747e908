"""Every attack, and its place on the dial from bars by beats and hits to all attacks.

An attack is a peak of what the net gives for attacks. For each way to choose it has a score, from what all heads give
nearby and from the beat tracker, and a margin: by how much the score lies above what that way asks for, in log odds.
Between two neighbours on the dial the margin is interpolated; an attack's level is the least density, 0..1, from which
on its margin is no longer negative. It is chosen where level <= density: a higher density only adds chops.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.evidence import Evidence, compiled_odds


@inner(inline=False)
def find_peaks(rows, weights, bias, own, share, asked, decay, state, scores, places, found):
    """Score rows of evidence, and find the attacks among them; give how many."""
    # asked: each way's threshold and relative. state: for each way the highest score lately, and the scores of the
    # frame before last and the last. found: of each peak the ways' scores, highest scores lately, and margins.
    ways, count = len(bias), 0
    most, before, last = state[0], state[1], state[2]
    for i in range(len(rows)):
        row = scores[i]
        for way in range(ways):
            total = bias[way]
            for k in range(weights.shape[1]):
                total += weights[way, k] * rows[i, k]
            row[way] = 1 / (1 + math.exp(-total))
        row[ways] = 0
        for k in range(len(own)):
            row[ways] = max(row[ways], share[k] * rows[i, own[k]])
        line = max(asked[0, ways], asked[1, ways] * most[ways])
        if last[ways] >= before[ways] and last[ways] > row[ways] and last[ways] >= line:
            places[count] = i
            for way in range(ways + 1):
                found[0, count, way] = last[way]
                found[1, count, way] = most[way]
                line = max(asked[0, way], asked[1, way] * most[way])
                found[2, count, way] = compiled_odds(last[way]) - compiled_odds(line)
            count += 1
        for way in range(ways + 1):
            most[way] = max(row[way], most[way] * decay)
            before[way] = last[way]
            last[way] = row[way]
    return count


_rows, _numbers, _table, _places = types.float32[:, ::1], types.float64[::1], types.float64[:, ::1], types.int64[::1]
RANKED = (
    *(_table, _numbers, _places, _numbers, _table, types.float64),
    *(_table, _rows, _places, types.float64[:, :, ::1]),
)
"""numba's types of `AttackRanking.parts`."""


@cache
def _compiled() -> Callable[..., int]:
    """Compile for itself what else is a part of `choice.py`'s function: files of features are read so."""
    return entry(types.int64(_rows, *RANKED))(find_peaks)


class Attack(NamedTuple):
    """An attack: the frame of its peak, that it was decided at, its score and margin for each way, in the order of
    `AttackRanking.names`, and of these the columns of DIAL's ways.
    """

    frame: int
    decided: int
    scores: Sequence[float]
    margins: Sequence[float]
    dial: Sequence[int]

    @property
    def level(self) -> float:
        """Its place on the dial."""
        return level_of([self.margins[way] for way in self.dial])


def level_of(margins: Sequence[float]) -> float:
    """Give the least density, 0..1, at which the margin is not negative. margins: of the ways of DIAL, in order.

    An attack has its place on the dial at 1 at the latest.
    """
    if margins[0] >= 0:
        return 0.0
    steps = len(margins) - 1
    for place in range(steps):
        below, above = margins[place], margins[place + 1]
        if above >= 0:
            return (place + below / (below - above)) / steps
    return 1.0


@dataclass(frozen=True, slots=True)
class Peaks:
    """The peaks of some frames. frames: int64 (n,); each is decided one frame later.

    scores, highest: float64 (n, ways), of each way, and the highest score lately, the peak itself included.
    every: float32 (m, ways), the scores of all frames.
    """

    frames: NDArray[np.int64]
    scores: NDArray[np.float64]
    highest: NDArray[np.float64]
    every: NDArray[np.float32]


class AttackRanking:
    """Rows of evidence in, attacks out, each with its place on the dial.

    names: the ways to choose, "attacks" last, as the columns of scores are.
    """

    def __init__(self, decision: Decision, evidence: Evidence, decay: float, where: str) -> None:
        """[main] decay: what is left of the highest score after a frame. Raises ModelError for heads there are not."""
        attacks = decision.ways["attacks"]
        others = {name: way for name, way in decision.ways.items() if name != "attacks"}
        if missing := set(attacks.weights) - set(evidence.columns):
            raise ModelError(f"{where}: decision weighs {', '.join(sorted(missing))}, which the net has not")
        self.names = (*others, "attacks")
        self._dial = [self.names.index(name) for name in DIAL]
        every = (*others.values(), attacks)
        # Scores are float32.
        asked = np.array([[float(np.float32(way.threshold)) for way in every], [way.relative for way in every]])
        own = np.array([evidence.width + evidence.columns[head] for head in attacks.weights], np.int64)
        self._constants = (
            np.stack([evidence.weights(way, where) for way in others.values()]),
            np.array([way.bias for way in others.values()]),
            own,
            np.array(list(attacks.weights.values())),
            asked,
            decay,
        )
        self._state = np.zeros((3, len(self.names)))
        self._make_room(1)
        self._first = decision.first_highest
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything; the next row is frame 0."""
        self.next_frame = 0
        self._state[:] = 0
        self._state[0] = self._first

    def _make_room(self, n: int) -> None:
        ways = len(self.names)
        self._scores: NDArray[np.float32] = np.zeros((n, ways), np.float32)
        self._places = np.zeros(n, np.int64)
        self._found = np.zeros((3, n, ways))

    def _push(self, rows: NDArray[np.float32]) -> int:
        """Process rows; give the number of peaks, which then stand at the beginning of `_places` and `_found`."""
        self.next_frame += len(rows)
        return int(_compiled()(rows, *self.parts(len(rows))))

    def parts(self, n: int) -> tuple[Any, ...]:
        """[analysis] Give what `find_peaks` takes for n rows."""
        if n > len(self._scores):
            self._make_room(n)
        return *self._constants, self._state, self._scores, self._places, self._found

    def peaks(self, rows: NDArray[np.float32]) -> Peaks:
        """[analysis] Process rows of `Evidence.push`; give the peaks decided in them."""
        first = self.next_frame - 1
        count = self._push(rows)
        scores, highest, _ = self._found[:, :count].copy()
        return Peaks(first + self._places[:count], scores, highest, self._scores[: len(rows)].copy())

    def push(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[Attack]]:
        """[analysis] Process rows of `Evidence.push`; give their scores, float32 (n, ways), and the attacks decided.

        The scores are a view, valid until the next push.
        """
        count = self._push(rows)
        return self._scores[: len(rows)], self.attacks(count, self.next_frame - len(rows))

    def attacks(self, count: int, first: int) -> list[Attack]:
        """[analysis] Give the first `count` attacks of those last found, in rows from frame `first` on."""
        scores, _, margins = self._found[:, :count].tolist()
        places, dial = self._places[:count].tolist(), self._dial
        return [Attack(first - 1 + place, first + place, scores[k], margins[k], dial) for k, place in enumerate(places)]
