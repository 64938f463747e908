"""The tempo map of a record, from its beats: with as few changes of tempo as they need.

Beats are detected some hundredths of a second off, and a change of tempo at each would be noise. They are smoothed by
medians of those around them, but not across a change of tempo (as by Kuwahara's filter, 1976); what then lies on one
line within TOLERANCE has one tempo. Where it does not, the line is broken at the beat that is farthest off (Ramer 1972;
Douglas and Peucker 1973). What a person said of places holds exactly.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.tempo_and_key import beat_numbers, beats_per_bar
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.kits.core.tempo_map import Meter, Stretch, TempoMap
from samplechop.realtime.core.events import DOWNBEAT, Event

TOLERANCE = 0.02
"""Seconds that a smoothed beat may lie beside the map."""
NEIGHBOURS = 8
"""Beats before and after by which one is smoothed."""
IN_LINE, SHARE, FEWEST = 0.03, 0.75, 4
"""Seconds that beats in line may lie beside it, the share of those around one that must, and how many at least."""
STEADY = 0.95
"""Share of the beats that one tempo must fit for the record to have no other."""
LEAST_LEAD = 0.5
"""Of a beat: what lies before the first beats is one of the timeline, from so much to one more."""
SAME = 0.0005
"""Seconds by which a tempo of fewer decimals may miss a place that was said, or the end of its stretch."""
HEARD_AS_SAME = 0.005
"""Seconds by which one tempo of fewer decimals may move beats that were detected, as may a record's beginning."""
NEXT = 0.1
"""Seconds that a beat may lie beside a place that was said: bars that were said move tempi that were."""
TRUSTED = 0.03
"""Seconds that a place that was said may lie beside its smoothed beat for those around to follow it."""
DECIMALS = 6
FASTEST = 999.0
"""Beats per minute."""

Line = NDArray[np.float64]


def tempo_map(
    beats: Sequence[Event],
    tempo: Guess | None,
    sample_rate: int,
    ones: Sequence[int] = (),
    changes: Sequence[int] = (),
) -> TempoMap | None:
    """Give the tempo map of a record, None where no tempo is clear.

    beats: rising in `sample`. tempo: of the record, which it has throughout where it fits. ones, changes: samples at
    which somebody said that a bar or another tempo begins; the beats next to them hold exactly.
    """
    timed = [beat for beat in beats if beat.tempo]
    if tempo is None or len(timed) < 2:
        return None
    counts = np.array(beat_numbers(timed, sample_rate), np.float64)
    places = np.array([beat.sample for beat in timed], np.float64) / sample_rate
    away = np.abs(places - np.array([*ones, *changes], np.float64)[:, None] / sample_rate)
    said = np.unique(away.argmin(axis=1)[away.min(axis=1) <= NEXT])
    usual = None if len(changes) else 60 / float(tempo.value)
    knots = _line(counts.tobytes(), places.tobytes(), tuple(said.tolist()), usual)
    offset, knots = _from_beginning(knots)
    downbeats = [int(count) + offset for count, beat in zip(counts, timed, strict=True) if beat.label == DOWNBEAT]
    return TempoMap(sample_rate, tuple(_stretches(knots, sample_rate)), tuple(_meters(downbeats, beats_per_bar(timed))))


@lru_cache(maxsize=4)
def _line(counts: bytes, places: bytes, said: tuple[int, ...], usual: float | None) -> Line:
    """Give the knots of the beats, see `_steady` and `_knots`; kept, as other kits of a record mostly have its beats.

    counts, places: as bytes. usual: None where somebody said that tempi change.
    """
    beats, seconds, exact = np.frombuffer(counts), np.frombuffer(places), np.array(said, np.int64)
    knots = None if usual is None else _steady(beats, seconds, exact, usual)
    knots = _knots(beats, seconds, exact) if knots is None else knots
    knots.flags.writeable = False
    return knots


def _steady(counts: Line, places: Line, said: NDArray[np.int64], usual: float) -> Line | None:
    """Give the two knots of one tempo, None where the beats have several.

    counts: of the beats; places: of theirs, seconds, those of the indices `said` exactly. usual: seconds from beat to
    beat, which is taken before another that fits. Knots are rows (count, seconds).
    """
    smooth = _smoothed(counts, places)
    fitted = np.polyfit(counts, smooth, 1)
    near = np.abs(smooth - np.polyval(fitted, counts)) <= 2 * TOLERANCE
    if near.sum() >= 2:
        fitted = np.polyfit(counts[near], smooth[near], 1)
    for period in (usual, _rounded(float(fitted[0]), float(counts[-1]))):
        phases = (smooth - period * counts) if not len(said) else (places - period * counts)[said]
        phase = float(np.median(phases))
        lead = phase - period * round(phase / period)
        if not len(said) and abs(lead) <= HEARD_AS_SAME:
            phase -= lead
        held = not len(said) or np.abs(phases - phase).max() <= SAME
        if held and np.mean(np.abs(smooth - period * counts - phase) <= TOLERANCE) >= STEADY:
            ends = counts[[0, -1]]
            return np.stack([ends, phase + period * ends], axis=1)
    return None


def _rounded(period: float, beats: float) -> float:
    """Give a period, in seconds, of a tempo of as few decimals as will do for so many beats."""
    tempi = (round(60 / period, decimals) for decimals in range(DECIMALS))
    periods = (60 / one for one in tempi if one)
    return next((one for one in periods if abs(one - period) * beats / 2 <= HEARD_AS_SAME), period)


def _smoothed(counts: Line, places: Line) -> Line:
    """Give each place as beats around it say that lie on one line: around it, else before it, or after it.

    One that lies beside the line of those around it is astray; where none of them are in line it stays where it is.
    """
    smooth, left = places.copy(), np.arange(len(places))
    for before, after in ((NEIGHBOURS, NEIGHBOURS), (NEIGHBOURS, 0), (0, NEIGHBOURS)):
        near_counts, near = _windows(counts, before, after)[left], _windows(places, before, after)[left]
        half = (before + after) // 2  # far apart, or what is detected beside its place would tilt the line
        periods = (near[:, half:] - near[:, :-half]) / (near_counts[:, half:] - near_counts[:, :-half])
        said = near - _median(periods)[:, None] * (near_counts - counts[left, None])
        line = _median(said)
        off = np.abs(said - line[:, None])
        fits = (off <= IN_LINE).sum(axis=1) >= np.maximum(SHARE * np.isfinite(off).sum(axis=1), FEWEST)
        if before != after:
            fits &= np.abs(places[left] - line) <= IN_LINE
        smooth[left[fits]] = line[fits]
        left = left[~fits]
    return np.maximum.accumulate(smooth)


def _windows(values: Line, before: int, after: int) -> Line:
    """Give for each of the values, (n,), those around it: (n, before + 1 + after), NaN beyond the ends."""
    return sliding_window_view(np.pad(values, (before, after), constant_values=np.nan), before + 1 + after)


def _median(rows: Line) -> Line:
    """Give the median of each row, (n,), of what is known in it: of two in the middle the lower."""
    known = np.isfinite(rows).sum(axis=1)
    return np.sort(rows, axis=1)[np.arange(len(rows)), np.maximum(known - 1, 0) // 2]


def _knots(counts: Line, places: Line, said: NDArray[np.int64]) -> Line:
    """Give the knots of a line with breaks, in order: rows (count, seconds)."""
    ends = np.unique([0, *said.tolist(), len(counts) - 1])
    found: dict[float, float] = {}
    for first, last in pairwise(ends.tolist()):
        part = slice(first, last + 1)
        smooth = _smoothed(counts[part], places[part])
        off = {end: float(places[at] - smooth[end]) for end, at in ((0, first), (-1, last)) if at in said}
        near = [by for by in off.values() if abs(by) <= TRUSTED]
        if near:
            smooth += np.interp(counts[part], counts[[first, last]], [near[0], near[-1]])
        for end in off:
            smooth[end] = places[part][end]
        for at in _breaks(counts[part], smooth):
            found[float(counts[part][at])] = float(smooth[at])
    return np.array(sorted(found.items()))


def _breaks(counts: Line, places: Line) -> list[int]:
    """Give the indices between which straight lines pass every place within TOLERANCE."""
    kept, open_parts = [0, len(counts) - 1], [(0, len(counts) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        inside = slice(first, last + 1)
        ends = [first, last]
        off = np.abs(places[inside] - np.interp(counts[inside], counts[ends], places[ends]))
        worst = first + int(off.argmax())
        if off.max() > TOLERANCE:
            kept.append(worst)
            open_parts += [(first, worst), (worst, last)]
    return kept


def _from_beginning(knots: Line) -> tuple[int, Line]:
    """Give by how much the timeline counts further than the knots, and its own: the first is beat 0, at 0 seconds.

    Its first beat lasts until the first of the record that is at least LEAST_LEAD of a beat away.
    """
    counts, places = knots.T.copy()
    period = (places[1] - places[0]) / (counts[1] - counts[0])
    offset = math.floor(places[0] / period + 1 - LEAST_LEAD)
    counts += offset
    end = float(np.interp(1, counts, places)) if counts[0] < 1 else places[0] - (counts[0] - 1) * period
    after = 1 + np.flatnonzero(counts[1:] > 1)
    later = np.stack([counts[after], places[after]], axis=1) if len(after) else np.array([[2, end + period]])
    if abs(end - (later[0, 1] - end) / (later[0, 0] - 1)) <= SAME:  # it is no longer than those after it
        return offset, np.concatenate([[[0, 0]], later])
    return offset, np.concatenate([[[0, 0], [1, end]], later])


def _stretches(knots: Line, sample_rate: int) -> Iterator[Stretch]:
    """Give what lies between the knots, in tempi of as few decimals as will do."""
    at = 0.0
    for (count, begin), (then, place) in pairwise(knots.tolist()):
        beats = then - count
        tempi = (round(60 * beats / max(place - begin, 60 * beats / FASTEST), decimals) for decimals in range(DECIMALS))
        near = (one for one in tempi if one and abs(begin + 60 * beats / one - place) <= SAME)
        bpm = next((one for one in near if abs(at + 60 * beats / one - place) <= 2 * SAME), None)
        bpm = bpm or 60 * beats / max(place - at, 60 * beats / FASTEST)
        yield Stretch(at * sample_rate, int(count), bpm)
        at += 60 * beats / bpm


def _meters(downbeats: Sequence[int], usual: int) -> Iterator[Meter]:
    """Give the lengths of bars, where they change. downbeats: beats of the timeline, rising. usual: beats in a bar.

    Before the first downbeat bars are as usual, but for what is left before them.
    """
    first = next((beat for beat in downbeats if beat >= 0), 0)
    starts = [*range(first % usual, first, usual), *(beat for beat in downbeats if beat >= 0)] or [0]
    if starts[0]:
        starts.insert(0, 0)
    now = 0
    for start, then in pairwise([*starts, starts[-1] + usual]):
        while start < then:
            # Where no bar was found for long, there are some of usual length.
            length = then - start if then - start < 2 * usual else usual
            if length != now:
                yield Meter(start, length)
            start, now = start + length, length
