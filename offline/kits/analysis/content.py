"""What is in a slice: its chord, how much it is in the record's key, its drums; and how well it suits what is wanted.

Judged is what a pad plays first, at most LONGEST_SECONDS of a slice: what chops are compared by. Every moment counts by
its level, so that a hit that dies away in silence is all drums, and silence after a chord is no lack of harmony.

- chord: the one that sounds for more than half of that; chords that differ in their bass only count as one.
- key agreement: the share of the pitch classes that sound, each by how long, that are in the record's key.
- drum content: how much of the sound are hits and what they leave behind: a drum rings for RING_SECONDS, or up to
  TAIL_SECONDS while no chord sounds; hits count by their weights, together as chances that one of them is one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import LONGEST_SECONDS
from samplechop.offline.kits.analysis.event_collectors import Chords, Hits
from samplechop.offline.kits.core.model import Content, Guess, Piece
from samplechop.offline.kits.core.options import Want
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.harmony import harte

EARLY_SECONDS = 0.03
"""A hit so shortly before a slice is the one it was cut at; one so shortly before its end is the next one's."""
RING_SECONDS = (0.25, 0.25, 0.1, 0.35, 0.8)
"""How long a drum of each of DRUMS is heard, about."""
TAIL_SECONDS = 1.0
PROMINENCE = (1.0, 1.0, 0.5, 1.0, 1.0)
"""How much a drum of each of DRUMS says what a hit is: a kick with a hat is a kick."""
STRUCK_SECONDS = 0.06
"""A slice that is a drum hit is hit by then."""
CLEAR = 0.5
"""The share of a slice a chord must sound for."""
SUITABLE: dict[Want, float] = {"harmony": 0.5, "drums": 0.3, "both": 0.0}
"""From which suitability a chop is what is wanted; a drum with another one at the same time still is a drum hit."""
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10, 11)
"""Semitones over the tonic; minor with its leading tone."""

_Weights = NDArray[np.float64]


def describe(detected: DetectedContent, piece: Piece, key: Guess | None, drum: str | None = None) -> Content:
    """Tell what is in a piece of the record; None is what no detector ran for.

    key: the record's. drum: which one it is, see `drum_tag`.
    """
    times, level = _moments(detected, piece.start, piece.stop)
    if not level.any():
        silent = detected.hits is not None
        return Content(hits={} if silent else None, drum_content=0.0 if silent else None)
    label, agreement, hits, amount = None, None, None, None
    if detected.chords is not None:
        label, _ = _chord(detected.chords, times, level)
        agreement = _agreement(detected.chords, times, level, key)
    if detected.hits is not None:
        inside = _inside(detected, detected.hits, piece.start, piece.stop)
        struck = detected.hits.drums[inside]
        counts = np.bincount(struck, minlength=len(DRUMS))
        hits = {name: int(count) for name, count in zip(DRUMS, counts, strict=True) if count}
        amount = round(_drum_content(detected, detected.hits, piece.stop, times, level), 3)
    return Content(label, None if agreement is None else round(agreement, 3), hits, drum, amount)


def suitability(
    detected: DetectedContent, starts: NDArray[np.int64], stops: NDArray[np.int64], want: Want
) -> NDArray[np.float64]:
    """Tell how well each of n slices suits what is wanted: float64 (n,), 0..1; from SUITABLE on it does.

    harmony: the share of the slice its chord sounds for, times what is not drums. drums: the weight of the hit the
    slice begins with, times its share in all hits of the slice, less up to a half for a chord that sounds beside it.
    both: 1. What no detector ran for does not count.
    """
    n = len(starts)
    if want == "both":
        return np.ones(n)
    found = np.zeros(n)
    for index, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        times, level = _moments(detected, start, stop)
        if not level.any():
            continue
        share = 1.0 if want == "harmony" else 0.0
        if detected.chords is not None:
            share = _chord(detected.chords, times, level)[1]
        if want == "harmony":
            drums = 0.0 if detected.hits is None else _drum_content(detected, detected.hits, stop, times, level)
            found[index] = share * (1.0 - drums)
        elif detected.hits is not None:
            found[index] = _struck(detected, detected.hits, start, stop) * (1.0 - share / 2)
    return found


def judged(start: int, stop: int, sample_rate: int) -> tuple[int, int]:
    """Give the part of a slice that is judged, in samples."""
    return start, min(stop, start + round(LONGEST_SECONDS * sample_rate))


def _moments(detected: DetectedContent, start: int, stop: int) -> tuple[NDArray[np.int64], _Weights]:
    """Give the samples in the middle of the level's steps in a slice, one at least, and the level there."""
    start, stop = judged(start, stop, detected.sample_rate)
    begin = start // detected.step
    end = max(begin + 1, -(-stop // detected.step))
    level = detected.level[begin:end].astype(np.float64)
    return np.arange(begin, begin + len(level)) * detected.step + detected.step // 2, level


def _numbers(chords: Chords, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the number of the chord that sounds at each of some samples, -1 for none."""
    if not len(chords.samples):
        return np.full(len(times), -1)
    at = np.searchsorted(chords.samples, times, side="right") - 1
    return np.where(at < 0, -1, chords.numbers[at])


def _chord(chords: Chords, times: NDArray[np.int64], level: _Weights) -> tuple[str | None, float]:
    """Give the label of the chord that sounds most, None where it is not clear, and the share it sounds for, 0..1."""
    numbers = _numbers(chords, times)
    sounding = (numbers >= 0) & (level > 0)
    if not sounding.any():
        return None, 0.0
    weights = np.bincount(numbers[sounding], level[sounding])
    shares: dict[str, float] = {}
    for number in np.flatnonzero(weights).tolist():
        root = chords.labels[number].partition("/")[0]
        shares[root] = shares.get(root, 0.0) + float(weights[number])
    best = max(shares, key=lambda root: shares[root])
    share = min(1.0, shares[best] / float(level.sum()))
    if share <= CLEAR:
        return None, share
    forms = [number for number in np.flatnonzero(weights) if chords.labels[number].partition("/")[0] == best]
    return chords.labels[max(forms, key=lambda number: weights[number])], share


def _agreement(chords: Chords, times: NDArray[np.int64], level: _Weights, key: Guess | None) -> float | None:
    """Give the share of what sounds that is in the key, 0..1; None without a key or where no pitch detected."""
    if key is None:
        return None
    if len(chords.pitch_samples):
        changes, pitches = chords.pitch_samples, chords.pitches
    else:
        changes, pitches = chords.samples, _of_chords(chords)
    at = np.searchsorted(changes, times, side="right") - 1
    known = at >= 0
    weights = level[known] @ pitches[at[known]] if known.any() else np.zeros(12)
    if not weights.any():
        return None
    return float(weights[list(scale(key))].sum() / weights.sum())


def _of_chords(chords: Chords) -> NDArray[np.bool_]:
    pitches = np.zeros((len(chords.numbers), 12), bool)
    for row, number in enumerate(chords.numbers.tolist()):
        chord = harte.parse(chords.labels[number]) if number >= 0 else None
        if chord is not None:
            pitches[row, list(chord.pitch_classes)] = True
    return pitches


def scale(key: Guess) -> Sequence[int]:
    """Give the pitch classes of a key such as "F# minor", from its tonic on, C is 0."""
    tonic, _, mode = key.value.partition(" ")
    chord = harte.parse(tonic)
    if chord is None:
        raise ValueError(f"a key must begin with its tonic, got {key.value!r}")
    return [(chord.root + step) % 12 for step in (_MINOR if mode == "minor" else _MAJOR)]


def _inside(detected: DetectedContent, hits: Hits, start: int, stop: int) -> slice:
    """Find the hits that belong to a slice."""
    early = round(EARLY_SECONDS * detected.sample_rate)
    start, stop = judged(start, stop, detected.sample_rate)
    first, end = np.searchsorted(hits.samples, (start - early, stop - early)).tolist()
    return slice(first, max(first, end))


def _prominence(hits: Hits, inside: slice) -> _Weights:
    return hits.weights[inside] * np.array(PROMINENCE)[hits.drums[inside]]


def _drum_content(detected: DetectedContent, hits: Hits, stop: int, times: NDArray[np.int64], level: _Weights) -> float:
    rings = np.array([round(seconds * detected.sample_rate) for seconds in RING_SECONDS])
    tail = round(TAIL_SECONDS * detected.sample_rate)
    last = min(stop - round(EARLY_SECONDS * detected.sample_rate), int(times[-1]) + detected.step)
    first, end = np.searchsorted(hits.samples, (times[0] - tail, last)).tolist()
    if first >= end:
        return 0.0
    since = times[None] - hits.samples[first:end, None]
    lasting = np.broadcast_to(rings[hits.drums[first:end], None], since.shape)
    if detected.chords is not None:
        lasting = np.where(_numbers(detected.chords, times) < 0, tail, lasting)
    # The step in which a drum is hit has its level, although its middle may lie before the hit.
    sounding = (since > -detected.step) & (since < lasting)
    drums = 1.0 - np.where(sounding, 1.0 - hits.weights[first:end, None], 1.0).prod(axis=0)
    return float(np.clip(drums @ level / level.sum(), 0.0, 1.0))


def _struck(detected: DetectedContent, hits: Hits, start: int, stop: int) -> float:
    """Give the weight of the hit a slice begins with times its drum's share in all hits; 0 if it begins with none."""
    inside = _inside(detected, hits, start, stop)
    begins = hits.samples[inside] < start + round(STRUCK_SECONDS * detected.sample_rate)
    if not begins.any():
        return 0.0
    shares, drums = _prominence(hits, inside), hits.drums[inside]
    strongest, total = int(np.where(begins, shares, -1.0).argmax()), float(shares.sum())
    share = float(shares[drums == drums[strongest]].sum()) / total if total > 0 else 0.0
    return float(hits.weights[inside][strongest]) * share
