"""Beats in, MIDI clock out: when each pulse is to leave, in samples. Knows no port and no time.

Every beat is known before its own pulse is due, as notes and pulses leave one fixed latency after their place and beats
are decided sooner; but the beat after it is not, and a clock cannot wait for it. So the clock runs on a grid that
predicts: an alpha-beta filter (Benedict and Bordner, "Synthesis of an optimal set of radar track-while-scan smoothing
equations", 1962) over the beats detected. At each beat of its own the clock fixes when the next one will be and divides
that time into 24 even parts; what it was wrong by is made good over the beat that follows, never by more than LIMIT.

    beat detected   ┃              ┃             ┃               ┃
    grid            ┃             ┃              ┃              ┃       corrected by ALPHA of what it was off
    pulses          ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵  ╵  ╵  ╵  ╵  ╵      24 to a beat, even within each
"""

import math

from samplechop.realtime.core.events import DOWNBEAT, Event

CLOCK, START, CONTINUE, STOP = bytes((0xF8,)), bytes((0xFA,)), bytes((0xFB,)), bytes((0xFC,))
"""MIDI 1.0 system real-time messages."""
PULSES = 24
"""Pulses per quarter note, which is a beat here."""

STEADY_BEATS = 4
"""Beats in a row on the grid before the clock starts."""
CONFIDENT = 0.5
"""Strength, 0..1, a downbeat needs to start the clock."""
LOST_BEATS = 8
"""Beats the clock runs on without one; then it stops at the end of a bar of BAR beats."""
BAR = 4
ALPHA, BETA = 0.4, 0.1
"""Share of what a beat was off that goes into the grid's place and into its period: critically damped."""
OFF = 0.2
"""Share of a beat by which a beat may miss the grid; one farther off begins a new grid."""
OTHER_TEMPO = 0.1
"""Share by which a beat's tempo may differ from the grid's; a larger step begins a new grid."""
LIMIT = 1.25
"""Factor by which the clock goes faster or slower than the grid at most, while it catches up."""
_START_AHEAD = 0.001  # seconds between Start and the first pulse, as MIDI 1.0 asks


class BeatGrid:
    """Where beats are and will be. Positions in samples.

    steady: beats in a row that were on the grid. place, period: a beat of the grid, and the time between two.
    """

    def __init__(self, sample_rate: int) -> None:
        """Begin without a grid."""
        self._rate = sample_rate
        self.steady = 0
        self.place = self.period = 0.0
        self.last = 0

    def follow(self, beat: Event) -> None:
        """Take in the next beat, which must have a tempo; one that is re-phased begins a new grid."""
        if not beat.tempo or beat.tempo <= 0:
            raise ValueError(f"a beat needs a tempo of more than 0 BPM to steer a clock, got {beat.tempo}")
        period = 60 * self._rate / beat.tempo
        if self.steady and not beat.rephased:
            self._change_octave(period, beat.sample)
            n = max(1, round((beat.sample - self.place) / self.period))
            expected = self.place + n * self.period
            off = beat.sample - expected
            same = abs(period / self.period - 1) <= OTHER_TEMPO and abs(off) <= OFF * self.period
            if same and n <= LOST_BEATS:
                self.place = expected + ALPHA * off
                self.period += BETA * off / n
                self.steady += 1
                self.last = beat.sample
                return
        self.place, self.period, self.steady, self.last = float(beat.sample), period, 1, beat.sample

    def _change_octave(self, period: float, sample: int) -> None:
        """Stay on the grid where its tempo is doubled or halved: only the beats that are counted change."""
        octaves = round(math.log2(period / self.period))
        if octaves and abs(period / (self.period * 2.0**octaves) - 1) <= OTHER_TEMPO:
            self.place += round((sample - self.place) / self.period) * self.period
            self.period *= 2.0**octaves

    def beat_after(self, position: float) -> float:
        """Give the grid's beat that is nearest to one period after a position."""
        return self.place + round((position - self.place) / self.period + 1) * self.period


class MidiClock:
    """Pulses, Start, Continue and Stop for a stream of beats; everything at input positions, in samples.

    It starts at a confident downbeat after some steady beats, runs on through beats that are missed, and stops where a
    bar of four ends once no beat came for LOST_BEATS. After that it continues, at a downbeat, and does not start again:
    Start would take a DAW that records back to the beginning.

    next: (position, message) to be sent next, None while there is none. One thread at a time.
    """

    def __init__(self, sample_rate: int) -> None:
        """Begin stopped. sample_rate: Hz."""
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        self.next: tuple[int, bytes] | None = None
        self.running = False
        self._rate = sample_rate
        self._grid = BeatGrid(sample_rate)
        self._begun = False
        self._begin = self._length = 0.0
        self._pulse = self._beats = 0

    def follow(self, beat: Event) -> None:
        """Take in a beat: its sample, label, strength and tempo."""
        self._grid.follow(beat)
        confident = beat.label == DOWNBEAT and beat.strength >= CONFIDENT and self._grid.steady >= STEADY_BEATS
        if self.next is None and confident:
            self.running = True
            self._begin = self._grid.place
            self._pulse = self._beats = 0
            first = round(self._begin - _START_AHEAD * self._rate)
            self.next = (first, CONTINUE if self._begun else START)
            self._begun = True

    def advance(self) -> None:
        """Go on to the message after `next`, which was sent."""
        if not self.running or self.next is None:
            self.next = None
            return
        if self.next[1] == CLOCK:
            self._pulse += 1
        if self._pulse == PULSES:
            self._begin += self._length
            self._pulse, self._beats = 0, self._beats + 1
            silent = self._begin - self._grid.last
            if silent > (LOST_BEATS + 0.5) * self._grid.period and self._beats % BAR == 0:
                self.next = (round(self._begin), STOP)
                self.running = False
                return
        if self._pulse == 0:
            period = self._grid.period
            wanted = self._grid.beat_after(self._begin) - self._begin
            self._length = min(max(wanted, period / LIMIT), period * LIMIT)
        self.next = (round(self._begin + self._pulse * self._length / PULSES), CLOCK)

    def lose(self) -> None:
        """Stop now, as what was to come cannot be sent in time; it continues at a later downbeat."""
        if self.running and self.next is not None:
            self.running = False
            self.next = (self.next[0], STOP)
