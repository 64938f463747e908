"""Time that passes only as far as a test lets it: whoever waits for a moment is woken exactly there."""

import threading

from samplechop.realtime.outputs.scheduler import Timer
from tests.support.waiting import PATIENCE

GRAIN = 1e-9


class SimulatedTimer(Timer):
    """The Timer of some schedulers; its time, in seconds, begins at 0.

    threads: how many schedulers go by it. Time stands still until all of them wait.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._known: set[threading.Thread] = set()
        self._waiting: dict[threading.Thread, tuple[float, threading.Condition | None]] = {}
        self._now, self._wakes = 0.0, 0
        self._looked: dict[threading.Thread, int] = {}  # how many wakes there had been when each looked at the time
        self._changed = threading.Condition()
        self._spinning = threading.Condition()  # stands for that of all who spin, and so look again at once

    def now(self) -> float:
        with self._changed:
            self._looked[threading.current_thread()] = self._wakes
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self._wait(self._after(seconds), None)

    def spin(self, seconds: float) -> None:
        with self._changed:
            if self._looked[threading.current_thread()] == self._wakes:  # else it would have looked again already
                self._wait(self._after(seconds), self._spinning)

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        with self._changed:
            condition.release()
            self._wait(float("inf") if seconds is None else self._after(seconds), condition)
        condition.acquire()

    def wake(self, condition: threading.Condition) -> None:
        with self._changed:
            self._wakes += 1
            self._let_go(lambda _, other: other in (condition, self._spinning))

    def advance(self, until: float) -> None:
        """Let the time pass; what is due before has been done when this returns."""
        with self._changed:
            while (moment := self._next()) <= until:
                self._now = max(self._now, moment)
                self._let_go(lambda due, _: due <= self._now)
            self._now = max(self._now, until)

    def run_on(self) -> None:
        """Let the time pass by itself, from one moment that somebody waits for to the next, until all threads end.

        It stands still until the next `wake`: so long as whoever is to be stopped has not heard of it, it is not later.
        """
        wakes = self._wakes

        def pass_on() -> None:
            with self._changed:
                while self._wakes == wakes and any(thread.is_alive() for thread in self._known):
                    self._changed.wait(0.001)
            while any(thread.is_alive() for thread in self._known):
                with self._changed:
                    self._changed.wait(0.001)  # a thread that ends says nothing
                    if self._all_wait() and (moment := self._earliest()) < float("inf"):
                        self._now = max(self._now, moment)
                        self._let_go(lambda due, _: due <= self._now)

        threading.Thread(target=pass_on, daemon=True).start()

    def _after(self, seconds: float) -> float:
        return self._now + max(seconds, GRAIN)  # else what is rounded away would be waited for for ever

    def _next(self) -> float:
        assert self._changed.wait_for(self._all_wait, PATIENCE), "a scheduler neither waits nor gets on"
        return self._earliest()

    def _all_wait(self) -> bool:
        alive = {thread for thread in self._known if thread.is_alive()}
        return len(self._known) >= self._threads and alive <= self._waiting.keys()

    def _earliest(self) -> float:
        return min((due for due, _ in self._waiting.values()), default=float("inf"))

    def _wait(self, due: float, condition: threading.Condition | None) -> None:
        thread = threading.current_thread()
        self._known.add(thread)
        self._waiting[thread] = (due, condition)
        self._changed.notify_all()
        self._changed.wait_for(lambda: thread not in self._waiting)

    def _let_go(self, which) -> None:
        for thread, (due, condition) in list(self._waiting.items()):
            if which(due, condition):
                del self._waiting[thread]
        self._changed.notify_all()


class SampleClock:
    """Sample 0 came at second 0."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate

    def time_of(self, position: int) -> float:
        return position / self.sample_rate
