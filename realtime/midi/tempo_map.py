"""The tempo of a MIDI file, which follows the beats that are found."""

from bisect import bisect_right
from collections.abc import Sequence

from samplechop.realtime.core.events import Event

TICKS_PER_BEAT = 15_360
"""At 92 beats per minute 42 millionths of a second each: the nearest tick is within a sample of 44.1 kHz."""
MOST_TICKS = 0x0FFFFFFF
"""What the time between two messages can be."""
TEMPO = 500_000
"""Microseconds per beat where no beat is known: 120 beats per minute."""
BAR = 4
"""Beats in a bar where none is known, as in a MIDI file that says nothing of it."""
LONGEST_SECONDS = 300.0
"""How far back a beat changes the tempo at most: all that may still change is kept, which hours would make too much."""
_SLOWEST, _FASTEST = 4_000_000, 100_000  # microseconds per beat: a DAW may refuse 15 or 600 beats a minute


class TempoMap:
    """Straight lines from beat to beat, each of which lies on a whole beat of the file, a downbeat where a bar begins.

    Before the first beat the tempo is such that it falls on its place in the bar; after the last it stays. Without
    beats it is 120 BPM throughout. A line is LONGEST_SECONDS long at most: what lies before it, after another beat or
    the beginning, keeps the tempo that it would have without a later beat. Where a bar before a downbeat was none of
    as many beats as those before it, there is another meter.

    changes: (tick, microseconds per beat), rising, the first at tick 0. meters: (tick, beats in a bar), rising; bars of
    BAR beats before the first. seconds: when lines begin. All begin later once `forget` was called.
    """

    def __init__(self, beats: Sequence[Event], sample_rate: int) -> None:
        """Draw the lines. beats: rising in `sample`, at sample_rate Hz; those without a tempo are left out."""
        self.seconds, self._ticks, self.changes = [0.0], [0], [(0, TEMPO)]
        self.meters: list[tuple[int, int]] = []
        self._sample_rate, self._begun = sample_rate, False
        self._meter, self._bar, self._bar_seconds, self._highest = BAR, 0, 0.0, 1  # of the last bar line, in beats
        for beat in beats:
            self.add(beat)

    def add(self, beat: Event) -> None:
        """Go on to a beat later than all before it; one without a tempo changes nothing."""
        if not beat.tempo:
            return
        label = beat.label or ""
        position = int(label) if label.isdecimal() else 1
        seconds, period = beat.sample / self._sample_rate, 60 / beat.tempo
        begin, tick = self.seconds[-1], self._ticks[-1]
        is_late = seconds - begin > LONGEST_SECONDS
        if is_late:
            begin = seconds - LONGEST_SECONDS
            tick = self.tick(begin)
        past, part = tick // TICKS_PER_BEAT, tick % TICKS_PER_BEAT / TICKS_PER_BEAT
        gap = seconds - begin
        beats = gap / period + part
        if not self._begun:  # whole bars, and what the bar has before this beat
            whole = (position - 1 - past) % BAR
            whole += BAR * max(0, round((beats - whole) / BAR))
            whole = whole or 1  # before a downbeat in the file's first half bar lies a bar of one beat
        else:
            whole = max(1, round(beats))
        if whole <= part or not _FASTEST <= gap * 1e6 / (whole - part) <= _SLOWEST:
            return
        if is_late:
            self._begin_line(begin, tick, TEMPO)
        if not self._begun:
            self._bar = (past + whole) // BAR * BAR
        self._begun = True
        self.changes[-1] = (tick, round(gap * 1e6 / (whole - part)))
        self._begin_line(seconds, (past + whole) * TICKS_PER_BEAT, round(period * 1e6))
        if label.isdecimal():
            self._count(past + whole, position, seconds)
        else:
            self._bar, self._bar_seconds = past + whole, seconds

    def _count(self, beat: int, position: int, seconds: float) -> None:
        """Have a bar begin at a downbeat: of what lies before it the last bar may be a shorter one.

        beat: in beats of the file. position: in the bar, 1 for a downbeat. seconds: of the beat.
        """
        self._highest = max(self._highest, position)
        if position > 1:
            return
        length, counted = beat - self._bar, self._highest
        recent = seconds - self._bar_seconds <= LONGEST_SECONDS  # else what follows that bar line may be settled
        if recent and length % counted == 0 and (length % self._meter or counted > self._meter):
            self._change_meter(self._bar, counted)
        if rest := length % self._meter:
            self._change_meter(beat - rest, rest)
        self._bar, self._bar_seconds, self._highest = beat, seconds, 1

    def _change_meter(self, beat: int, beats_per_bar: int) -> None:
        if beats_per_bar != self._meter:
            self.meters.append((beat * TICKS_PER_BEAT, beats_per_bar))
            self._meter = beats_per_bar

    def _begin_line(self, seconds: float, tick: int, tempo: int) -> None:
        self.seconds.append(seconds)
        self._ticks.append(tick)
        self.changes.append((tick, tempo))

    def fixed(self, seconds: float) -> float:
        """Give the time, in seconds, up to which no beat at `seconds` or later changes anything."""
        return max(min(seconds, self.seconds[-1], self._bar_seconds), seconds - LONGEST_SECONDS)

    def forget(self, seconds: float) -> None:
        """Drop the lines that end before a time: from then on no earlier one may be asked for."""
        ended = max(0, bisect_right(self.seconds, seconds) - 1)
        for rows in (self.seconds, self._ticks, self.changes):
            del rows[:ended]
        self.meters = [one for one in self.meters if one[0] >= self._ticks[0]]

    def tick(self, seconds: float) -> int:
        """Give the tick of a time in seconds, at least 0."""
        line = bisect_right(self.seconds, seconds) - 1
        return self._ticks[line] + round((seconds - self.seconds[line]) * TICKS_PER_BEAT * 1e6 / self.changes[line][1])
