"""Who holds the stream sees when its device has gone."""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import pytest

from samplechop.realtime.audio.ring import CALLBACKS, CLOCKED, Ring
from samplechop.realtime.audio.stream_process import DEAD_SECONDS, WATCH_SECONDS, watch

PATIENT = round(DEAD_SECONDS / WATCH_SECONDS)
"""Looks at which no block has come before the device counts as lost."""


class Looks:
    """The program's end of a pipe, which says stop after some looks; the callback runs before those that are True."""

    def __init__(self, ring: Ring, called: Iterable[bool]) -> None:
        self._ring, self._called = ring, iter(called)

    def poll(self, _seconds: float) -> bool:
        called = next(self._called, None)
        self._ring.control[CALLBACKS] += called is True
        return called is None


def runs(count: int, pause: int) -> Iterator[bool]:
    """Let the callback stand still for `pause` looks, `count` times, and run once after each."""
    for _ in range(count):
        yield from [False] * pause
        yield True


@pytest.mark.parametrize(("pause", "stays"), [(0, True), (PATIENT, True), (PATIENT + 2, False)])
def test_a_stream_is_lost_when_its_callback_stands_still(pause: int, stays: bool) -> None:
    ring = Ring(1, 1024)
    ring.control[CLOCKED] = 1
    assert watch(SimpleNamespace(active=True), ring, Looks(ring, runs(5, pause))) is stays


def test_a_stream_that_has_ended_is_lost() -> None:
    ring = Ring(1, 1024)
    ring.control[CLOCKED] = 1
    assert watch(SimpleNamespace(active=False), ring, Looks(ring, [True])) is False
