"""Where the pulse is, while the music plays: an online bar-pointer model over beat activations.

A hidden Markov model whose state is the tempo and the place within the beat (Krebs, Böck and Widmer, "An efficient
state-space model for joint tempo and meter tracking", 2015), of which only the forward half is computed, as nothing is
known of what comes.

Beats are those of one pulse that is followed: the likeliest states near where it was. Another one, elsewhere in the
beat or at another tempo, takes over only once it is OTHER_PULSE times as likely; so a doubtful bar makes no beat slip,
and where the pulse does move it moves once.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import FLOAT32, bound, entry
from samplechop.realtime.detectors.beats.bar_pointer import AROUND, BAND, around, forward, likeliest, tempi
from samplechop.realtime.detectors.beats.weights import beat_weights

TempoRange = tuple[float, float]
"""Beats per minute, the lowest and the highest tempo that beats may have."""
TEMPO_RANGE = (40.0, 250.0)
LOW_BPM, HIGH_BPM = PULSE_RANGE = (55.0, 200.0)
"""Tempi of the pulse that is followed where beats may have all of these: beats outside are its half and its double."""
USUAL_BPM, USUAL_OCTAVES = 120.0, 0.35
"""Before anything is played a tempo is as likely as listeners' tapping (Moelants, "Preferred tempo reconsidered", ICMPC
2002): a bell curve over octaves, and every place in a beat is as likely."""
OTHER_PULSE = 16.0
"""How many times as likely another pulse must be to be followed."""
FOLLOWED = 0.5
"""Trust below which the likeliest pulse is followed at once."""
EVERY = 8
"""Frames after which all pulses are compared with the one that is followed."""
REACH = 2
"""Frames around the pointer's passing in which the beat's own peak is searched; the delay of a beat."""
TAPPED_OCTAVES, TAPPED_PHASE = 0.03, 0.06
"""Standard deviations of a tapped tempo, in octaves, and of its place, in beats."""
MEMORY_BEATS = 6.0
"""Beats over which confidence is averaged."""

FIRST_STRAY, MOST_STRAY = 0.3, 0.5
"""How far beats are taken to stray from the tempo before the first, and at most by one beat; logarithm of a ratio."""
STRAY_MEMORY = 2
"""Beats over which straying is averaged."""

P_BEAT, BEAT, AGO, PERIOD, CONFIDENCE, ODDS, MASS, STRAY, TRUST, MOVED, POSITION, METER = range(12)
COLUMNS = 12
TRUSTED = (CONFIDENCE, ODDS, MASS, STRAY)
"""What trust is computed from."""


def pulse_range(tempo_range: TempoRange) -> TempoRange:
    """Give the tempi of the pulse that is followed for beats in a range."""
    (low, high), (least, most) = tempo_range, PULSE_RANGE
    return PULSE_RANGE if low <= least and most <= high else tempo_range


@cache
def _compiled() -> Callable[..., None]:
    def run(states, periods, starts, firsts, chance, leaving, arriving, recent, table, trust, beat, rows, counted):
        # table: frames since the last beat, frames since the pulse passed (or -1), confidence, its weight, sum of the
        # distribution, frames until all states are looked at, period and phase of the pulse that is followed (0: none),
        # log odds of a pulse since the last beat, their mean, mean share of the pulse, whether it moved, frames since
        # the last beat's place (-1: none), stray, trust
        width = 2 * REACH + 1
        for t in range(len(beat)):
            for k in range(width - 1):
                recent[k] = recent[k + 1]
            now = beat[t] if beat[t] > 0 else np.float32(0)  # what is no number would make all that follows none
            recent[width - 1] = now
            table[4], inside, odds = forward(states, periods, starts, firsts, chance, leaving, arriving, now, table[4])
            inside /= table[4]
            table[0] += 1
            table[8] += odds
            if table[12] >= 0:
                table[12] += 1
            before, mass, period, near, at = table[7], 0.0, 0.0, 0, 0
            if table[6] > 0:
                mass, period, near, at = around(
                    states, periods, starts, firsts, table[6], (before + 1 / table[6]) % 1.0
                )
            table[5] -= 1
            if table[5] <= 0:
                table[5] = EVERY
                total, tempo, place = likeliest(states, periods, starts, firsts)
                mass /= total
                table[4] = 1
                ahead = abs(place / periods[tempo] - at / periods[near])
                away = min(ahead, 1 - ahead) > 1 / AROUND or abs(periods[tempo] - table[6]) * AROUND > table[6]
                if table[6] == 0 or away:
                    other, other_period, _, _ = around(
                        states, periods, starts, firsts, float(periods[tempo]), place / periods[tempo]
                    )
                    if other > (OTHER_PULSE if table[14] > FOLLOWED else 1.0) * mass:
                        if table[6] > 0:
                            table[11] = 1
                        mass, period, near, at = other, other_period, tempo, place
                        before = (place - EVERY) / periods[tempo] % 1.0
            table[6], table[7] = periods[near], at / periods[near]
            row = rows[t]
            row[:] = 0
            if before >= 0.5 > table[7] and table[0] > 0.4 * table[6]:
                table[0] = 0
                table[1] = 0
            elif table[1] >= 0:
                table[1] += 1
            if table[1] == REACH:
                table[1] = -1
                peak, height = REACH, recent[REACH]
                for k in range(width):
                    if recent[k] > height:
                        peak, height = k, recent[k]
                ago = float(width - 1 - peak)
                if 0 < peak < width - 1:
                    left, right = recent[peak - 1], recent[peak + 1]
                    bend = left - 2 * height + right
                    if bend < -1e-6:
                        ago -= 0.5 * (left - right) / bend
                weight = min(table[3] + 1, MEMORY_BEATS)
                table[2] += (height - table[2]) / weight
                table[3] = weight
                table[9] += (table[8] - table[9]) / weight
                table[10] += (mass / table[4] - table[10]) / weight
                table[8] = 0
                if table[12] >= 0:
                    stray = abs(math.log(max(table[12] - ago, 1.0) / period))
                    table[13] += (min(stray, MOST_STRAY) - table[13]) / STRAY_MEMORY
                table[12] = ago
                odds = (
                    trust[0] + trust[1] * table[2] + trust[2] * table[9] + trust[3] * table[10] + trust[4] * table[13]
                )
                table[14] = 1 / (1 + math.exp(-odds))
                row[BEAT], row[AGO] = 1, ago
                row[MOVED] = table[11]
                table[11] = 0
            row[P_BEAT] = inside
            row[PERIOD] = period
            row[CONFIDENCE] = table[2]
            row[ODDS] = table[9]
            row[MASS], row[STRAY], row[TRUST] = table[10], table[13], table[14]
            row[POSITION], row[METER] = counted[0], counted[1]

    row, rows = types.float32[::1], types.float32[:, ::1]
    table, places = types.float64[::1], types.int64[::1]
    kept = row, places, places, places, rows, row, row, row, table, table
    return entry(types.void(*kept, types.float32[:], rows, row))(run)


class BeatTracker:
    """Follows the pulse. Rows do not depend on how frames are cut into pushes."""

    def __init__(
        self,
        frame_rate: float,
        low_bpm: float = LOW_BPM,
        high_bpm: float = HIGH_BPM,
        trust: NDArray[np.float64] | None = None,
    ) -> None:
        """[main] Allocate and compile. frame_rate: activations per second. Tempi from low_bpm to high_bpm.

        trust: the constant and the weights of TRUSTED, float64 (5,); default: those in use.
        """
        if not 0 < low_bpm < high_bpm or math.isinf(high_bpm):
            raise ValueError(f"tempi must satisfy 0 < low_bpm < high_bpm, got {low_bpm} and {high_bpm}")
        self._periods, self._chance = tempi(frame_rate, low_bpm, high_bpm)
        self._starts = np.concatenate([[0], np.cumsum(self._periods)[:-1]]).astype(np.int64)
        n = len(self._periods)
        self._states: NDArray[np.float32] = np.zeros(int(self._periods.sum()), np.float32)
        octaves = np.log2(60 * frame_rate / self._periods / USUAL_BPM) / USUAL_OCTAVES
        usual = np.repeat(np.exp(-0.5 * octaves**2) / self._periods, self._periods)
        self._usual = (usual / usual.sum()).astype(np.float32)
        self._firsts = np.zeros(n, np.int64)  # of each tempo, where in its states the beat begins
        width = self._chance.shape[1]
        self._leaving: NDArray[np.float32] = np.zeros(width + 2 * BAND, np.float32)
        self._arriving: NDArray[np.float32] = np.zeros(width, np.float32)
        self._recent: NDArray[np.float32] = np.zeros(2 * REACH + 1, np.float32)
        self._trust = beat_weights().online.weights if trust is None else trust
        self._table = np.zeros(15)
        self._uncounted: NDArray[np.float32] = np.zeros(2, np.float32)
        states = self._states, self._periods, self._starts, self._firsts, self._chance, self._leaving, self._arriving
        self._run = bound(_compiled(), *states, self._recent, self._table, self._trust)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._states[:] = self._usual
        self._firsts.fill(0)
        self._recent.fill(0)
        self._table.fill(0)
        self._table[[1, 4, 12, 13]] = -1, 1, -1, FIRST_STRAY

    def steer(self, period: float, since: float) -> None:
        """[analysis] Take up what is tapped: frames between beats, and since one of them, give or take whole beats.

        Tempi of which it is a multiple stay out; what is played from now on is weighed as ever.
        """
        self._firsts.fill(0)
        for start, one in zip(self._starts.tolist(), self._periods.tolist(), strict=True):
            phase = (np.arange(one) - since) / one
            phase -= np.round(phase)
            like = math.exp(-0.5 * (math.log2(one / period) / TAPPED_OCTAVES) ** 2) + 1e-9
            self._states[start : start + one] = like * (np.exp(-0.5 * (phase / TAPPED_PHASE) ** 2) + 1e-6)
        self._states /= self._states.sum()
        # Followed anew: the likeliest state is looked for at the next frame.
        self._table[[0, 1, 4, 5, 6]] = period, -1, 1, 0, 0

    def push(self, beat: NDArray[np.float32], counted: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """[analysis] Process activations, float32 (n,), 0..1; give one row for each frame, float32 (n, COLUMNS).

        P_BEAT: how likely the frame lies in the first part of a beat. BEAT: 1 where a beat is decided, which lies AGO
        frames (with a fraction) before this one, at most 2 REACH; MOVED: 1 if the pulse was moved since the one before.
        PERIOD: frames per beat, with a fraction. Of the last beats: CONFIDENCE, their mean activation, 0..1; ODDS, the
        log odds that a beat lies where the pulse has it and not anywhere; MASS, how likely this pulse is among all;
        STRAY, how far their distances stray from the period, logarithm of a ratio. TRUST: how likely the last beat is
        right, by those four. POSITION and METER are `counted`, float32 (2,), or 0: what `BarCounter` had before.
        Raises TypeError for activations of other dtypes.
        """
        if beat.dtype != FLOAT32 or beat.ndim != 1:
            raise TypeError(f"activations are float32 (n,), got {beat.dtype} {beat.shape}")
        rows = np.empty((len(beat), COLUMNS), np.float32)
        self._run(beat, rows, self._uncounted if counted is None else counted)
        return rows
