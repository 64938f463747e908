"""Where bars begin: a hidden Markov model over beats, whose states are the meters and the positions in their bars.

At each beat it sees what the net's heads say (a kick tends to 1 and 3, a snare to 2 and 4, a crash to 1), how dense the
attacks were since the beat before (a fill leads to 1), and how much the harmony differs from that before (chords
change on 1: Papadopoulos and Peeters, "Joint estimation of chords and downbeats from an audio signal", 2011).
Each cue is taken against its mean over the last beats of the same record. A linear model gives each position's
evidence; its weights are fitted to made records and people's drumming by `samplechop train tempo`.

Two beats in a bar are those of 6/8, whose beats are divided in three. Whether they are, is known for all beats lately;
where nothing sounds between them they are not.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.detectors.beats.weights import BarWeights
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.nets.features import N_BINS, STACK

HEADS = ("downbeat", "kick", "snare", "hit", "onset", "beat", "cymbal", "change")
"""Heads that are read, where the model has them."""
BETWEEN = ("onset", "snare", "kick")
"""Heads whose mean between two beats is a cue: fills, ghost notes."""
CUES = (*HEADS, *(f"{head} since the beat before" for head in BETWEEN), "change of pitch classes", "change of the bass")
"""What weights belong to."""
METERS = (2, 3, 4)
"""Beats in a bar; two are those of 6/8."""
POSITIONS = tuple((meter, position) for meter in METERS for position in range(1, meter + 1))
_BEFORE, _AFTER = np.array([1, 0, 4, 2, 3, 8, 5, 6, 7]), np.array([1, 0, 3, 4, 2, 6, 7, 8, 5])
"""Of each of POSITIONS the one a beat before, and the one a beat later."""
REACH = 2
"""Frames beside a beat in which a head's height is taken."""
PARTS = (1 / 3, 1 / 2, 2 / 3)
"""Places between two beats at which attacks tell whether these are divided in two or three."""
AFTER = 12
"""Frames after a beat whose harmony is compared with that before: about what the net looks ahead."""
MEMORY_BEATS = 16
"""Beats over which the mean of a cue is taken."""
MOST_COMPOUND = 2.0
"""Log-odds of 6/8 by one beat, at most."""
QUIET = 0.06
"""Height of attacks between beats under which nothing tells whether these are divided in two or three: then it is two.
As a kick looks more like 1 than like 3, and a snare more like 2 than like 4, two beats then decide together.
"""
NEVER = -20.0
"""Log-odds of two beats in a bar then."""
RING = 512
"""Frames that are remembered: more than a slow beat and what the net looks ahead."""
_PITCHES, _BASS_BINS = 12, 24


@inner(inline=False)
def _change(harmony, first, last, after, n, sums):
    """Give 1 - the correlation of pitch classes, of the n lowest bins, in hops first..last with those `after` last.

    harmony: a Ring's rows. n: bins of whole octaves. sums: float64 (2, 12), to work with.
    """
    old, new = sums[0], sums[1]
    for pitch in range(_PITCHES):
        old[pitch] = new[pitch] = 0.0
    within = len(harmony) - 1  # a power of two less one: a division for each number would take most of the time
    for octave in range(0, n, _PITCHES):  # pitches side by side, as each sum waits for its last number
        for at in range(first, last):
            row = at & within
            for pitch in range(_PITCHES):
                old[pitch] += harmony[row, octave + pitch]
        for at in range(last + 2 * STACK, last + 2 * STACK + after):
            row = at & within
            for pitch in range(_PITCHES):
                new[pitch] += harmony[row, octave + pitch]
    # Plain sums: numba compiles numpy's means and sums of arrays for long.
    old_sum = new_sum = 0.0
    for k in range(_PITCHES):
        old_sum += old[k]
        new_sum += new[k]
    old_old = new_new = old_new = 0.0
    for k in range(_PITCHES):
        a, b = old[k] - old_sum / _PITCHES, new[k] - new_sum / _PITCHES
        old_old += a * a
        new_new += b * b
        old_new += a * b
    both = math.sqrt(old_old * new_new)
    return 1 - old_new / both if both > 1e-12 else 0.0


@inner(inline=False)
def _height(heads, place, reach, n_frames, columns):
    """Give the mean, over some heads, of the highest within `reach` frames of a place, of n_frames frames."""
    centre, total = int(place + 0.5), np.float32(0)
    first, last = max(centre - reach, 0), min(centre + reach + 1, n_frames)
    for k in range(len(columns)):
        top = np.float32(0)
        for at in range(first, last):
            top = max(top, heads[at % len(heads), columns[k]])
        total += top
    return total / np.float32(max(1, len(columns)))


@cache
def _compiled() -> Callable[..., None]:
    def run(heads, harmony, columns, between, onset, sums, n_frames, place, before, found):
        centre = int(place + 0.5)
        for k in range(len(columns)):
            top = np.float32(0)
            if columns[k] >= 0:
                for at in range(max(centre - REACH, 0), min(centre + REACH + 1, n_frames)):
                    top = max(top, heads[at % len(heads), columns[k]])
            found[k] = top
        first, last = max(int(before + 0.5) + REACH + 1, n_frames - RING, 0), centre - REACH
        for k in range(len(between)):
            total = 0.0
            if between[k] >= 0:
                for at in range(first, last):
                    total += heads[at % len(heads), between[k]]
            found[len(columns) + k] = total / max(1, last - first)
        for k in range(2):
            bins = N_BINS if k == 0 else _BASS_BINS
            found[len(columns) + len(between) + k] = _change(
                harmony, STACK * first, STACK * max(first, last), STACK * AFTER, bins, sums
            )
        for k in range(len(PARTS)):
            at = before + PARTS[k] * (place - before)
            found[len(CUES) + k] = _height(heads, at, np.int64(1), n_frames, onset)

    rows, places = types.float32[:, ::1], types.int64[::1]
    kept, number = (rows, rows, places, places, places, types.float64[:, ::1]), types.float64
    return entry(types.void(*kept, types.int64, number, number, types.float64[::1]))(run)


@cache
def _compiled_height() -> Callable[..., float]:
    signature = types.float32(types.float32[:, ::1], types.float64, types.int64, types.int64, types.int64[::1])
    return entry(signature)(_height)


class BarCues:
    """Collects what is known of each beat. Activations and constant-Q frames go in, a beat's cues come out.

    thirds: by how much the lower of the attacks at the thirds of the last beat is over that at its half, -1..1.
    between: the highest of these three, 0..1.
    frames: how many are taken for known.
    """

    def __init__(self, heads: Sequence[str], shared: tuple[Ring, Ring] | None = None) -> None:
        """[main] Allocate and compile. heads: of the model.

        shared: where activations are remembered, RING frames at least before those of a block, and constant-Q frames,
            one a hop; None if they come by `push` and `push_harmony`. Who shares them sets `frames`.
        """
        self._own = shared is None
        self._heads, self._harmony = (Ring(len(heads), RING), Ring(N_BINS, STACK * RING)) if shared is None else shared
        self._columns, self._between = (
            np.array([heads.index(name) if name in heads else -1 for name in names], np.int64)
            for names in (HEADS, BETWEEN)
        )
        self._onset = np.array([heads.index("onset")] if "onset" in heads else [], np.int64)
        rings, sums = (self._heads.rows, self._harmony.rows), np.zeros((2, _PITCHES))
        self._run = bound(_compiled(), *rings, self._columns, self._between, self._onset, sums)
        self._highest = bound(_compiled_height(), self._heads.rows)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.frames = 0
        if self._own:
            self._heads.reset()
            self._harmony.reset()
        self._before, self.thirds, self.between = -1.0, 0.0, 0.0

    def push_harmony(self, constant_q: NDArray[np.float32]) -> None:
        """[analysis] Take the next constant-Q frames, float32 (n, N_BINS), one a hop; they are copied."""
        self._harmony.push(constant_q)

    def push(self, rows: NDArray[np.float32]) -> None:
        """[analysis] Take the next frames' activations, float32 (n, heads), 0..1; they are copied."""
        self._heads.push(rows)
        self.frames = self._heads.end

    def height(self, place: float, columns: NDArray[np.int64]) -> float:
        """[analysis] Give the mean, over some heads, of the highest within REACH frames of a place in frames, 0..1."""
        return self._highest(place, REACH, self.frames, columns)

    def take(self, place: float) -> NDArray[np.float64]:
        """[analysis] Give the cues of a beat at a place in frames, all around it pushed: float64 (len(CUES),)."""
        found = np.zeros(len(CUES) + len(PARTS))
        before = self._before if 0 <= self._before < place else max(place - 40.0, 0.0)
        self._run(self.frames, place, before, found)
        one, half, two = found[len(CUES) :].tolist()
        self._before, self.thirds, self.between = place, min(one, two) - half, max(one, half, two)
        return found[: len(CUES)]


@entry(
    "int64(float64[:, ::1], float64[::1], float64[::1], float64[::1], float64[::1], boolean[::1], float64[::1], "
    "float64[::1], float64[::1], float64, float64)"
)
def _count(weights, constant, chances, settings, bars, ahead, table, evidence, cues, thirds, between):
    # settings: slip, stay, slope and constant of the log-odds of 6/8. table: the means of thirds and of what is
    # between, beats they are taken over, the state before (-1: none). evidence: (states,), to work with. Gives the
    # state, and writes bars and ahead.
    slip, stay, slope, compound = settings
    table[2] = min(table[2] + 1, MEMORY_BEATS)
    table[0] += (thirds - table[0]) / table[2]
    table[1] += (between - table[1]) / table[2]
    quiet = table[1] < QUIET
    compound = NEVER if quiet else min(max(slope * table[0] + compound, -MOST_COMPOUND), MOST_COMPOUND)
    most = -np.inf
    for state in range(len(bars)):
        total = 0.0
        for k in range(len(cues)):
            total += weights[state, k] * cues[k]
        total += constant[state]
        if state < METERS[0]:
            total += compound
        evidence[state], most = total, max(most, total)
    total = 0.0
    for state in range(len(bars)):
        moved = (1 - slip) * bars[_BEFORE[state]] + slip * chances[state]
        evidence[state] = moved * math.exp(evidence[state] - most)
        total += evidence[state]
    best = 0
    for state in range(len(bars)):
        bars[state] = evidence[state] / total
        if bars[state] > bars[best]:
            best = state
    if table[3] >= 0:
        expected = _AFTER[int(table[3])]
        was_ahead = ahead[_BEFORE[best]]
        for state in range(len(bars)):
            ahead[state] = bars[state] > stay * bars[expected]
        if not ahead[best] or (quiet and not was_ahead):
            best = expected
    table[3] = best
    return best


class BarTracker:
    """Counts the bars of a stream of beats."""

    def __init__(self, weights: BarWeights) -> None:
        """Begin."""
        self._weights = weights
        self._settings = np.array([weights.slip, weights.stay, *weights.compound])
        self._chances = np.concatenate([[share / m] * m for m, share in zip(METERS, weights.meters, strict=True)])
        states = len(POSITIONS)
        self._bars, self._ahead, self._table = np.zeros(states), np.zeros(states, np.bool_), np.zeros(4)
        given = weights.cues, weights.constant, self._chances, self._settings
        self._run = bound(_count, *given, self._bars, self._ahead, self._table, np.zeros(states))
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget the bars."""
        self._mean, self._beats = self._weights.usual.copy(), 4
        self._bars[:], self._ahead[:], self._table[:] = self._chances, False, (0.0, 0.0, 0.0, -1.0)

    def lose_count(self) -> None:
        """[analysis] Know no more which beat comes next, though the meter and what is usual stay."""
        self._bars[:] = 0.5 * self._bars + 0.5 * self._chances

    def cues_less_mean(self, cues: NDArray[np.float64]) -> NDArray[np.float64]:
        """[analysis] Take from the next beat's cues, float64 (len(CUES),), their mean lately, and move that on."""
        self._beats = min(self._beats + 1, MEMORY_BEATS)
        self._mean += (cues - self._mean) / self._beats
        return cues - self._mean

    def take(self, cues: NDArray[np.float64], thirds: float = 0.0, between: float = 1.0) -> tuple[int, int]:
        """[analysis] Take the next beat's cues, float64 (len(CUES),), thirds and what is between, as `BarCues` gives
        them; give its position in the bar, and the meter.
        """
        meter, position = POSITIONS[self._run(self.cues_less_mean(cues), thirds, between)]
        return position, meter
