"""Whether the beat lies an octave above or below the tracked pulse, from what drums do between its beats.

A tracked pulse is often half or twice the tempo that listeners tap. What tells: how fast the pulse is (tempi near 110
BPM are likelier than others), after how many of its beats the snare and the kick come again (a backbeat comes every
second beat), whether they fall between its beats, and how dense all attacks are (on the periodicities that tell, see
Peeters, "Time variable tempo detection and beat marking", ICMC 2005; on preferred tempo, Moelants, ICMPC 2002).

Activations are folded over the beat: a mean profile, and what of it alternates from beat to beat, or turns over four.
A small net gives each octave its log-odds by what they say: what a backbeat tells depends on how fast the pulse is.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.detectors.beats.weights import OctaveWeights
from samplechop.realtime.dsp.delay_line import Ring

HEADS = ("kick", "snare", "onset", "beat", "downbeat")
BINS = 8
"""Parts of a beat that are told apart."""
EARLY = 1 / 16
"""Of a beat, by which its first part begins before it."""
MEMORY = 16
"""Beats over which profiles are averaged."""
ENOUGH = 6
"""Beats after which another octave may be taken."""
MARGIN, RISE, MOST_MARGIN = 1.0, 0.05, 3.0
"""Log-odds by which another octave must be likelier than the one that was taken; how much more after each beat of the
same pulse, and at most: a song has one tempo, and what it has been for long it stays."""
REMEMBERED = 16_384
"""Beats whose odds are kept for who looks back at the end: more than two hours."""
OPEN = 2.0
"""Log-odds by which the octave taken must be likelier than another to be clear: seven to one."""
UNLIKELY = -6.0
"""Logarithm of the probability of an octave at the least, so that no single beat decides."""
LONGEST = 256
"""Frames that are remembered; a beat of 20 BPM."""
_OTHER_PULSE = 0.3
"""Octaves by which the pulse's tempo has changed when it is another pulse."""
_FLOOR = 0.05
_CENTRE_BPM = 110.0
_TURNS = np.array([[1.0, 1.0, 1.0, 0.0], [1.0, -1.0, 0.0, 1.0], [1.0, 1.0, -1.0, 0.0], [1.0, -1.0, 0.0, -1.0]])
"""What each of four beats in turn counts for in a head's profiles: their mean, what of it alternates, and the real and
the imaginary part of what turns once over four beats.
"""


class PulseOdds(NamedTuple):
    """Of one tracked beat: the pulse's tempo, beats per minute, and how likely the octaves -1, 0 and 1 over it are,
    logarithms of probabilities.
    """

    bpm: float
    below: float
    same: float
    above: float


class OctaveEvidence:
    """Collects the evidence. octave: of the beat over the tracked pulse, -1, 0 or 1. beats: of the present pulse.

    odds: of the last tracked beats for which there was evidence. frames: how many are taken for known.

    frame_rate: frames per second. low_bpm, high_bpm: what the beat's tempo may be.
    """

    def __init__(
        self,
        frame_rate: float,
        low_bpm: float,
        high_bpm: float,
        weights: OctaveWeights,
        shared: tuple[Ring, Sequence[int]] | None = None,
    ) -> None:
        """Begin with none. shared: where activations are remembered, LONGEST frames at least before those of a block,
        and the columns of HEADS; None if they come by `push`. Who shares them sets `frames`.
        """
        self._weights = weights
        self._frame_rate, self._low, self._high = frame_rate, low_bpm, high_bpm
        self._own = shared is None
        self._recent, self._columns = (Ring(len(HEADS), LONGEST), range(len(HEADS))) if shared is None else shared
        # As _TURNS has them, of each head.
        self._profiles = np.zeros((_TURNS.shape[1], len(HEADS), BINS))
        columns = np.array(self._columns, np.int64)
        self._fold = bound(_compiled_fold(), self._profiles, self._recent.rows, columns, np.zeros((len(HEADS), BINS)))
        self._look = bound(_compiled_features(), self._profiles)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        if self._own:
            self._recent.reset()
        self.frames = 0
        self._place = self._period = 0.0
        self.octave = self._held = 0
        self.odds: deque[PulseOdds] = deque(maxlen=REMEMBERED)
        self._restart()

    def _restart(self) -> None:
        self._profiles.fill(0)
        self._before = np.zeros(3)
        self.beats = 0

    def push(self, rows: NDArray[np.float32]) -> None:
        """[analysis] Take the next frames' activations of HEADS, float32 (n, len(HEADS)), 0..1; they are copied."""
        self._recent.push(rows)
        self.frames = self._recent.end

    def take(self, place: float, period: float) -> int:
        """[analysis] Take a tracked beat, its place and period in frames, all before it pushed; give the octave."""
        before, self._place = self._place, place
        if self._period and abs(change := math.log2(self._period / period)) > _OTHER_PULSE:
            # An established beat stays where it was: a pulse twice as fast is that of the octave below.
            doubled = self.beats >= ENOUGH and abs(change - round(change)) < _OTHER_PULSE / 2
            self.octave = min(max(self.octave - round(change), -1), 1) if doubled else 0
            self._held = self._held if doubled else 0
            self._restart()
        self._period = period
        length = place - before
        if not 0.6 < length / period < 1.6 or length > LONGEST / 2:
            return self.octave
        self.beats += 1
        self._fold(before, length, self.frames, self.beats)
        if self.beats >= ENOUGH:
            now, last = self._weights.log_odds(self.features()), self._before
            self._before = now
            if self.beats == ENOUGH:
                return self.octave
            # Over an odd number of beats what alternates is not in balance: two beats decide together.
            odds, possible = ((now + last) / 2).tolist(), self._possible()
            best = max(possible, key=lambda octave: odds[octave + 1])
            margin = min(MARGIN + RISE * self._held, MOST_MARGIN)
            if self.octave not in possible or odds[best + 1] > odds[self.octave + 1] + margin:
                self.octave = best
            self._held += 1
            top = odds[best + 1]  # taken off before exp, which overflows
            total = top + math.log(sum(math.exp(odds[one + 1] - top) for one in possible))
            chances = [max(odds[one + 1] - total, UNLIKELY) if one in possible else UNLIKELY for one in (-1, 0, 1)]
            self.odds.append(PulseOdds(60 * self._frame_rate / period, *chances))
        return self.octave

    def _possible(self) -> list[int]:
        """Give the octaves whose tempo is in the range."""
        bpm = 60 * self._frame_rate / self._period
        return [octave for octave in (-1, 0, 1) if octave == 0 or self._low <= bpm * 2.0**octave <= self._high]

    def runner_up(self) -> int:
        """[analysis] Give the octaves from the one taken to another that is nearly as likely, by OPEN; 0 if none is.

        Before there is evidence only a tempo counts that is nearer to those that are usual.
        """
        if not self._period:
            return 0
        others = [octave for octave in self._possible() if octave != self.octave]
        if self.beats < ENOUGH:
            height = math.log2(60 * self._frame_rate / self._period / _CENTRE_BPM) + self.octave
            toward = self.octave - round(height)
            return toward - self.octave if toward in others else 0
        odds = self._weights.log_odds(self.features())
        best = max(others, key=lambda octave: odds[octave + 1], default=self.octave)
        return best - self.octave if odds[best + 1] > odds[self.octave + 1] - OPEN else 0

    def features(self) -> NDArray[np.float64]:
        """[analysis] Give what the profiles say, float64 (len(FEATURES),)."""
        found = np.empty(len(FEATURES))
        self._look(math.log2(60 * self._frame_rate / self._period / _CENTRE_BPM), found)
        return found


FEATURES = (
    "tempo over 110 BPM in octaves",
    "its square",
    "kick and snare half a beat apart, less those together",
    "attacks at odd eighths of the beat",
    *(f"{head} at quarters of the beat" for head in HEADS[:3]),
    *(f"{head} at half the beat" for head in HEADS),
    *(f"{head}: share that alternates from beat to beat" for head in HEADS),
    *(f"{head}: share that turns over four beats" for head in HEADS),
    *(f"{head}: share that alternates, times the octaves" for head in HEADS[:2]),
)


@cache
def _compiled_fold() -> Callable[..., None]:
    def run(profiles, rows, columns, beat, place, length, known, beats):
        """Add the activations of one beat, from its place on, to the profiles. beat: (heads, BINS), to work with."""
        for k in range(len(columns)):
            for part in range(BINS):
                beat[k, part] = 0.0
        early = place - EARLY * length
        for frame in range(max(math.ceil(early), known - LONGEST, 0), math.ceil(early + length)):
            part = min(max(int((frame - early) / length * BINS), 0), BINS - 1)
            for k in range(len(columns)):
                beat[k, part] = max(beat[k, part], rows[frame % len(rows), columns[k]])
        share = 1 / min(beats, MEMORY)
        for one in range(len(profiles)):
            for k in range(len(columns)):
                for part in range(BINS):
                    profiles[one, k, part] += share * (_TURNS[beats % 4, one] * beat[k, part] - profiles[one, k, part])

    profiles, table, number = types.float64[:, :, ::1], types.float64[:, ::1], types.float64
    given = profiles, types.float32[:, ::1], types.int64[::1], table
    return entry(types.void(*given, number, number, types.int64, types.int64))(run)


@cache
def _compiled_features() -> Callable[..., None]:
    def run(profiles, octaves, found):
        mean = profiles[0]
        found[0], found[1] = octaves, octaves * octaves
        heads, three = len(mean), 3  # of the first three, kick, snare and onset, quarters are looked at, too
        first = 4 + three
        for k in range(heads):
            top = energy = two = four = 0.0
            for part in range(BINS):
                top = max(top, mean[k, part])
                energy += mean[k, part] ** 2
                two += profiles[1, k, part] ** 2
                four += profiles[2, k, part] ** 2 + profiles[3, k, part] ** 2
            top, energy = top + _FLOOR, energy + _FLOOR**2
            if k < three:
                found[4 + k] = (mean[k, BINS // 4] + mean[k, 3 * BINS // 4]) / (2 * top)
            found[first + k] = mean[k, BINS // 2] / top
            found[first + heads + k] = two / energy
            found[first + 2 * heads + k] = four / energy
            if k == 2:
                odd = 0.0
                for part in range(1, BINS, 2):
                    odd += mean[k, part]
                found[3] = odd / (BINS // 2) / top
        apart = together = 0.0
        for part in range(BINS):
            apart += mean[0, part] * mean[1, (part + BINS // 2) % BINS]
            together += mean[0, part] * mean[1, part]
        found[2] = (apart - together) / (apart + together + _FLOOR)
        for k in range(2):
            found[first + 3 * heads + k] = octaves * found[first + heads + k]

    return entry(types.void(types.float64[:, :, ::1], types.float64, types.float64[::1]))(run)
