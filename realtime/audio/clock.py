"""From sample positions to the machine's time, through the jitter of the audio callback."""

import math
from typing import Protocol


class Clock(Protocol):
    """Knows when each sample of the input reached the machine; whoever brings the blocks is one."""

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment at which sample `position` of the input reached the machine.

        position: absolute, in samples at the input's rate; it may lie ahead, as the clock can be extrapolated.
        Gives seconds of `time.perf_counter()`. The answer may be refined as time goes on; it is always finite.
        """


BANDWIDTH_HZ = 0.5
JUMP_SECONDS = 0.05
STEP_SECONDS, STEP_PAIRS = 0.004, 8
MAX_OMEGA = 0.5
MAX_DRIFT = 5e-4
"""Of the device's rate against its nominal one; a burst of lost blocks would otherwise look like a slow device."""


class StreamClock:
    """A delay-locked loop over (position, time) pairs, one per callback.

    After Adriaensen, "Using a DLL to filter time" (2005), with its two coefficients taken for the real distance between
    two pairs, as not every callback is seen. Jitter of a few milliseconds in single callbacks moves the answer by
    microseconds; a drifting device is followed within seconds. A pair more than 50 ms off (a device that came back, the
    machine asleep) is believed at once; less is believed when eight pairs in a row are more than 4 ms off to the same
    side (blocks were lost, or the first pair was a late one), and then the least of them. Between two pairs `time_of`
    is a straight line, so it is monotone in the position; from one pair to the next it may shift by microseconds.

    sample_rate: nominal, Hz. One thread updates, any may read.
    """

    def __init__(self, sample_rate: int, position: int = 0, time: float = 0.0) -> None:
        """Begin with one pair."""
        self._nominal = 1 / sample_rate
        self.reset(position, time)

    def reset(self, position: int, time: float) -> None:
        """Forget everything but this pair."""
        self._line = (position, time, self._nominal)
        self._off: list[float] = []  # of the last pairs, those in a row that are off to the same side

    def update(self, position: int, time: float) -> None:
        """Hear of one more pair; positions that do not advance are ignored."""
        last, line_time, period = self._line
        frames = position - last
        if frames <= 0:
            return
        expected = line_time + frames * period
        error = time - expected
        if abs(error) > JUMP_SECONDS:
            self.reset(position, time)
            return
        if (self._off and self._off[-1] * error < 0) or abs(error) < STEP_SECONDS:
            self._off.clear()
        if abs(error) >= STEP_SECONDS:
            self._off.append(error)
            if len(self._off) == STEP_PAIRS:
                self.reset(position, expected + min(self._off, key=abs))
                return
        omega = min(MAX_OMEGA, 2 * math.pi * BANDWIDTH_HZ * frames * self._nominal)
        expected += math.sqrt(2) * omega * error
        period += omega * omega * error / frames
        period = min(max(period, self._nominal * (1 - MAX_DRIFT)), self._nominal * (1 + MAX_DRIFT))
        self._line = (position, expected, period)

    def time_of(self, position: int) -> float:
        """[any thread] Give the seconds of time.perf_counter() at which that sample was at the converter."""
        last, time, period = self._line
        return time + (position - last) * period
