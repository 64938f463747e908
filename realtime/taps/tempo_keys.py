"""The tempo by keys: t taps it, x doubles it, / halves it."""

import time
from collections.abc import Callable

import numpy as np

from samplechop.realtime.audio.source import Clock
from samplechop.realtime.taps.keyboard import Keyboard
from samplechop.realtime.taps.tap_recorder import position_at

TAP_KEY, DOUBLE_KEY, HALVE_KEY = b"t", b"x", b"/"
KEYS_HELP = "t taps, x doubles, / halves"
NEEDED = 4
"""Taps in time that make a tempo."""
KEPT = 8
"""Taps of which it is the mean."""
SHORTEST, LONGEST = 0.15, 3.0
"""Seconds between two taps in time: 400 and 20 BPM."""
UNEVEN = 0.3
"""Share by which a distance between taps may differ from that of those before; a tap farther off is the first again."""


class TappedTempo:
    """The tempo of taps in time. period: seconds between beats. place: of one of them; both are a line through all."""

    def __init__(self) -> None:
        """Begin with no taps."""
        self._times: list[float] = []
        self.period = self.place = 0.0

    def tap(self, seconds: float) -> bool:
        """Take the next tap; say whether there are enough for a tempo. seconds: position of what was heard."""
        times = self._times
        if len(times) > 1 and abs((seconds - times[-1]) / float(np.mean(np.diff(times))) - 1) > UNEVEN:
            times.clear()
        if times and not SHORTEST <= seconds - times[-1] <= LONGEST:
            times.clear()
        times.append(seconds)
        del times[:-KEPT]
        if len(times) < NEEDED:
            return False
        self.period, first = (float(value) for value in np.polyfit(np.arange(len(times)), times, 1))
        self.place = first + (len(times) - 1) * self.period
        return True


class TempoKeys:
    """Keys that set the tempo of a running session.

    shift: called with +1 or −1 octave. tap: with a tempo in BPM and the position of a beat, in samples of the input.
    clock, sample_rate, delay: say what was heard at the moment of a tap, see `TapRecorder`. now: for tests.
    """

    def __init__(
        self,
        keyboard: Keyboard,
        shift: Callable[[int], None],
        tap: Callable[[float, int], None],
        clock: Clock,
        sample_rate: int,
        delay: int = 0,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare; no key is listened to yet."""
        self._keyboard, self._shift, self._set = keyboard, shift, tap
        self._clock, self._sample_rate, self._delay, self._now = clock, sample_rate, delay, now
        self._taps = TappedTempo()

    def start(self) -> None:
        """[main] Listen to the keys, after position 0 of the clock."""
        self._keyboard.listen(TAP_KEY, self._tap)
        self._keyboard.listen(DOUBLE_KEY, lambda: self._shift(1))
        self._keyboard.listen(HALVE_KEY, lambda: self._shift(-1))

    def close(self) -> None:
        """[main] Listen no more; twice is harmless."""
        for key in (TAP_KEY, DOUBLE_KEY, HALVE_KEY):
            self._keyboard.release(key)

    def _tap(self) -> None:
        sample = position_at(self._clock, self._sample_rate, self._now()) - self._delay
        if self._taps.tap(sample / self._sample_rate):
            self._set(60 / self._taps.period, round(self._taps.place * self._sample_rate))
