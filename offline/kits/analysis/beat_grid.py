"""The beats of a whole record: before those that were tracked, too, and from end to end of a loop.

    sound      ▕▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▏
    tracked              ·   ·   1   2   3   4   1        the stream settles after some seconds
    whole       1   2    3   4   1   2   3   4   1        by period and position in the bar of the first stable beats

Live a beat can only be given once it is sure; of a file all is there. The grid goes back from the first beats in tempo
to where sound begins, beat by beat, and ends before a bar in which nothing is struck near any of its beats.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.tempo_and_key import beats_per_bar
from samplechop.realtime.core.events import Event

STABLE = 4
"""Beats in tempo, one after the other, by which the grid before them is known."""
FITTED = 12
"""Beats, at most, that period and phase are fitted to."""
STRAY = 0.1
"""How far a distance between beats may lie from the tempo to be in tempo, as a share."""
NEAR = 0.15
"""How far from a beat an attack is one of that beat, in beats."""
MOST_IN_LOOP = 128
"""Beats in a loop at most: of a longer record any length is nearly some whole number of beats."""
LOOP_ERROR = 0.1
"""Beats by which a loop's length may differ from a whole number of them."""


def whole(
    beats: Sequence[Event], attacks: Sequence[int], first: int, last: int, sample_rate: int, begins: bool
) -> tuple[Event, ...]:
    """Give the beats of the samples first..last of a record, continued to where its sound begins.

    beats: as they were tracked, rising. attacks: samples at which something is struck, rising. begins: whether sound
    begins with the sample `first`. A loop, whose length is a whole number of beats, begins with a bar, and its end is
    the beginning of the next. What is made has strength and tempo of the beats that it was made by.
    """
    found = _stable(beats)
    if found is None:
        return tuple(beats)
    at, period, phase, meter = found
    position = int(beats[at].label or 1)
    if begins and (loop := _even(first, last, period, phase, meter, beats[at], sample_rate)):
        return loop
    near = NEAR * period
    begin = first if begins else next((sample for sample in attacks if sample >= first), last)
    grid, empty = [], 0
    struck = np.asarray(attacks, np.float64)
    for back in range(1, int((phase - begin + near) // period) + 1):
        place = phase - back * period
        hit = place - first <= near if begins else False
        hit = hit or bool(len(struck) and np.abs(struck - place).min() <= near)
        empty = 0 if hit else empty + 1
        grid.append((max(first, round(place)), (position - 1 - back) % meter + 1))
        if empty >= meter:
            break
    del grid[len(grid) - empty :]
    return (*_made(grid[::-1], beats[at], 60 * sample_rate / period), *beats[at:])


def of_loop(beats: Sequence[Event], first: int, last: int, sample_rate: int) -> tuple[Event, ...]:
    """Give the beats of a loop, the samples first..last, evenly; none where it does not have whole bars.

    beats: some that were tracked while it was played on end, the first of them at any of its beats.
    """
    found = _stable(beats)
    if found is None:
        return ()
    at, period, phase, meter = found
    return _even(first, last, period, phase, meter, beats[at], sample_rate)


def _stable(beats: Sequence[Event]) -> tuple[int, float, float, int] | None:
    """Find the first beats in tempo: index of the first, period and its own place in samples, beats in a bar."""
    places = np.array([beat.sample for beat in beats], np.float64)
    gaps = np.diff(places)
    for at in range(len(gaps) - STABLE + 2):
        usual = float(np.median(gaps[at : at + STABLE - 1]))
        count = _in_tempo(gaps[at:], usual)
        if count >= STABLE - 1 and usual > 0:
            fitted = places[at : at + min(count + 1, FITTED)]
            period, phase = np.polyfit(np.arange(len(fitted)), fitted, 1)
            return at, float(period), float(phase), beats_per_bar(beats[at:])
    return None


def _in_tempo(gaps: NDArray[np.float64], period: float) -> int:
    """Count the gaps, from the first on, that are as long as the period."""
    off = np.flatnonzero(np.abs(gaps / max(period, 1.0) - 1) > STRAY)
    return int(off[0]) if len(off) else len(gaps)


def _loop_beats(first: int, last: int, period: float, phase: float, meter: int) -> int:
    """Give how many beats a loop has, 0 for what is none: whole bars, on whose beats the tracked ones lie, or halfway
    between them, where off-beats were taken for beats.
    """
    exact = (last - first) / period
    count = round(exact)
    if not 0 < count <= MOST_IN_LOOP or count % meter or abs(exact - count) > LOOP_ERROR * max(1.0, count / 16):
        return 0
    even = (last - first) / count
    off = (phase - first) / even
    return count if abs(2 * off - round(2 * off)) <= 2 * NEAR else 0


def _even(
    first: int, last: int, period: float, phase: float, meter: int, like: Event, sample_rate: int
) -> tuple[Event, ...]:
    """Give the beats of a loop, none for what is none."""
    count = _loop_beats(first, last, period, phase, meter)
    if not count:
        return ()
    even = (last - first) / count
    grid = [(first + round(number * even), number % meter + 1) for number in range(count)]
    return _made(grid, like, 60 * sample_rate / even)


def _made(grid: Sequence[tuple[int, int]], like: Event, tempo: float) -> tuple[Event, ...]:
    return tuple(
        replace(like, sample=place, emitted=place, label=str(position), tempo=tempo) for place, position in grid
    )
