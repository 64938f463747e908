"""The likeliest pulse of a whole record: Viterbi's algorithm over the states of the bar pointer.

    activations   ▂▇▁▂▁▆▁▁▂▇▁▁▁▂▁▁▁▃▁▁▁▁▁▁▂▇▁▂▁▇
    online          1   2   3            1   2    what comes is not known: a break loses the pulse, which is found late
    whole         4 1   2   3   4   1   2   3   4

Live the pointer has only what was played until then (`realtime/detectors/beats/tracker.py`); of a file all is there
(Krebs, Böck and Widmer, "An efficient state-space model for joint tempo and meter tracking", 2015).
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.detectors.beats.bar_pointer import BAND, LEAST, MOST, ZONE, tempi
from samplechop.realtime.detectors.beats.tracker import USUAL_BPM, USUAL_OCTAVES, TempoRange

STEADY = 200.0
"""As `bar_pointer.TEMPO_LAMBDA`: of a whole record less must be expected of a tempo that changes."""
ANEW = 60.0
"""What it costs that the pulse begins anew, as at an edit: minus the logarithm of its chance."""
ANEW_FROM = 0.3
"""The activation from which it may: a pulse begins with a beat."""
_INDICES = types.int64[::1]
_NEVER = np.float32(-1e30)
_FAR = 200
"""Of `came`, from which on it is no neighbour but a new beginning."""


@dataclass(frozen=True, slots=True)
class PulsePath:
    """Beats of the likeliest path. frames: int64 (n,), rising, where they begin. periods: int64 (n,), to the next one.

    anew: bool (n,), which of them follow none before.
    """

    frames: NDArray[np.int64]
    periods: NDArray[np.int64]
    anew: NDArray[np.bool_]


@entry(
    types.int64(
        types.float32[::1],
        _INDICES,
        _INDICES,
        types.float32[:, ::1],
        types.float32[::1],
        _INDICES,
        types.float32[::1],
        types.float32[::1],
        types.uint8[:, ::1],
        types.int32[:, ::1],
        _INDICES,
        _INDICES,
        types.boolean[::1],
    )
)
def _path(beat, periods, starts, chance, scores, firsts, leaving, arriving, came, jumps, frames, lengths, anew):
    # As `bar_pointer.forward`: of each tempo the states lie in a ring, and what lies outside the beat zone stays.
    n, last = len(periods), len(beat)
    for t in range(last):
        a = min(max(beat[t], LEAST), MOST)
        ratio = np.float32(math.log(a * (ZONE - 1) / (1 - a)))
        fresh = _NEVER
        if a >= ANEW_FROM:
            best, at = scores[0], 0
            for i in range(1, len(scores)):
                if scores[i] > best:
                    best, at = scores[i], i
            j = n - 1
            while starts[j] > at:
                j -= 1
            fresh = best - np.float32(ANEW)
            jumps[t, 0], jumps[t, 1] = j, (at - starts[j] - firsts[j]) % periods[j]
            for i in range(len(scores)):
                scores[i] -= best
            fresh -= best
        for j in range(n):
            firsts[j] = firsts[j] - 1 if firsts[j] else periods[j] - 1
            leaving[BAND + j] = scores[starts[j] + firsts[j]]
        for j in range(n):
            arriving[j] = fresh
            came[t, j] = _FAR
        for k in range(2 * BAND + 1):
            for j in range(n):
                score = leaving[j + k] + chance[k, j]
                if score > arriving[j]:
                    arriving[j] = score
                    came[t, j] = k
        for j in range(n):
            start, period = starts[j], periods[j]
            scores[start + firsts[j]] = arriving[j] + ratio
            # A frame at the zone's end is in it in part, so that silence speaks for no tempo.
            full = period // ZONE
            for p in range(firsts[j] + 1, firsts[j] + full + 1):
                share = np.float32(1) if p < firsts[j] + full else np.float32(period % ZONE) / np.float32(ZONE)
                scores[start + (p if p < period else p - period)] += share * ratio
    j, most = 0, _NEVER
    t = last - 1
    for i in range(n):
        for p in range(periods[i]):
            if scores[starts[i] + p] > most:
                j, most = i, scores[starts[i] + p]
                t = last - 1 - (p - firsts[i]) % periods[i]
    count = 0
    while t >= 0:
        frames[count], lengths[count] = t, periods[j]
        k = came[t, j]
        anew[count] = k == _FAR
        count += 1
        if k == _FAR:
            j, back = jumps[t, 0], jumps[t, 1]
            t -= 1 + back
        else:
            j += k - BAND
            t -= periods[j]
    return count


def likeliest_path(beat: NDArray[np.float32], frame_rate: float, tempo_range: TempoRange) -> PulsePath:
    """Find the likeliest beats of a record by the activations of its frames, float32 (n,), 0..1.

    frame_rate: of these, a second. tempo_range: of the pulse, beats per minute. The first beat may lie after frame 0,
    and the last before the end, by nearly a period.
    """
    periods, chance = tempi(frame_rate, *tempo_range, STEADY)
    n = len(periods)
    starts = np.concatenate([[0], np.cumsum(periods)[:-1]])
    octaves = np.log2(60 * frame_rate / periods / USUAL_BPM) / USUAL_OCTAVES
    scores = np.repeat(-0.5 * octaves**2 - np.log(periods), periods).astype(np.float32)
    with np.errstate(divide="ignore"):
        costs = np.maximum(np.log(chance[:, :n]), _NEVER)
    came, jumps = np.zeros((len(beat), n), np.uint8), np.zeros((len(beat), 2), np.int32)
    most = len(beat) + 1
    frames, lengths, anew = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.bool_)
    given = np.ascontiguousarray(beat), periods, starts, np.ascontiguousarray(costs)
    work = np.zeros(n, np.int64), np.full(n + 2 * BAND, _NEVER, np.float32), np.zeros(n, np.float32)
    count = _path(*given, scores, *work, came, jumps, frames, lengths, anew)
    return PulsePath(frames[:count][::-1], lengths[:count][::-1], anew[:count][::-1])
