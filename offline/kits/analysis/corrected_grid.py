"""A person's corrections of the beat grid, on top of the beats that were detected: those may change with the model.

    detected       1  2  3  4  1  2  3  4  1     tempo   ×2, ÷2: beats between them, or every second;
    ÷2             1     2     3     4     1             said or tapped: even beats, whatever was detected
    shift 1 beat   4  1  2  3  4  1  2  3  4     shift   all later by samples, or counted from another beat
    one at ↑        3  4  1  2  3  4  1  2       one     a bar begins there, and the beats around follow it, from the
                          ↑                              one said before to the next

In this order: tempo, shift, meter; then what was said of places, which counts more: changes of tempo, where bars begin.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from samplechop.offline.kits.analysis.one_octave import at_octave
from samplechop.offline.kits.analysis.tempo_and_key import beat_numbers, beats_per_bar
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.project.model import Grid
from samplechop.offline.project.values import BPM
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DOWNBEAT, Event

Beats = tuple[Event, ...]


def corrected(
    beats: Sequence[Event], tempo: Guess | None, grid: Grid, first: int, last: int, origin: int, sample_rate: int
) -> tuple[Beats, Guess | None]:
    """Give the beats of the samples first..last of a record as a person corrected them, and its tempo.

    beats: as detected, rising. tempo: as detected, None where it is not clear: then there are beats only from where the
    grid says how fast they are. origin: the sample from which beats of a said tempo are counted where none were
    detected. The tempo is the one that lasts longest. Without corrections both are given as they came, as also where
    there is no tempo at all. Raises UserError for taps that are too fast or too slow.
    """
    said, phase = _said(grid, beats, origin, sample_rate)
    if grid == Grid() or (tempo is None and said is None and not grid.changes):
        return tuple(beats), tempo
    part = _Part(first, last, grid.beats_per_bar or beats_per_bar(beats), sample_rate)
    found: Beats = ()
    if said is not None:
        found, tempo = part.even(phase + grid.shift, said, first, last), Guess(_text(said), 1.0)
    elif tempo is not None:
        found = tuple(beats)
        if grid.factor != 1:
            found = tuple(at_octave(found, round(math.log2(grid.factor)), sample_rate))
            tempo = Guess(_text(float(tempo.value) * grid.factor), tempo.confidence)
        found = part.shifted(found, grid.shift)
    if grid.beats_per_bar is not None:
        found = part.counted(found)
    if grid.shift_beats:
        found = tuple(part.labelled(beat, int(beat.label or 1) - grid.shift_beats) for beat in found)
    for change, then in pairwise([*grid.changes, None]):
        if change is not None:
            found = part.changed(found, change.at, last if then is None else then.at, change.bpm)
    return part.with_ones(found, [one for one in grid.ones if first <= one < last]), _longest(tempo, grid, first, last)


def _said(grid: Grid, beats: Sequence[Event], origin: int, sample_rate: int) -> tuple[float | None, float]:
    """Give the beats per minute that were said or tapped, None where none were, and the sample of one that begins a
    bar.
    """
    if not grid.taps:
        phase = next((beat.sample for beat in beats if beat.label == DOWNBEAT), origin)
        return None if grid.bpm is None else grid.bpm * grid.factor, phase
    taps = np.array(grid.taps, np.float64)
    gaps = np.diff(taps)
    # A tap that was left out is a gap of two beats.
    numbers = np.concatenate([[0], np.cumsum(np.maximum(1, np.round(gaps / np.median(gaps))))])
    period, start = np.polyfit(numbers, taps, 1)
    bpm = 60 * sample_rate / period
    if not BPM[0] <= bpm <= BPM[1]:
        raise UserError(f"the tapped tempo is {bpm:.0f} beats per minute, it must be in {BPM[0]:g}..{BPM[1]:g}")
    return bpm * grid.factor, float(start)


def _text(bpm: float) -> str:
    """Write a tempo as people do: one decimal, more where it has more."""
    return max(f"{bpm:.1f}", f"{round(bpm, 3):g}", key=len)


def _longest(tempo: Guess | None, grid: Grid, first: int, last: int) -> Guess | None:
    """Give the tempo that most of the samples first..last have."""
    starts = [first, *(min(max(change.at, first), last) for change in grid.changes), last]
    tempi = [tempo, *(Guess(_text(change.bpm), 1.0) for change in grid.changes)]
    lasting: dict[Guess, int] = {}
    for one, (start, stop) in zip(tempi, pairwise(starts), strict=True):
        if one is not None:
            lasting[one] = lasting.get(one, 0) + stop - start
    return max(lasting, key=lasting.__getitem__, default=None)


@dataclass(frozen=True, slots=True)
class _Part:
    """The samples first..last of a record of sample_rate Hz, of bars of so many beats."""

    first: int
    last: int
    meter: int
    sample_rate: int

    def labelled(self, beat: Event, number: int) -> Event:
        """Give a beat its position in the bar, by its number; 1, and every so many before and after, begin one."""
        return replace(beat, label=str((number - 1) % self.meter + 1))

    def even(self, phase: float, bpm: float, first: int, last: int, number: int = 1) -> Beats:
        """Give even beats in the samples first..last, one of which lies at `phase`. number: of that."""
        period = 60 * self.sample_rate / bpm
        numbers = range(math.ceil((first - phase) / period - 0.5 / period), math.ceil((last - phase) / period))
        places = ((round(phase + step * period), number + step) for step in numbers)
        made = (self.labelled(Event(BEAT, at, at, 1.0, tempo=bpm), count) for at, count in places)
        return tuple(beat for beat in made if first <= beat.sample < last)

    def period(self, beat: Event) -> float:
        """Give the samples from a beat to the next, by its tempo."""
        return 60 * self.sample_rate / float(beat.tempo or 120)

    def continued(self, beats: Beats, low: int, high: int) -> Beats:
        """Give the beats, continued at their tempo to where they are nearest to `low` and to `high`, samples."""
        before, after = list(self._on(beats[0], low, -1)), list(self._on(beats[-1], high, 1))
        return (*reversed(before), *beats, *after)

    def _on(self, beat: Event, until: int, step: int) -> Iterator[Event]:
        period = self.period(beat)
        for count in range(1, int(max(0.0, (until - beat.sample) * step / period + 0.5 - 1e-9)) + 1):
            at = beat.sample + round(step * count * period)
            yield self.labelled(beat.moved(at, at), int(beat.label or 1) + step * count)

    def shifted(self, beats: Beats, by: int) -> Beats:
        """Give the beats so many samples later; where they began and ended, beats are put instead."""
        if not by or not beats:
            return beats
        ends = beats[0].sample, beats[-1].sample
        later = tuple(beat.moved(beat.sample + by, beat.emitted + by) for beat in beats)
        return tuple(beat for beat in self.continued(later, *ends) if self.first <= beat.sample < self.last)

    def counted(self, beats: Beats) -> Beats:
        """Count the beats anew in bars of this meter, so that most bars begin where they did before."""
        numbers = beat_numbers(beats, self.sample_rate)
        ones = [0] * self.meter
        for number, beat in zip(numbers, beats, strict=True):
            ones[number % self.meter] += beat.label == DOWNBEAT
        begin = ones.index(max(ones))
        return tuple(self.labelled(beat, 1 + number - begin) for number, beat in zip(numbers, beats, strict=True))

    def changed(self, beats: Beats, at: int, until: int, bpm: float) -> Beats:
        """Give the beats with even ones of another tempo from the sample `at` on; they are counted on."""
        kept = tuple(beat for beat in beats if beat.sample < at - self.period(beat) / 2)
        number = int(kept[-1].label or 1) + 1 if kept else 1
        return (*kept, *self.even(at, bpm, max(at, self.first), min(until, self.last), number))

    def with_ones(self, beats: Beats, ones: Sequence[int]) -> Beats:
        """Give the beats with a bar beginning at each of `ones`, samples, rising."""
        if not beats or not ones:
            return beats
        reaching = self.continued(beats, ones[0], ones[-1])
        places, numbers = np.array([beat.sample for beat in reaching]), beat_numbers(reaching, self.sample_rate)
        found: list[Event] = []
        for place, (one, then) in enumerate(pairwise([*ones, None])):
            assert one is not None
            near = int(np.abs(places - one).argmin())
            by = one - int(places[near])
            stop = len(places) if then is None else int(np.searchsorted(places, then - by))
            own = slice(near if place else 0, stop)
            for beat, number in zip(reaching[own], numbers[own], strict=True):
                moved = beat.moved(beat.sample + by, beat.emitted + by)
                fits = moved.sample == one or then is None or moved.sample < then - self.period(beat) / 2
                if fits and self.first <= moved.sample < self.last:
                    found.append(self.labelled(moved, 1 + number - numbers[near]))
        return tuple(found)
