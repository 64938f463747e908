"""A thread that runs actions when they are due, at positions on the sample clock: MIDI notes and pulses, OSC messages.

                 at(position)                 due: clock.time_of(position)
    ──┬───────────┬──────────────────────────┬──→ input samples
    event         └── sleeps ── spins ───────┘

The thread sleeps until shortly before an action is due and then spins, as sleeping alone is late by the operating
system's grain. Everything due is kept in samples and turned into time anew at each look, so that a clock that is
refined or drifts while an action waits is followed.
"""

import heapq
import itertools
import math
import sys
import threading
import time
from collections.abc import Callable

from samplechop.realtime.audio.source import Clock

SPIN_SECONDS = 0.0015
_STEP_SECONDS = 0.001
# A lock's timeout may be late by 16 ms on Windows, a sleep is not; but a sleep goes on when something earlier comes.
_SLEEP_SECONDS = 0.02 if sys.platform == "win32" else 0.0
_LOOK_SECONDS = 0.25

Action = Callable[[int], None]
"""Takes the position at which it was due."""


class Timer:
    """The time that a scheduler goes by: the machine's; a simulated one has these five, too."""

    def now(self) -> float:
        """Give the time in seconds, on the scale of `Clock.time_of`."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait that long, or a little longer, by the operating system's grain."""
        time.sleep(seconds)

    def spin(self, seconds: float) -> None:
        """Let some of that time pass without giving up the processor: come back at once."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait for `wake`, at most that long; the condition is locked."""
        condition.wait(seconds)

    def wake(self, condition: threading.Condition) -> None:
        """End a wait; the condition is locked."""
        condition.notify()


class Scheduler:
    """Runs each action once, on a thread of its own, at `clock.time_of(position)`, or at once if late.

    clock: gives the moment of a position, in timer's seconds.
    """

    def __init__(self, name: str, clock: Clock, timer: Timer) -> None:
        """Get ready; nothing is run before `start()`."""
        self._clock, self._timer = clock, timer
        # (position, whether others at the same go first, order of arrival, action, seconds of spinning, awaited)
        self._heap: list[tuple[int, bool, int, Action, float, bool]] = []
        self._order = itertools.count()
        self._awaited = 0  # of the actions in the heap
        self._period, self._regular_at = 0.0, math.inf
        self._regular: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._end: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def started(self) -> bool:
        """Whether `start()` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """[main] Start the thread."""
        self._thread.start()

    def at(
        self,
        position: int,
        action: Action,
        *,
        first: bool = False,
        spin_seconds: float = SPIN_SECONDS,
        awaited: bool = True,
    ) -> None:
        """[any thread] Run an action at a sample position.

        first: before others that are due at the same. spin_seconds: how long it is worth the processor's time to be
        on time. awaited: whether `stop` waits for it.
        """
        with self._changed:
            heapq.heappush(self._heap, (position, not first, next(self._order), action, spin_seconds, awaited))
            self._awaited += awaited
            self._timer.wake(self._changed)

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """[main] Before the start: run an action at once and again and again, whatever the clock says."""
        self._period, self._regular, self._regular_at = seconds, action, -math.inf

    def lateness(self, position: int) -> float:
        """[any thread] Give by how many seconds it is too late for what is due at a position; less than 0 if early."""
        return self._timer.now() - self._clock.time_of(position)

    def stop(self, patience_seconds: float) -> None:
        """[main] Run the awaited actions that are due within so many seconds, forget the others; twice is harmless."""
        with self._changed:
            if self._end is None:
                self._end = self._timer.now() + patience_seconds
                self._timer.wake(self._changed)
        if self.started:
            self._thread.join()

    def _due(self) -> float:
        """Give the moment of the earliest action; infinity while there is none."""
        return min(self._clock.time_of(self._heap[0][0]) if self._heap else math.inf, self._regular_at)

    @property
    def _spin(self) -> float:
        """How long before the earliest action is due the thread spins, in seconds."""
        return self._heap[0][4] if self._heap else 0.0

    def _run(self) -> None:
        while self._wait_for_next():
            # This happens without the lock; an earlier action may come meanwhile, and then it is the one run.
            while (now := self._timer.now()) < (due := self._due()):
                if due - now > self._spin:
                    self._timer.sleep(min(due - now - self._spin, _STEP_SECONDS))
                else:
                    self._timer.spin(due - now)
            if self._regular is not None and self._regular_at <= self._timer.now():
                self._regular()
                now, following = self._timer.now(), self._regular_at + self._period
                self._regular_at = following if following > now else now + self._period
                continue
            with self._changed:
                position, _, _, action, _, awaited = heapq.heappop(self._heap)
                self._awaited -= awaited
            action(position)

    def _wait_for_next(self) -> bool:
        """Wait until the earliest action is nearly due; False once none that is awaited is due before the end."""
        with self._changed:
            while True:
                now, due = self._timer.now(), self._due()
                if self._end is not None and (not self._awaited or due > self._end):
                    return False
                if due == math.inf:
                    self._timer.wait(self._changed, None)
                    continue
                remaining = due - now - max(self._spin, _SLEEP_SECONDS)
                if remaining <= 0:
                    return True
                self._timer.wait(self._changed, min(remaining, _LOOK_SECONDS))
