"""Whether the beat lies an octave above or below the tracked pulse, from what drums do between its beats.

A tracked pulse is often half or twice the tempo that listeners tap. What tells: how fast the pulse is (tempi near 110
BPM are likelier than others), after how many of its beats the snare and the kick come again (a backbeat comes every
second beat), whether they fall between its beats, and how dense all attacks are (on the periodicities that tell, see
Peeters, "Time variable tempo detection and beat marking", ICMC 2005; on preferred tempo, Moelants, ICMPC 2002).

Activations are folded over the beat: a mean profile, and what of it alternates from beat to beat, or turns over four.
A multinomial logistic regression on what they say gives each octave its log-odds.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    frame_rate: frames per second. low_bpm, high_bpm: what the beat's tempo may be. weights: as `log_odds` takes them.
    """

    def __init__(
        self,
        frame_rate: float,
        low_bpm: float,
        high_bpm: float,
        weights: NDArray[np.float64],
        shared: tuple[Ring, Sequence[int]] | None = None,
    ) -> None:
        """Begin with none. shared: where activations are remembered, LONGEST frames at least before those of a block,
        and the columns of HEADS; None if they come by `push`. Who shares them sets `frames`.
        """
        self._weights = weights
        self._frame_rate, self._low, self._high = frame_rate, low_bpm, high_bpm
        self._own = shared is None
        self._recent, self._columns = (Ring(len(HEADS), LONGEST), range(len(HEADS))) if shared is None else shared
        self._one, self._two = np.zeros((2, len(HEADS), BINS))
        self._four = np.zeros((len(HEADS), BINS), np.complex128)
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
        self._one.fill(0)
        self._two.fill(0)
        self._four.fill(0)
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
        self._fold(before, length)
        if self.beats >= ENOUGH:
            now, last = log_odds(self.features(), self._weights), self._before
            self._before = now
            if self.beats == ENOUGH:
                return self.octave
            # Over an odd number of beats what alternates is not in balance: two beats decide together.
            odds, possible = (now + last) / 2, self._possible()
            best = max(possible, key=lambda octave: odds[octave + 1])
            margin = min(MARGIN + RISE * self._held, MOST_MARGIN)
            if self.octave not in possible or odds[best + 1] > odds[self.octave + 1] + margin:
                self.octave = best
            self._held += 1
            chances = np.full(3, UNLIKELY)
            for one in possible:
                chances[one + 1] = odds[one + 1] - np.logaddexp.reduce([odds[other + 1] for other in possible])
            self.odds.append(PulseOdds(60 * self._frame_rate / period, *np.maximum(chances, UNLIKELY).tolist()))
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
        odds = log_odds(self.features(), self._weights)
        best = max(others, key=lambda octave: odds[octave + 1], default=self.octave)
        return best - self.octave if odds[best + 1] > odds[self.octave + 1] - OPEN else 0

    def _fold(self, place: float, length: float) -> None:
        """Add the activations of one beat, from its place on, to the profiles."""
        early = place - EARLY * length
        frames = np.arange(max(math.ceil(early), self.frames - LONGEST, 0), math.ceil(early + length))
        part = np.clip(np.floor((frames - early) / length * BINS).astype(int), 0, BINS - 1)
        profile = np.zeros((BINS, len(HEADS)))
        rows = self._recent.rows
        np.maximum.at(profile, part, rows[(frames % len(rows))[:, None], self._columns])
        self.beats += 1
        share, turn = 1 / min(self.beats, MEMORY), self.beats % 4
        self._one += share * (profile.T - self._one)
        self._two += share * (profile.T * (1, -1, 1, -1)[turn] - self._two)
        self._four += share * (profile.T * (1, 1j, -1, -1j)[turn] - self._four)

    def features(self) -> NDArray[np.float64]:
        """[analysis] Give what the profiles say, float64 (len(FEATURES),)."""
        octaves = math.log2(60 * self._frame_rate / self._period / _CENTRE_BPM)
        tops = self._one.max(axis=1) + _FLOOR
        energy = (self._one**2).sum(axis=1) + _FLOOR**2
        alternating, turning = (self._two**2).sum(axis=1) / energy, (np.abs(self._four) ** 2).sum(axis=1) / energy
        half = self._one[:, BINS // 2] / tops
        kick, snare, onset = self._one[:3]
        apart, together = float(kick @ np.roll(snare, BINS // 2)), float(kick @ snare)
        others = [
            (apart - together) / (apart + together + _FLOOR),
            onset[1::2].mean() / tops[2],
            *((self._one[:3, 2] + self._one[:3, 6]) / (2 * tops[:3])),
        ]
        paced = octaves * alternating[:2]
        return np.array([octaves, octaves**2, *others, *half, *alternating, *turning, *paced])


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


def log_odds(features: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the log-odds of the octaves -1, 0 and 1, but for a constant: float64 (3,).

    weights: of each feature, and the constant, for each octave, float64 (3, len(FEATURES) + 1).
    """
    return np.asarray(weights[:, :-1] @ features + weights[:, -1])
