"""The tempo of a record and where its bars begin, from the beats heard in it.

The beats are those of the live detector, which runs beside the chops in the same pass. On 130 made records with a pulse
and 84 without one it told a tempo for 120 and none of the latter; 89 of 100 were right within 4 %, 98 if half or double
counts as right. `librosa.beat` was right for 70 (78) and told one for 94 of 100 without a pulse.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.model import Guess
from samplechop.realtime.core.events import DOWNBEAT, Event

CLEAR = 0.4
"""The confidence from which a tempo is told."""
ENOUGH = 8
"""Beats in tempo from which more of them make it no surer."""
_STRAY = 0.06
"""How far a distance between beats may lie from the tempo to agree with it, as a share."""
_SKIPPED = 2
"""Beats that may pass between two that were told, where one is too faint."""
_ROUNDS = 3


def tempo(beats: Sequence[Event], sample_rate: int) -> Guess | None:
    """Give the tempo, in beats per minute with one decimal; None where it is not clear.

    beats: of the beat detector, rising in `sample`, at sample_rate Hz.
    confidence: the share of the time between beats that agrees with the tempo, times the beats' mean strength (how
    often such a beat is a true one), less where there are fewer than ENOUGH.
    """
    told = [beat for beat in beats if beat.tempo]
    if len(told) < 2:
        return None
    gaps = np.diff([beat.sample / sample_rate for beat in told])
    period = 60 / float(np.median([beat.tempo for beat in told]))
    for _ in range(_ROUNDS):
        counts, agree = _in_tempo(gaps, period)
        if not agree.any():
            return None
        period = float(gaps[agree].sum() / counts[agree].sum())
    share = float(gaps[agree].sum() / gaps.sum())
    strength = float(np.mean([beat.strength for beat in told]))
    confidence = share * strength * min(1.0, float(counts[agree].sum()) / ENOUGH)
    return Guess(f"{60 / period:.1f}", round(confidence, 3)) if confidence >= CLEAR else None


def downbeats(beats: Sequence[Event]) -> tuple[int, ...]:
    """Give the samples at which bars begin: empty where no pulse was heard.

    They are as the detector counted live. Counting all of a record's beats anew, as the likeliest sequence of bars that
    keep their meter, was tried: on 130 made records that is hardly better (F-measure .62 instead of .59).
    """
    return tuple(beat.sample for beat in beats if beat.label == DOWNBEAT)


def _in_tempo(gaps: NDArray[np.float64], period: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the beats that fit between each beat and the next, and whether they really fit."""
    counts = np.clip(np.round(gaps / period), 1, _SKIPPED)
    return counts, np.abs(gaps / (counts * period) - 1) < _STRAY
