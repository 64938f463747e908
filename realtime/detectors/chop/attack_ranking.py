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
from samplechop.realtime.detectors.beats import tracker
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.decision import Decision, Way

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


_odds = inner(inline=False)(odds)


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
            row[h] = _odds(near)
        near = 0.0
        for k in range(width):
            near = max(near, recent[k, n_heads + _BEATS])
        trust = min(1.0, newest[n_heads + _CONFIDENCE] / TRUSTED)
        row[n_heads] = trust * (_odds(near) - USUAL)
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
                found[2, count, way] = _odds(last[way]) - _odds(line)
            count += 1
        for way in range(ways + 1):
            most[way] = max(row[way], most[way] * decay)
            before[way] = last[way]
            last[way] = row[way]
    return count


_rows, _numbers, _table, _places = types.float32[:, ::1], types.float64[::1], types.float64[:, ::1], types.int64[::1]
HEADS = types.float32[:, :]
EVIDENCE = types.int64, _rows, _places, _rows
"""numba's types of `Evidence.parts`."""
RANKED = (
    *(_table, _numbers, _places, _numbers, _table, types.float64),
    *(_table, _rows, _places, types.float64[:, :, ::1]),
)
"""Those of `AttackRanking.parts`."""


@cache
def _compiled() -> tuple[Callable[..., int], Callable[..., int]]:
    """Compile what else is a part of `choice.py`'s function, each for itself: files of features are read so."""
    collect = entry(types.int64(HEADS, _rows, *EVIDENCE))(collect_evidence)
    return collect, entry(types.int64(_rows, *RANKED))(find_peaks)


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
        return self._rows[: _compiled()[0](heads, pulse, *parts)]

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
        return int(_compiled()[1](rows, *self.parts(len(rows))))

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
