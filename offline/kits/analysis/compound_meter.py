"""Whether the beats of a record are divided in three where its pulse was tracked as if they were divided in two.

    eighths   ┃·┃·┃·┃·┃·┃·┃·┃·┃·┃·┃·┃      6/8 at 70: kick and snare are a bar of six eighths apart, the other one amid
    kick      ┃           ┃
    snare           ┃           ┃
    tracked   ┃   ┃   ┃   ┃   ┃   ┃        105: every second eighth; or 210, every one
    beats     ┃     ┃     ┃     ┃          70

What the net says of beats favours neither: every eighth is struck, and of tempi 105 is the more usual one. But kick and
snare alternate after three steps of six, of the tracked pulse or of its halves; in bars of two, three or four they
come round to all of the six, or to three of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samplechop.offline.kits.analysis.pulse_path import PulsePath, likeliest_path
from samplechop.realtime.detectors.beats.tracker import REACH

DRUMS = "kick", "snare"
"""The heads that are asked: where they tell of such beats, they lie on them."""
RATIOS = {3.0: (1, 0.38), 1.5: (2, 0.4)}
"""How many times the tracked tempo may be that of the beats: steps in a tracked beat, and the alternation asked for."""
SLOWEST, FASTEST = 40.0, 120.0
"""Beats per minute that are divided in three."""
NEAR = 1.12
"""Ratio by which the pulse that is searched then may be faster or slower."""
_SIX, _CYCLES = 6, 6
_LEAST = 0.12
"""The mean height of kick or snare, at all six steps together, under which nothing is told."""


def compound_tempo(
    activations: NDArray[np.float32], heads: Sequence[str], places: NDArray[np.float64], frame_rate: float
) -> float | None:
    """Give the tempo of beats that are divided in three, beats per minute; None where kick and snare tell of none.

    activations: of a record's frames, frame_rate a second, float32 (n, heads), 0..1. places: of its tracked beats, in
    frames, rising.
    """
    if len(places) < 2 or not set(DRUMS) <= set(heads):
        return None
    kick, snare = (ndimage.maximum_filter1d(activations[:, heads.index(head)], 2 * REACH + 1) for head in DRUMS)
    bpm, found = 60 * frame_rate / float(np.median(np.diff(places))), {}
    for ratio, (steps, asked) in RATIOS.items():
        if SLOWEST <= bpm / ratio <= FASTEST:
            found[bpm / ratio] = alternation(kick, snare, places, steps) / asked
    best = max(found, key=found.__getitem__, default=0.0)
    return best if best and found[best] >= 1 else None


def compound_path(activations: NDArray[np.float32], heads: Sequence[str], bpm: float, frame_rate: float) -> PulsePath:
    """Give the likeliest beats of about a tempo that kick and snare told of: so they say, too, where these lie."""
    drums = activations[:, [heads.index(head) for head in DRUMS]].max(axis=1)
    return likeliest_path((activations[:, heads.index("beat")] + drums) / 2, frame_rate, (bpm / NEAR, bpm * NEAR))


def alternation(
    kick: NDArray[np.float32], snare: NDArray[np.float32], places: NDArray[np.float64], steps: int
) -> float:
    """Say how far kick and snare alternate after three steps of six, 0..1: 0 where each is loudest at others.

    kick, snare: how high they are near each frame. steps: into which every tracked beat is divided.
    """
    beats = len(places) - 1
    cycles = beats * steps // _SIX
    if cycles < _CYCLES // 2:
        return 0.0
    at = np.interp(np.arange(cycles * _SIX) / steps, np.arange(len(places)), places)
    frames = np.minimum((at + 0.5).astype(np.int64), len(kick) - 1)
    each = np.stack([kick[frames], snare[frames]]).reshape(2, cycles, _SIX)
    told = []
    # Where the pulse slips, six steps begin elsewhere: parts of the record are asked one by one.
    for part in np.array_split(each, max(1, round(cycles / _CYCLES)), axis=1):
        kicks, snares = part.mean(axis=1)
        total = float(kicks.sum() + snares.sum())
        if total >= _LEAST * _SIX:
            kick_at, snare_at = int(kicks.argmax()), int(snares.argmax())
            # Where others are louder, as all of 2, its off-beat and 3 in a waltz, what alternates is no beat.
            alternate = (snare_at - kick_at) % _SIX == _SIX // 2
            told.append(2 * float(np.sqrt(kicks[kick_at] * snares[snare_at])) / total if alternate else 0.0)
    return float(np.median(told)) if told else 0.0
