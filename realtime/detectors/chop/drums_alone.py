"""Whether drums alone sound: a state of the passage, no event; causal but for the net's lookahead.

Read from the net's head "solo" where it has one. Else from two features, averaged over the last seconds. Drums alone
have hardly tones, so that in their constant-Q spectrum neighbouring semitones are as loud, and their attacks are hits.
"""

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
from samplechop.realtime.detectors.chop.decision import DrumsAlone
from samplechop.realtime.nets.features import STACK

FEATURES = ("contrast", "hits")
"""contrast: differences of neighbouring semitones over all there is, 0..1. hits: log of how many attacks are hits."""
SOLO = "solo"
"""The head of a net that says it itself; its feature is its mean log odds."""
MUSIC, DRUMS_ALONE, NOTHING_HEARD = range(3)
"""What may sound when a hop is answered; the last where no attack was heard lately, so that all there is may be noise.
"""
_EDGE = 1e-3
_LEAST_HITS, _LEAST_ATTACKS = 0.01, 0.01
_DIFFERENCES, _SUM, _HITS, _ATTACKS, _SOLO = range(5)
_MEANS = 5


@inner(inline=False)
def average_passage(heads, spectra, first, step, columns, share, means, frames, features):
    """Write the features of each frame t, whose spectrum is row first + step * t of a ring."""
    for t in range(len(heads)):
        frames[0] += 1
        weight = max(share, 1 / frames[0])  # until it is long enough, the mean counts all frames alike
        differences, total, row = 0.0, 0.0, (first + step * t) % len(spectra)
        for k in range(spectra.shape[1]):
            total += spectra[row, k]
            if k:
                differences += abs(spectra[row, k] - spectra[row, k - 1])
        means[_DIFFERENCES] += weight * (differences - means[_DIFFERENCES])
        means[_SUM] += weight * (total - means[_SUM])
        means[_HITS] += weight * (heads[t, columns[0]] - means[_HITS])
        means[_ATTACKS] += weight * (heads[t, columns[1]] - means[_ATTACKS])
        features[t, 0] = means[_DIFFERENCES] / (means[_SUM] + 1e-6)
        features[t, 1] = math.log(means[_HITS] / (means[_ATTACKS] + _LEAST_ATTACKS) + _LEAST_HITS)
        if columns[2] >= 0:
            solo = min(max(heads[t, columns[2]], _EDGE), 1 - _EDGE)
            means[_SOLO] += weight * (math.log(solo / (1 - solo)) - means[_SOLO])
        features[t, 2] = means[_SOLO]


@inner(inline=False)
def follow_passage(features, weights, rule, state, found):
    """Write for each frame whether drums alone sound."""
    # rule: bias, and the evidence to enter and to leave the state.
    for t in range(len(features)):
        evidence = rule[0]
        for k in range(len(weights)):
            evidence += weights[k] * features[t, k]
        state[0] = evidence >= (rule[2] if state[0] else rule[1])
        found[t] = state[0]


_rows, _numbers, _table, _places = types.float32[:, ::1], types.float64[::1], types.float64[:, ::1], types.int64[::1]
PASSAGE = _places, types.float64, _numbers, _places, _table
"""numba's types of `PassageFeatures.parts`."""
ALONE = _numbers, _numbers, types.boolean[::1], types.boolean[::1]
"""Those of `DrumsAloneState.parts`."""


_READ = types.float32[:, :], _rows, types.int64, types.int64


# In `choice.py` both are a part of one function. For who has no attacks to choose they are so here; who trains asks for
# one of them.
@cache
def _compiled() -> Callable[..., None]:
    def run(heads, spectra, first, step, columns, share, means, frames, features, weights, rule, state, found):
        average_passage(heads, spectra, first, step, columns, share, means, frames, features)
        follow_passage(features[: len(heads)], weights, rule, state, found)

    return entry(types.void(*_READ, *PASSAGE, *ALONE))(run)


@cache
def _compile_average() -> Callable[..., None]:
    return entry(types.void(*_READ, *PASSAGE))(average_passage)


@cache
def _compile_following() -> Callable[..., None]:
    return entry(types.void(_table, *ALONE))(follow_passage)


class PassageFeatures:
    """FEATURES and SOLO of each frame, averaged over the last seconds."""

    def __init__(self, heads: Sequence[str], seconds: float, frame_seconds: float) -> None:
        """[main] heads: of the net. Raises ModelError for one that hears no hits or attacks."""
        if missing := {"hit", "onset"} - set(heads):
            raise ModelError(f"drums alone are told by hits and attacks, the net has no {', '.join(sorted(missing))}")
        solo = list(heads).index(SOLO) if SOLO in heads else -1
        self._columns = np.array([list(heads).index("hit"), list(heads).index("onset"), solo], np.int64)
        self._share = frame_seconds / seconds
        self._means, self._frames = np.zeros(_MEANS), np.zeros(1, np.int64)
        self._features = np.zeros((1, len(FEATURES) + 1))

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._means.fill(0)
        self._frames.fill(0)

    def push(self, heads: NDArray[np.float32], spectra: NDArray[np.float32]) -> NDArray[np.float64]:
        """[analysis] Process probabilities, float32 (n, heads), and spectra, (n, bins); give float64 (n, 3), a view
        that is valid until the next push.

        spectra: the newest constant-Q frame that there was when each row of probabilities came.
        """
        _compile_average()(heads, spectra, 0, 1, *self.parts(len(heads)))
        return self._features[: len(heads)]

    def parts(self, n: int) -> tuple[Any, ...]:
        """[analysis] Give what `average_passage` takes for n frames; the last is what it writes."""
        if n > len(self._features):
            self._features = np.zeros((n, len(FEATURES) + 1))
        return self._columns, self._share, self._means, self._frames, self._features


class DrumsAloneState:
    """Features in, for each frame whether drums alone sound out."""

    def __init__(self, rule: DrumsAlone) -> None:
        """[main] Read the rule. Raises ModelError for a feature that nobody knows."""
        names = (*FEATURES, SOLO)
        if unknown := set(rule.weights) - set(names):
            raise ModelError(f"drums alone are told by {', '.join(names)}, got {', '.join(sorted(unknown))}")
        self._weights = np.array([rule.weights.get(name, 0.0) for name in names])
        self._rule, self._first = np.array([rule.bias, rule.enter, rule.leave]), rule.first >= 0
        self._state, self._found = np.zeros(1, np.bool_), np.zeros(1, np.bool_)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._state[0] = self._first

    def push(self, features: NDArray[np.float64]) -> NDArray[np.bool_]:
        """[analysis] Process features, float64 (n, 3), as of `PassageFeatures.push`; give bool (n,), a view that is
        valid until the next push.
        """
        _compile_following()(features, *self.parts(len(features)))
        return self._found[: len(features)]

    def parts(self, n: int) -> tuple[Any, ...]:
        """[analysis] Give what `follow_passage` takes for n frames; the last is what it writes."""
        if n > len(self._found):
            self._found = np.zeros(n, np.bool_)
        return self._weights, self._rule, self._state, self._found


def _rows_at(hop: Any, lookahead: int) -> Any:
    """Give how many frames of a net with that lookahead are there when a hop, or each of several, has come."""
    return (hop + 1) // STACK - lookahead


def at_hops(states: NDArray[np.bool_], first: bool, hops: int, lookahead: int) -> NDArray[np.bool_]:
    """Give what is known at each of a recording's hops, bool (hops,), of states, bool (frames,); `first` before."""
    there = np.clip(_rows_at(np.arange(hops), lookahead), 0, len(states))
    return np.concatenate([[first], states])[there]


class FrameStates:
    """Whether drums alone sound, for each frame of a net that says it itself, by its head "solo"."""

    def __init__(self, rule: DrumsAlone, heads: Sequence[str], most: int, frame_seconds: float) -> None:
        """[main] Compile. most: frames in one push. Raises ModelError for a rule that asks for more than heads."""
        if "contrast" in rule.weights:
            raise ModelError("drums follow drums alone by a net's heads, the rule asks for a spectrum")
        self._features, self._state = PassageFeatures(heads, rule.seconds, frame_seconds), DrumsAloneState(rule)
        # Of one type, whatever order a stream's rows have in memory, so that nothing is compiled while it runs.
        self._heads: NDArray[np.float32] = np.zeros((most, len(heads)), np.float32)
        self._nothing: NDArray[np.float32] = np.zeros((most, 0), np.float32)
        self.push(self._heads[:1])
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._features.reset()
        self._state.reset()

    def push(self, heads: NDArray[np.float32]) -> NDArray[np.bool_]:
        """[analysis] Process probabilities, float32 (n, heads), n <= most; give bool (n,), a view that is valid until
        the next push.
        """
        rows = self._heads[: len(heads)]
        rows[:] = heads
        *parts, found = *self._features.parts(len(rows)), *self._state.parts(len(rows))
        _compiled()(rows, self._nothing[: len(rows)], 0, 1, *parts, found)
        return np.asarray(found[: len(rows)])


class HopStates:
    """What sounds, for each hop that the early stage of a net answers; read from its heads "solo" and "onset", which
    are known `lookahead` frames later. A new passage is noticed late, but it lasts, and strokes are not waited for.
    """

    def __init__(
        self,
        rule: DrumsAlone,
        attack: float,
        memory_seconds: float,
        heads: Sequence[str],
        lookahead: int,
        most: int,
        frame_seconds: float,
    ) -> None:
        """[main] Compile. Raises ModelError for a rule that asks for more than heads.

        attack: score of "onset" from which an attack is heard, 0..1. memory_seconds: how long that counts. most: hops
        in one push.
        """
        self._frames = FrameStates(rule, heads, most, frame_seconds)
        self._lookahead, self._onset = lookahead, list(heads).index("onset")
        self._attack, self._memory = float(np.float32(attack)), math.ceil(memory_seconds / frame_seconds)
        self._known, self._found = np.zeros((2, most), np.uint8)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._frames.reset()
        self._hop, self._last, self._ago = 0, NOTHING_HEARD, self._memory

    def push(self, heads: NDArray[np.float32], hops: int) -> NDArray[np.uint8]:
        """[analysis] Take the probabilities, float32 (n, heads), that came with the next hops; give uint8 (hops,),
        MUSIC, DRUMS_ALONE or NOTHING_HEARD: a view that is valid until the next push.
        """
        known = self._known
        known[: len(heads)] = self._frames.push(heads)
        for frame, score in enumerate(heads[:, self._onset].tolist()):
            self._ago = 0 if score >= self._attack else self._ago + 1
            if self._ago > self._memory:
                known[frame] = NOTHING_HEARD
        before = max(0, _rows_at(self._hop - 1, self._lookahead))
        found = self._found[:hops]
        for place in range(hops):
            new = _rows_at(self._hop + place, self._lookahead) - before
            found[place] = known[new - 1] if new > 0 else self._last
        if len(heads):
            self._last = int(known[len(heads) - 1])
        self._hop += hops
        return found
