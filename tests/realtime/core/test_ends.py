"""What asks a program to end: once, held back, dropped, and the exit code of it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from samplechop.realtime.core.ends import end_begins, end_code, end_held, ended_cleanly
from tests.support.waiting import PATIENCE


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Set the handlers of signals back that are left as they are by what ends a process."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_signal_asks_to_end_and_no_other_breaks_off_the_end(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with ended_cleanly():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(number) is before
    with ended_cleanly():
        end_begins()
        signal.raise_signal(number)


def test_a_signal_waits_until_what_is_under_way_is_whole() -> None:
    done: list[str] = []
    with ended_cleanly():
        with pytest.raises(KeyboardInterrupt), end_held():
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")
        with end_held():
            done.append("the next")
    assert done == ["all of it", "the next"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")
def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_cleanly():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_is_asked_to_stop_is_not_broken_off() -> None:
    asked: list[str] = []
    with ended_cleanly(), pytest.raises(KeyboardInterrupt), end_held(lambda: asked.append("stop")):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        asked.append("stopped")
    assert asked == ["stop", "stopped"]


class Pressed:
    """Ctrl-C comes while it is deleted, when an exception goes nowhere."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_a_request_that_is_dropped_is_made_again() -> None:
    never = threading.Event()
    with ended_cleanly(), pytest.raises(KeyboardInterrupt):
        Pressed()
        never.wait(PATIENCE)


def test_the_exit_code_is_that_of_the_signal_which_came_first() -> None:
    with ended_cleanly():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert end_code() == 128 + signal.SIGTERM


def test_what_python_does_at_the_end_of_a_process_is_left_in_peace() -> None:
    with handlers_kept():
        with pytest.raises(KeyboardInterrupt), ended_cleanly(last=True):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
