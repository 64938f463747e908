"""Musical time of a record: at which beat each sample lies, where its tempo changes and how long its bars are.

seconds   0        0.6       1.1       1.6        the beats of a record lie anywhere, those of a timeline begin with it:
record    |  · · · 4 · · · · 1 · · · · 2          the first beat of the timeline takes what is left before the
beats     0        1         2         3          first that fits, at most half as long again, or half as long
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Self

UNKNOWN_TEMPO = 120.0
"""Beats per minute that beats and bars are counted by where no tempo is clear; two bars are 4 seconds then."""
BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one tempo. sample: where it begins, may lie between two. beat: of the timeline, there. bpm: in it."""

    sample: float
    beat: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Meter:
    """Bars of so many beats, from a beat of the timeline on, where a bar begins."""

    beat: int
    beats_per_bar: int


@dataclass(frozen=True, slots=True)
class TempoMap:
    """stretches: in order, the first from sample 0, beat 0 on. meters: in order, the first from beat 0 on."""

    sample_rate: int
    stretches: tuple[Stretch, ...]
    meters: tuple[Meter, ...] = (Meter(0, BEATS_PER_BAR),)

    @classmethod
    def even(cls, bpm: float, sample_rate: int) -> Self:
        """Give that of one tempo, in bars of four from the beginning."""
        return cls(sample_rate, (Stretch(0.0, 0, bpm),))

    def changes(self) -> list[tuple[int, float, int | None]]:
        """Give every beat at which tempo or bars change, the tempo there, and the beats of a bar, None as before."""
        bars = {one.beat: one.beats_per_bar for one in self.meters}
        beats = sorted({*bars, *(one.beat for one in self.stretches)})
        return [(beat, _last(self.stretches, "beat", beat).bpm, bars.get(beat)) for beat in beats]

    def usual(self, length: int) -> tuple[float, int]:
        """Give the tempo, and the beats of a bar, that most of a record of so many samples has."""
        tempi: Counter[float] = Counter()
        for one, end in zip(self.stretches, (*(each.sample for each in self.stretches[1:]), length), strict=True):
            tempi[one.bpm] += round(end - one.sample)
        bars: Counter[int] = Counter()
        last = math.ceil(self.beat(length))
        for meter, beat in zip(self.meters, (*(each.beat for each in self.meters[1:]), last), strict=True):
            bars[meter.beats_per_bar] += beat - meter.beat
        return tempi.most_common(1)[0][0], bars.most_common(1)[0][0]

    def beat(self, sample: float) -> float:
        """Give the beat at a sample, with its fraction."""
        one = _last(self.stretches, "sample", sample)
        return one.beat + (sample - one.sample) * one.bpm / (60 * self.sample_rate)

    def sample(self, beat: float) -> float:
        """Give the sample at a beat; both with fractions."""
        one = _last(self.stretches, "beat", beat)
        return one.sample + (beat - one.beat) * 60 * self.sample_rate / one.bpm

    @property
    def whole_beats(self) -> tuple[Stretch, ...]:
        """The stretches without the first beat, where it alone has a tempo: it may be no whole one."""
        return self.stretches[1:] if len(self.stretches) > 1 and self.stretches[1].beat == 1 else self.stretches

    def tempo(self, start: int, stop: int) -> float:
        """Give the tempo that a part of a record has on average."""
        begin = max(start, self.whole_beats[0].sample)
        if begin >= stop:
            return self.whole_beats[0].bpm
        return (self.beat(stop) - self.beat(begin)) * 60 * self.sample_rate / (stop - begin)

    def later(self, sample: float, beats: float) -> float:
        """Give the sample so many beats later. The first beat, if it is no whole one, counts as the next would."""
        then = self.whole_beats[0]
        if sample < then.sample:
            return self.sample(then.beat + beats - (then.sample - sample) * then.bpm / (60 * self.sample_rate))
        return self.sample(self.beat(sample) + beats)


def tempi(usual: float | None, timeline: TempoMap | None, parts: Iterable[tuple[int, int]]) -> list[float]:
    """Give the tempo of parts of a record, samples start..stop; none where no tempo is clear.

    usual: the record's, which parts have of one that keeps it; timeline: None where it is not known.
    """
    if usual is None:
        return []
    changing = timeline if timeline is not None and len(timeline.whole_beats) > 1 else None
    return [changing.tempo(start, stop) if changing else usual for start, stop in parts]


def _last(stretches: Sequence[Stretch], name: str, value: float) -> Stretch:
    """Give the last one that begins no later than a value, of the field of that name."""
    return stretches[max(0, bisect_right(stretches, value, key=attrgetter(name)) - 1)]
