"""From the net's pitch classes to chords, and to the set that sounds, decided a fixed time after they began.

Chords: a hidden Markov model over everything that may be named (`harte.states`): the net's log odds of the twelve
pitch classes and of the bass is compared with each chord's own notes, and to change costs something, so that a chord is
a stretch of time and not a frame. The likeliest path is followed forwards (Viterbi, 1967), and each frame is decided
`lag` frames later. Whenever another chord is decided, paths that contradict it are given up: to go back costs a change.
Templates over pitch classes and the model of time are those of Sheh and Ellis, "Chord segmentation and recognition
using EM-trained hidden Markov models" (ISMIR 2003); the fixed lag is ours, as a musician waits for no song's end.

    frame f                    frame f + lag
    |--------------------------|
    ^ a chord begins           ^ decided, if it is the likelier one by all the frames in between
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.detectors.harmony.harte import SILENT, states

EVIDENCE_PER_SECOND = 14.0
"""What a frame's log odds count for: neighbouring frames hold much the same sound, and are no independent witnesses."""
CHANGE, BEGIN = 10.0, 5.0
"""What it costs, in log odds, to go from one chord to another, and to begin one where nothing sounded."""
BASS = 0.7
"""What the bass counts for, beside the pitch classes."""
MISSED = 0.2
"""Added to the log odds of all pitch classes but the clearest: in a chord a note is missed sooner than imagined."""
LIMIT = 6.0
"""Beyond so much, log odds of a pitch class count no more: one confident mistake must not decide alone."""
BASS_LIMIT = 5.0
SHARPNESS = 1.1
"""What a lead in log odds counts for in the strength."""

STATE, TIME, BEST = range(3)
_LOST = np.float32(-1e9)


@inner()
def _score(members, bass, prior, pitch, low, weight, out):
    for s in range(len(out)):
        score = prior[s]
        for p in range(12):
            score += members[s, p] * pitch[p]
        out[s] = weight * (score + np.float32(BASS) * low[bass[s]])
    out[SILENT] = np.float32(0)


@inner()
def _take(row, pitch, low):
    """Read one frame's log odds into pitch and low, within bounds."""
    clearest, top = row[0], row[12]
    for p in range(1, 12):
        clearest, top = max(clearest, row[p]), max(top, row[12 + p])
    for p in range(12):
        more = np.float32(MISSED) if row[p] < clearest else np.float32(0)
        pitch[p] = min(max(row[p] + more, np.float32(-LIMIT)), np.float32(LIMIT))
        low[p] = max(row[12 + p] - top, np.float32(-BASS_LIMIT))


@inner(inline=False)
def _before(path, state, began, frame):
    """Give the state at `frame` on the path that ends in `state`, where it is since `began`."""
    depth = len(path)
    while began > frame:
        state, began = path[(began - 1) % depth, 0], path[(began - 1) % depth, 1]
    return state


@inner(inline=False)
def _strength(members, bass, prior, name, recent, decided, mean, scores):
    """Give the share of one name among all, by the mean of the frames since it began."""
    # Plain loops: numba compiles numpy's sums and maxima of arrays for long.
    for p in range(len(mean)):
        mean[p] = np.float32(0)
        for t in range(len(recent)):
            mean[p] += recent[t, p] / np.float32(len(recent))
    _score(members, bass, prior, mean[:12], mean[12:], np.float32(SHARPNESS), scores)
    top = scores[0]
    for s in range(1, len(scores)):
        top = max(top, scores[s])
    total = share = 0.0
    for s in range(len(scores)):
        value = math.exp(scores[s] - top)
        total += value
        if name[s] == name[decided]:
            share += value
    return share / total


@cache
def _compile_chords() -> Callable[..., None]:
    def run(rows, weight, lag, members, bass, prior, name, value, began, path, recent, table, scores, mean, fine, out,
            confidence):  # fmt: skip
        depth, n = len(path), len(value)
        for t in range(len(rows)):
            time = table[TIME]
            now = recent[time % (lag + 1)]
            _take(rows[t], now[:12], now[12:])
            _score(members, bass, prior, now[:12], now[12:], weight, scores)
            before = table[BEST]
            entering = value[before] - np.float32(BEGIN if before == SILENT else CHANGE)
            best = np.int64(0)  # of a literal 0 numba would make a version of its own
            for s in range(n):
                if entering > value[s] and s != before:
                    value[s], began[s] = entering, time
                value[s] += scores[s]
                if value[s] > value[best]:
                    best = s
            top = value[best]
            for s in range(n):
                value[s] -= top
            path[time % depth, 0], path[time % depth, 1] = best, began[best]
            table[BEST] = best
            table[TIME] = time + 1
            frame = time - lag
            out[t] = table[STATE]
            if frame < 0:
                continue
            decided = _before(path, best, began[best], frame)
            if decided == table[STATE]:
                continue
            table[STATE] = decided
            out[t] = decided
            confidence[t] = _strength(members, bass, prior, name, recent, decided, mean, scores)
            # What began at frame + 1 + k came from fine[k]'s state at `frame`, or from another one.
            for k in range(lag):
                one = (frame + k) % depth
                fine[k] = _before(path, path[one, 0], path[one, 1], frame) == decided
            for s in range(n):
                if (s != decided) if began[s] <= frame else not fine[began[s] - frame - 1]:
                    value[s] = _LOST

    table = types.float32[:, ::1]
    row, places = types.float32[::1], types.int64[::1]
    signature = types.void(
        *(table, types.float32, types.int64, table, places, row, places),
        *(row, places, types.int64[:, ::1], table, places, row, row, types.boolean[::1], places, row),
    )
    return entry(signature)(run)


class ChordTracker:
    """Follows what sounds. Results do not depend on how frames are cut into pushes.

    chords: what each state is, None for nothing with a pitch. lag: frames from a chord's begin to the one that decides.
    """

    def __init__(self, frame_rate: float, lag: int) -> None:
        """[main] Allocate and compile. frame_rate: frames per second."""
        if lag < 1 or frame_rate <= 0:
            raise ValueError(f"lag must be at least 1 frame and frame_rate above 0, got {lag} and {frame_rate}")
        table = states()
        self.chords, self.lag = table.chords, lag
        self._weight = np.float32(EVIDENCE_PER_SECOND / frame_rate)
        self._model = table.members, table.bass, table.prior, table.name
        n = len(table.chords)
        self._value: NDArray[np.float32] = np.zeros(n, np.float32)
        self._scores: NDArray[np.float32] = np.zeros(n, np.float32)
        self._began, self._path = np.zeros(n, np.int64), np.zeros((lag + 2, 2), np.int64)
        self._recent: NDArray[np.float32] = np.zeros((lag + 1, 24), np.float32)
        self._table = np.zeros(3, np.int64)
        self._mean: NDArray[np.float32] = np.zeros(24, np.float32)
        self._fine = np.zeros(lag, np.bool_)
        self._run = _compile_chords()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: nothing sounds."""
        self._value.fill(-BEGIN)
        self._value[SILENT] = 0
        self._recent[:, :12] = -LIMIT
        self._recent[:, 12:] = 0
        for array in (self._began, self._path, self._table):
            array.fill(0)

    def push(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """[analysis] Process the next frames; give the state decided at each, int64 (n,), and how likely that is, (n,).

        rows: float32, (n, 24), log odds of the twelve pitch classes and of the bass being each. The state decided at
        frame t is the one at frame t - lag; how likely it is, float32 in 0..1, is given where it is a new one.
        """
        decided, confidence = np.empty(len(rows), np.int64), np.zeros(len(rows), np.float32)
        memory = self._value, self._began, self._path, self._recent, self._table, self._scores, self._mean, self._fine
        self._run(rows, self._weight, self.lag, *self._model, *memory, decided, confidence)
        return decided, confidence


PITCH_CHANGE = 6.0
"""What a change costs, in log odds, once off and once on again."""
PITCH_LIMIT = 4.0
"""Beyond so much, log odds count no more."""


@cache
def _compile_pitches() -> Callable[..., None]:
    def run(rows, weight, ring, lead, since, sounding, table, sets, begun, means):
        width, least, most = len(ring), np.float32(-PITCH_CHANGE / 2), np.float32(PITCH_CHANGE / 2)
        for t in range(len(rows)):
            time = table[0]
            table[0] = time + 1
            for p in range(12):
                ring[time % width, p] = rows[t, p]
            begun[t] = time
            for p in range(12):
                mean = np.float32(0)
                for k in range(width):
                    mean += ring[k, p]
                means[t, p] = mean / np.float32(width)
                if lead[p] == (most if sounding[p] else least):
                    since[p] = time
                evidence = min(max(rows[t, p], np.float32(-PITCH_LIMIT)), np.float32(PITCH_LIMIT))
                lead[p] = min(max(lead[p] + weight * evidence, least), most)
                if lead[p] == (least if sounding[p] else most):
                    sounding[p] = not sounding[p]
                    begun[t] = min(begun[t], since[p])
                sets[t, p] = sounding[p]

    rows, row, flags, places = types.float32[:, ::1], types.float32[::1], types.boolean[::1], types.int64[::1]
    signature = types.void(rows, types.float32, rows, row, places, flags, places, types.boolean[:, ::1], places, rows)
    return entry(signature)(run)


class PitchSet:
    """Follows the pitch classes, each by itself. Results do not depend on how frames are cut into pushes.

    Per pitch class a hidden Markov model of two states, on and off, followed forwards: the lead of one over the other
    grows with the evidence, is never more than what a change costs, and the state changes when the other one leads by
    so much (Page's cumulative sum, "Continuous inspection schemes", Biometrika 1954).
    """

    def __init__(self, frame_rate: float, width: int) -> None:
        """[main] Allocate and compile. frame_rate: frames per second. width: frames to average log odds over."""
        if width < 1 or frame_rate <= 0:
            raise ValueError(f"width must be at least 1 frame and frame_rate above 0, got {width} and {frame_rate}")
        self._weight = np.float32(EVIDENCE_PER_SECOND / frame_rate)
        self._ring: NDArray[np.float32] = np.zeros((width, 12), np.float32)
        self._lead: NDArray[np.float32] = np.zeros(12, np.float32)
        self._since, self._table = np.zeros(12, np.int64), np.zeros(1, np.int64)
        self._sounding = np.zeros(12, np.bool_)
        self._run = _compile_pitches()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: nothing sounds."""
        self._ring.fill(-12)
        self._lead.fill(-PITCH_CHANGE / 2)
        for array in (self._since, self._table, self._sounding):
            array.fill(0)

    def push(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float32]]:
        """[analysis] Process log odds, float32 (n, 24), of which the first twelve count.

        Gives for each frame which pitch classes sound, bool (n, 12); since which frame those that changed did so,
        int64 (n,); and the mean log odds lately, float32 (n, 12).
        """
        n = len(rows)
        sets, begun, means = np.empty((n, 12), np.bool_), np.empty(n, np.int64), np.empty((n, 12), np.float32)
        memory = self._ring, self._lead, self._since, self._sounding, self._table
        self._run(rows, self._weight, *memory, sets, begun, means)
        return sets, begun, means
