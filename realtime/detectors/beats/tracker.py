"""Where the pulse is, while the music plays: an online bar-pointer model over beat activations.

A hidden Markov model whose state is the tempo and the place within the beat (Krebs, Böck and Widmer, "An efficient
state-space model for joint tempo and meter tracking", 2015), of which only the forward half is computed, as nothing is
known of what comes. Bars are a second, small model that moves on with every beat.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError
from samplechop.realtime.core.plugin import ProcessSpec, SharedStream
from samplechop.realtime.nets.streaming import ActivationStream

TempoRange = tuple[float, float]
"""Beats per minute, the lowest and the highest tempo that is followed."""
LOW_BPM, HIGH_BPM = TEMPO_RANGE = (55.0, 200.0)
TEMPO_LAMBDA = 100.0
"""How unlikely a tempo change at a beat is: exp(-lambda * |ratio - 1|)."""
ZONE = 16
"""The first 1/ZONE of a beat is where the activation is expected."""
REACH = 2
"""Frames around the pointer's passing in which the beat's own peak is searched; the delay of a beat."""
NEAR = 8
"""Tempi within 1/NEAR of the likeliest one count for the tempo that is given."""
METERS, METER_CHANCES = (3, 4), (0.15, 0.85)
"""Beats in a bar, and how common that is."""
SLIP = 0.02
"""Chance that a bar's count breaks at a beat: a bar too short, a tracker that lost the pulse."""
USUAL_DOWNBEAT = 0.15
"""The downbeat activation that a beat has on average, before the first."""
MEMORY_BARS = 4
"""Bars over which that average is taken: what makes a downbeat is to stand out among the beats of its own record."""
TAPPED_OCTAVES, TAPPED_PHASE = 0.03, 0.06
"""Standard deviations of a tapped tempo, in octaves, and of its place, in beats."""
MEMORY_BEATS = 6.0
"""Beats over which confidence is averaged."""

P_BEAT, BEAT, AGO, PERIOD, CONFIDENCE, POSITION, METER = range(7)
COLUMNS = 7
_LEAST, _MOST = 0.005, 0.995
_BAND = 16


def _tempi(frame_rate: float, low_bpm: float, high_bpm: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the frames per beat of each tempo, and the chances (n, 2 _BAND + 1) of having come from each neighbour."""
    periods = np.arange(round(60 * frame_rate / high_bpm), round(60 * frame_rate / low_bpm) + 1)
    ratio = periods[None, :] / periods[:, None]
    chance = np.exp(-TEMPO_LAMBDA * np.abs(ratio - 1))
    near = np.abs(np.arange(len(periods))[:, None] - np.arange(len(periods))[None, :]) <= _BAND
    chance = np.where(near, chance, 0)
    chance /= chance.sum(axis=1, keepdims=True)
    padded = np.pad(chance.T, ((0, 0), (_BAND, _BAND)))
    bands = np.stack([row[place : place + 2 * _BAND + 1] for place, row in enumerate(padded)])
    return periods.astype(np.int64), np.ascontiguousarray(bands)


@njit(fastmath=True)
def _forward(state, fresh, periods, starts, chance, leaving, masses, activation, scale):
    """Move the pointer's distribution, which sums to 1 / scale, one frame on, from state to fresh.

    Gives its new sum, the share in the beat zone, the tempo and place of the likeliest state, and the mean period of
    the tempi near that one: half and double tempo may be nearly as likely, and the mean of all would be none of them.
    """
    n = len(periods)
    a = min(max(activation, _LEAST), _MOST)
    off = scale * (1 - a) / (ZONE - 1)
    a *= scale
    for i in range(n):
        leaving[_BAND + i] = state[starts[i] + periods[i] - 1]
    total = inside = best = 0.0
    tempo = 0
    for j in range(n):
        period = periods[j]
        old, new = state[starts[j] : starts[j] + period - 1], fresh[starts[j] : starts[j] + period]
        arriving = 0.0
        for value, share in zip(leaving[j : j + 2 * _BAND + 1], chance[j]):  # noqa: B905 (numba's zip takes no strict)
            arriving += value * share
        zone = max(1, period // ZONE)
        new[0] = arriving * a
        for p in range(1, zone):
            new[p] = old[p - 1] * a
        zone_sum = zone_top = 0.0
        for p in range(zone):
            zone_sum += new[p]
            zone_top = max(zone_top, new[p])
        earlier, late = old[zone - 1 :], new[zone:]
        late_sum = late_top = 0.0
        for p in range(len(late)):
            value = earlier[p] * off
            late[p] = value
            late_sum += value
            late_top = max(late_top, value)
        inside += zone_sum
        total += zone_sum + late_sum
        masses[j] = zone_sum + late_sum
        if max(zone_top, late_top) > best:
            best, tempo = max(zone_top, late_top), j
    place = 0
    for p in range(periods[tempo]):
        if fresh[starts[tempo] + p] == best:
            place = p
            break
    near = weighted = 0.0
    for j in range(n):
        if abs(periods[j] - periods[tempo]) <= periods[tempo] / NEAR:
            near += masses[j]
            weighted += masses[j] * periods[j]
    return total, inside / total, tempo, place, weighted / near


@njit
def _count(bars, activation, usual):
    """Move the bar model one beat on; give the likeliest position, from 1, and meter.

    activation: of the downbeat at this beat; usual: its mean at the beats before.
    """
    d, mean = min(max(activation, 0.02), 0.98), min(max(usual, 0.02), 0.6)
    first_beat, other_beat = d / mean, (1 - d) / (1 - mean)
    moved = np.zeros(len(bars))
    total, first = 0.0, 0
    for meter, chance in zip(METERS, METER_CHANCES):  # noqa: B905 (numba's zip takes no strict)
        for p in range(meter):
            value = (1 - SLIP) * bars[first + (p - 1) % meter] + SLIP * chance / meter
            moved[first + p] = value * (first_beat if p == 0 else other_beat)
            total += moved[first + p]
        first += meter
    bars[:] = moved / total
    position, meter_of, best, first = 0, 0, -1.0, 0
    for meter in METERS:
        chance = bars[first : first + meter].sum()
        if chance > best:
            best, meter_of, position = chance, meter, np.argmax(bars[first : first + meter]) + 1
        first += meter
    return position, meter_of


@cache
def _compiled() -> Callable[..., None]:
    def run(beat, downbeat, rows, states, periods, starts, chance, leaving, masses, recent, table, bars):
        # table: frames since the last beat, frames since the pointer passed (or -1), confidence, its weight, position,
        # meter, sum of the distribution, which half of `states` it is in, mean downbeat activation at the beats
        width = 2 * REACH + 1
        for t in range(len(beat)):
            for k in range(width - 1):
                recent[0, k], recent[1, k] = recent[0, k + 1], recent[1, k + 1]
            recent[0, width - 1], recent[1, width - 1] = beat[t], downbeat[t]
            half = int(table[7])
            table[6], mass, tempo, place, period = _forward(
                states[half], states[1 - half], periods, starts, chance, leaving, masses, beat[t], 1 / table[6]
            )
            table[7] = 1 - half
            table[0] += 1
            row = rows[t]
            row[:] = 0
            if place < max(1, periods[tempo] // ZONE) and table[0] > 0.4 * periods[tempo]:
                table[0] = 0
                table[1] = 0
            elif table[1] >= 0:
                table[1] += 1
            if table[1] == REACH:
                table[1] = -1
                peak, height, strong = REACH, recent[0, REACH], 0.0
                for k in range(width):
                    strong = max(strong, recent[1, k])
                    if recent[0, k] > height:
                        peak, height = k, recent[0, k]
                ago = float(width - 1 - peak)
                if 0 < peak < width - 1:
                    left, right = recent[0, peak - 1], recent[0, peak + 1]
                    bend = left - 2 * height + right
                    if bend < -1e-6:
                        ago -= 0.5 * (left - right) / bend
                weight = min(table[3] + 1, MEMORY_BEATS)
                table[2] += (height - table[2]) / weight
                table[3] = weight
                position, meter = _count(bars, strong, table[8])
                table[8] += (strong - table[8]) / (4 * MEMORY_BARS)
                table[4], table[5] = position, meter
                row[BEAT], row[AGO] = 1, ago
            row[P_BEAT] = mass
            row[PERIOD] = period
            row[CONFIDENCE] = table[2]
            row[POSITION], row[METER] = table[4], table[5]

    row, rows = types.float32[::1], types.float32[:, ::1]
    numbers, table = types.float64[::1], types.float64[:, ::1]
    places = types.int64[::1]
    signature = types.void(row, row, rows, table, places, places, table, numbers, numbers, rows, numbers, numbers)
    return njit([signature], cache=True)(run)


class BeatTracker:
    """Follows the pulse. Rows do not depend on how frames are cut into pushes."""

    def __init__(self, frame_rate: float, low_bpm: float = LOW_BPM, high_bpm: float = HIGH_BPM) -> None:
        """[main] Allocate and compile. frame_rate: activations per second. Tempi from low_bpm to high_bpm."""
        if not 0 < low_bpm < high_bpm or math.isinf(high_bpm):
            raise ValueError(f"tempi must satisfy 0 < low_bpm < high_bpm, got {low_bpm} and {high_bpm}")
        self._periods, self._chance = _tempi(frame_rate, low_bpm, high_bpm)
        self._starts = np.concatenate([[0], np.cumsum(self._periods)[:-1]]).astype(np.int64)
        size = int(self._periods.sum())
        self._states, self._leaving = np.zeros((2, size)), np.zeros(len(self._periods) + 2 * _BAND)
        self._masses = np.zeros(len(self._periods))
        self._recent: NDArray[np.float32] = np.zeros((2, 2 * REACH + 1), np.float32)
        self._table, self._bars = np.zeros(9), np.zeros(sum(METERS))
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: every tempo and place is as likely."""
        self._states.fill(1 / self._states.shape[1])
        self._bars[:] = [
            chance / meter for meter, chance in zip(METERS, METER_CHANCES, strict=True) for _ in range(meter)
        ]
        self._recent.fill(0)
        self._table[:] = (0, -1, 0, 0, 0, 0, 1, 0, USUAL_DOWNBEAT)

    def steer(self, period: float, since: float) -> None:
        """[analysis] Take up what is tapped: frames between beats, and since one of them, give or take whole beats.

        Tempi of which it is a multiple stay out; what is played from now on is weighed as ever.
        """
        half = int(self._table[7])
        state = self._states[half]
        for start, one in zip(self._starts.tolist(), self._periods.tolist(), strict=True):
            phase = (np.arange(one) - since) / one
            phase -= np.round(phase)
            like = math.exp(-0.5 * (math.log2(one / period) / TAPPED_OCTAVES) ** 2) + 1e-9
            state[start : start + one] = like * (np.exp(-0.5 * (phase / TAPPED_PHASE) ** 2) + 1e-6)
        state /= state.sum()
        self._table[0], self._table[1], self._table[6] = period, -1, 1

    def push(self, beat: NDArray[np.float32], downbeat: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process activations, float32 (n,), 0..1; give one row for each frame, float32 (n, COLUMNS).

        P_BEAT: how likely the frame lies in the first part of a beat. BEAT: 1 where a beat is decided, which lies AGO
        frames (with a fraction) before this one, at most 2 REACH. PERIOD: frames per beat, with a fraction. CONFIDENCE:
        mean activation at the last beats, 0..1. POSITION: of the last beat in its bar, from 1; METER: beats per bar;
        0 before the first beat.
        """
        rows = np.empty((len(beat), COLUMNS), np.float32)
        arrays = self._states, self._periods, self._starts, self._chance, self._leaving, self._masses
        self._run(beat, downbeat, rows, *arrays, self._recent, self._table, self._bars)
        return rows


class PulseStream:
    """The activations of a streaming net, and what the beat tracker makes of its beats and downbeats.

    pulse: the tracker's rows for the frames of the last push, float32 (m, COLUMNS).
    """

    HEADS = ("beat", "downbeat")

    def __init__(self, manifest: Manifest, max_block_size: int, tempo_range: TempoRange = TEMPO_RANGE) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a model without beats."""
        self.activations = activations = ActivationStream(manifest, max_block_size)
        if not set(self.HEADS) <= set(activations.heads):
            raise ModelError(f"model {manifest.name!r} detects no beats: it has {', '.join(activations.heads)}")
        self._columns = [activations.heads.index(head) for head in self.HEADS]
        self._tracker = BeatTracker(manifest.features.sample_rate / activations.hop_length, *tempo_range)
        self._nothing: NDArray[np.float32] = np.zeros((0, COLUMNS), np.float32)
        self.reset()

    @classmethod
    def shared(
        cls, manifest: Manifest, spec: ProcessSpec, tempo_range: TempoRange = TEMPO_RANGE
    ) -> SharedStream["PulseStream"]:
        """[main] Give that of a bus, which every detector shares that reads this model's activations at these tempi."""
        return spec.share((cls, manifest.path, *tempo_range), lambda: cls(manifest, spec.max_block_size, tempo_range))

    def steer(self, period: float, since: float) -> None:
        """[analysis] Let the tracker take up a tapped tempo, see `BeatTracker.steer`."""
        self._tracker.steer(period, since)

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.activations.reset()
        self._tracker.reset()
        self.pulse = self._nothing

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the activations: float32 (m, heads)."""
        rows = self.activations.push(block)
        beat, downbeat = (rows[:, column] for column in self._columns)
        self.pulse = self._tracker.push(beat, downbeat) if len(rows) else self._nothing
        return rows
