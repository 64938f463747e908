"""From seconds to the ticks of a Standard MIDI File whose bars are those of the record."""

from bisect import bisect_right
from collections.abc import Sequence

from samplechop.realtime.core.events import Event

TICKS_PER_BEAT = 1920
TEMPO = 500_000
"""Microseconds per beat where no beat is known: 120 beats per minute. With 1920 ticks a beat is 0.13 ms off at most."""
BAR = 4
_SLOWEST, _FASTEST = 4_000_000, 100_000  # microseconds per beat: a DAW may refuse 15 or 600 beats a minute


class TempoMap:
    """Straight lines from beat to beat, each of which lies on a whole beat of the file, a downbeat on a whole bar of 4.

    Before the first beat the tempo is such that it falls on its place in the bar; after the last it stays. Without
    beats it is 120 BPM throughout.

    changes: (tick, microseconds per beat), rising, the first at tick 0.
    """

    def __init__(self, beats: Sequence[Event], sample_rate: int) -> None:
        """Draw the lines. beats: rising in `sample`, at sample_rate Hz; those without a tempo are left out."""
        self._seconds, self._ticks, self.changes = [0.0], [0], [(0, TEMPO)]
        for beat in beats:
            if beat.tempo:
                label = beat.label or ""
                self._add(beat.sample / sample_rate, 60 / beat.tempo, int(label) if label.isdecimal() else 1)

    def _add(self, seconds: float, period: float, position: int) -> None:
        gap = seconds - self._seconds[-1]
        beats = gap / period
        if len(self._seconds) == 1:  # whole bars, and what the bar has before this beat
            whole = (position - 1) % BAR
            whole += BAR * max(0, round((beats - whole) / BAR))
        else:
            whole = max(1, round(beats))
        if not whole or not _FASTEST <= gap * 1e6 / whole <= _SLOWEST:
            return
        self.changes[-1] = (self._ticks[-1], round(gap * 1e6 / whole))
        self._seconds.append(seconds)
        self._ticks.append(self._ticks[-1] + whole * TICKS_PER_BEAT)
        self.changes.append((self._ticks[-1], round(period * 1e6)))

    def tick(self, seconds: float) -> int:
        """Give the tick of a time in seconds, at least 0."""
        line = bisect_right(self._seconds, seconds) - 1
        return self._ticks[line] + round((seconds - self._seconds[line]) * TICKS_PER_BEAT * 1e6 / self.changes[line][1])
