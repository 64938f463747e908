"""The program sends its events to visuals, heard by a socket of our own."""

import socket
import sys
from collections.abc import Iterator

import pytest

from samplechop.realtime.cli import DEMO
from samplechop.realtime.session import Session
from samplechop.realtime.settings import LiveSettings
from tests.support.command import samplechop
from tests.support.waiting import PATIENCE

pytest.importorskip("pythonosc")


@pytest.fixture
def visuals() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(PATIENCE)
        yield ours


def test_chops_arrive_as_messages(visuals: socket.socket) -> None:
    address = f"127.0.0.1:{visuals.getsockname()[1]}"
    result = samplechop("live", "--demo", "--duration", "1.5", "--osc", address, "--quiet")
    assert (result.code, result.err) == (0, "")
    assert visuals.recv(4096).startswith(b"/samplechop/chop\0")


def test_without_an_address_nothing_is_sent_and_its_package_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pythonosc", None)
    Session.open(LiveSettings(quiet=True), DEMO, True, sys.stderr).stop()
