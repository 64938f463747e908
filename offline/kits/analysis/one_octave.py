"""One octave for the tempo of a whole recording.

Live the octave is decided while the music plays, from what was played until then; of a file all is there. Where most of
it holds one tempo, its octave is the one that is likeliest over all tracked beats, and beats that were given at another
octave are brought to it: amid slower ones others are put, of faster ones every second is kept.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np

from samplechop.offline.kits.analysis.tempo_and_key import beats_per_bar
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.octave_evidence import OPEN, UNLIKELY, PulseOdds

SAME = 0.1
"""Octaves by which tempi of one music may differ, but for whole octaves."""
MOST = 0.5
"""Share of tracked beats that must have the same tempo, but for the octave."""
_PARTS = 24
"""Of an octave, in which the most frequent tempo is searched."""


def one_octave(
    beats: Sequence[Event], odds: Sequence[PulseOdds], open_octave: int, sample_rate: int
) -> tuple[tuple[Event, ...], int]:
    """Give a recording's beats at one octave, and the octaves from there to a tempo nearly as likely, 0 for none.

    beats: of the beat detector, rising. odds, open_octave: as it has them at the end; what is given where there is no
    one tempo. sample_rate: Hz, of the beats' places.
    """
    found = _octave(odds)
    if found is None:
        return tuple(beats), open_octave
    height, open_octave = found
    shifts = [_shift(beat, height) for beat in beats]
    stretches: list[list[Event]] = []
    for shift, group in groupby(range(len(beats)), key=shifts.__getitem__):
        places = list(group)
        own = [beats[place] for place in places]
        after = beats[places[-1] + 1] if places[-1] + 1 < len(beats) else None
        before = stretches[-1][-1] if stretches and stretches[-1] else None
        if shift:
            own = (
                _faster(own, after, shift, sample_rate)
                if shift > 0
                else _slower(own, before, after, shift, sample_rate)
            )
        stretches.append(own)
    return tuple(beat for stretch in stretches for beat in stretch), open_octave


def at_octave(beats: Sequence[Event], shift: int, sample_rate: int) -> Sequence[Event]:
    """Give beats as they were if their tempo were so many octaves higher."""
    if not shift or not beats:
        return beats
    if shift > 0:
        return _faster(list(beats), None, shift, sample_rate)
    return _slower(list(beats), None, None, shift, sample_rate)


def as_named(named: Sequence[Event], beats: Sequence[Event], sample_rate: int) -> Sequence[Event]:
    """Give the beats of a tempo that somebody named: those that were detected at that octave, with their bars, where
    there is one between.

    On a beat between two tracked ones nothing tells where a bar begins, and of every second one little which they are.
    """
    tempi = [[one.tempo for one in some if one.tempo] for some in (named, beats)]
    if not all(tempi):
        return named
    between = math.log2(np.median(tempi[0]) / np.median(tempi[1]))
    shift = round(between)
    return at_octave(beats, shift, sample_rate) if shift and abs(between - shift) <= SAME else named


def _octave(odds: Sequence[PulseOdds]) -> tuple[float, int] | None:
    """Find the tempo that most of a recording has, logarithm to base 2; with the octaves to one nearly as likely."""
    if not odds:
        return None
    heights = np.log2([one.bpm for one in odds])
    chances = np.array([one[1:] for one in odds])
    counts = np.bincount(np.floor(heights % 1 * _PARTS).astype(int), minlength=_PARTS)
    near = counts + np.roll(counts, 1) + np.roll(counts, -1)
    middle = (int(near.argmax()) + 0.5) / _PARTS
    off = (heights - middle + 0.5) % 1 - 0.5
    own = np.abs(off) <= SAME
    if own.sum() < MOST * len(odds):
        return None
    middle += float(off[own].mean())
    levels = np.round(heights[own] - middle).astype(int)
    means = {}
    for level in range(levels.min() - 1, levels.max() + 2):
        over = level - levels
        inside = np.abs(over) <= 1
        each = np.where(inside, chances[own][np.arange(len(levels)), np.clip(over, -1, 1) + 1], UNLIKELY)
        means[level] = float(each.mean())
    first, *others = sorted(means, key=means.__getitem__, reverse=True)
    other = others[0] - first if means[others[0]] > means[first] - OPEN else 0
    return middle + first, other


def _shift(beat: Event, height: float) -> int:
    """Give the octaves from a beat's tempo to that of the recording; 0 for another tempo."""
    if not beat.tempo:
        return 0
    over = height - math.log2(beat.tempo)
    return round(over) if abs(over - round(over)) <= 1.5 * SAME else 0


def _faster(beats: Sequence[Event], after: Event | None, shift: int, rate: int) -> list[Event]:
    """Put beats amid others, evenly; bars are as many beats long as before, and so more of them."""
    parts, meter, found = 2**shift, beats_per_bar(beats), []
    following = [*beats[1:], after]
    for beat, then in zip(beats, following, strict=True):
        period, position = 60 * rate / float(beat.tempo or 0), int(beat.label or 1) - 1
        length = then.sample - beat.sample if then is not None else period
        length = length if 0.5 * period < length < 1.5 * period else period
        for part in range(parts):
            ahead = round(length * part / parts)
            found.append(
                replace(
                    beat,
                    sample=beat.sample + ahead,
                    emitted=beat.emitted + ahead,
                    tempo=float(beat.tempo or 0) * parts,
                    label=str((position * parts + part) % meter + 1),
                    rephased=beat.rephased and part == 0,
                )
            )
    return found


def _slower(beats: Sequence[Event], before: Event | None, after: Event | None, shift: int, rate: int) -> list[Event]:
    """Keep one of so many beats, the one on which most bars begin; they are counted as the beats beside them are."""
    every, meter = 2**-shift, beats_per_bar(beats)
    numbers = [0]
    for last, beat in pairwise(beats):
        periods = (beat.sample - last.sample) / rate * float(beat.tempo or 0) / 60
        numbers.append(numbers[-1] + max(1, round(periods)))
    bars = [0.0] * every
    for number, beat in zip(numbers, beats, strict=True):
        bars[number % every] += beat.label == "1"
    kept = bars.index(max(bars))
    own = [(number // every, beat) for number, beat in zip(numbers, beats, strict=True) if number % every == kept]
    if not own:
        return []
    if after is not None:
        at, position = own[-1][0] + 1, int(after.label or 1)
    elif before is not None:
        at, position = own[0][0] - 1, int(before.label or 1)
    else:
        at, position = next((number for number, beat in own if beat.label == "1"), own[0][0]), 1
    return [
        replace(beat, tempo=float(beat.tempo or 0) / every, label=str((position - 1 + number - at) % meter + 1))
        for number, beat in own
    ]
