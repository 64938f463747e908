"""What is due when, in simulated time."""

import pytest

from samplechop.realtime.outputs.scheduler import Scheduler
from tests.support.simulated_time import SampleClock, SimulatedTimer

RATE = 1000


class Run:
    """A scheduler that notes down what it ran, with the sample at which the time was then."""

    def __init__(self, clock: SampleClock | None = None) -> None:
        self.timer = SimulatedTimer()
        self.scheduler = Scheduler("test", clock or SampleClock(RATE), self.timer)
        self.done: list[tuple[str, float]] = []

    def at(self, position: int, name: str, **options) -> None:
        self.scheduler.at(position, lambda _: self.note(name), **options)

    def note(self, name: str) -> None:
        self.done.append((name, round(self.timer.now() * RATE, 3)))

    def stop(self, patience_seconds: float = 0.0) -> None:
        self.timer.run_on()
        self.scheduler.stop(patience_seconds)


def test_actions_run_at_their_positions_whatever_order_they_came_in() -> None:
    run = Run()
    run.scheduler.start()
    for position in (30, 10, 40, 20):
        run.at(position, str(position))
    run.timer.advance(0.1)
    run.stop()
    assert run.done == [("10", 10), ("20", 20), ("30", 30), ("40", 40)]


def test_at_one_position_those_that_go_first_go_first() -> None:
    run = Run()
    run.at(10, "second")
    run.at(10, "third")
    run.at(10, "first", first=True)
    run.scheduler.start()
    run.timer.advance(0.1)
    run.stop()
    assert [name for name, _ in run.done] == ["first", "second", "third"]


def test_what_comes_late_runs_at_once() -> None:
    run = Run()
    run.scheduler.start()
    run.timer.advance(0.05)
    run.at(10, "late")
    run.timer.advance(0.05)
    run.stop()
    assert run.done == [("late", 50)]
    assert run.scheduler.lateness(10) >= 0.04


@pytest.mark.parametrize("shift", [-0.3, 0.3])
def test_a_clock_that_is_corrected_while_an_action_waits_is_followed(shift: float) -> None:
    class Corrected(SampleClock):
        zero = 0.0

        def time_of(self, position: int) -> float:
            return self.zero + super().time_of(position)

    clock = Corrected(RATE)
    run = Run(clock)
    run.at(2000, "action")
    run.scheduler.start()
    run.timer.advance(1.0)
    clock.zero = shift
    run.timer.advance(3.0)
    run.stop()
    assert run.done == [("action", 2000 + 1000 * shift)]


def test_what_is_regular_runs_until_the_end_beside_what_is_due() -> None:
    run = Run()
    run.scheduler.every(0.04, lambda: run.note("regular"))
    run.at(50, "action")
    run.scheduler.start()
    run.timer.advance(0.1)
    run.stop()
    assert run.done == [("regular", 0), ("regular", 40), ("action", 50), ("regular", 80)]


def test_stopping_waits_for_what_is_awaited_as_long_as_its_patience() -> None:
    run = Run()
    run.at(10, "soon")
    run.at(20, "passing", awaited=False)
    run.at(30, "later")
    run.at(35, "not awaited", awaited=False)
    run.at(3600 * RATE, "much later")
    run.scheduler.start()
    run.stop(patience_seconds=0.03)
    assert [name for name, _ in run.done] == ["soon", "passing", "later"]


def test_nothing_is_waited_for_where_nothing_is_awaited() -> None:
    run = Run()
    run.at(10, "not awaited", awaited=False)
    run.scheduler.start()
    run.stop(patience_seconds=3600.0)
    assert run.done == []


def test_stopping_what_never_started_is_harmless() -> None:
    run = Run()
    run.scheduler.stop(1.0)
    run.scheduler.stop(1.0)
