"""The bond between sample positions and the machine's time."""

from typing import Protocol


class Clock(Protocol):
    """Knows when each sample of the input reached the machine; whoever brings the blocks is one."""

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment at which sample `position` of the input reached the machine.

        position: absolute, in samples at the input's rate; it may lie ahead, as the clock can be extrapolated.
        Gives seconds of `time.perf_counter()`. The answer may be refined as time goes on; it is always finite.
        """
