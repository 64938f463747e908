"""Keys of a Windows console, on a console that only a test has; those of a terminal stand in test_tap_recorder.py."""

import io
import queue
import sys
from types import SimpleNamespace

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.taps import keyboard
from samplechop.realtime.taps.keyboard import ConsoleKeyboard
from samplechop.realtime.taps.pads import KeyPad
from tests.support.waiting import PATIENCE


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> "queue.SimpleQueue[str]":
    """What has been typed at a console, a character each."""
    keys: queue.SimpleQueue[str] = queue.SimpleQueue()
    msvcrt = SimpleNamespace(kbhit=lambda: not keys.empty(), getwch=keys.get)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    return keys


def test_keys_of_a_console_are_taken_one_by_one(typed: "queue.SimpleQueue[str]") -> None:
    typed.put("k")  # before anything listens
    keys, hits = keyboard.open_keyboard(), queue.SimpleQueue()
    assert isinstance(keys, ConsoleKeyboard)
    keys.listen(b"k", lambda: hits.put("k"))
    pad = KeyPad(keys)
    pad.start(lambda _: hits.put("space"))
    for key in "k x\xe0k":
        typed.put(key)
    typed.put("k")
    assert [hits.get(timeout=PATIENCE) for _ in range(3)] == ["k", "space", "k"]
    pad.close()
    keys.release(b"k")
    assert hits.empty()
    typed.put("k")
    assert not typed.empty()


def test_an_arrow_is_no_key(typed: "queue.SimpleQueue[str]") -> None:
    keys, hits = keyboard.open_keyboard(), queue.SimpleQueue()
    keys.listen(b"K", lambda: hits.put("K"))
    typed.put("\xe0")
    typed.put("K")  # the left arrow
    typed.put("K")
    assert hits.get(timeout=PATIENCE) == "K"
    keys.release(b"K")
    assert hits.empty() and typed.empty()


def test_ctrl_c_that_is_read_as_a_key_still_ends(
    typed: "queue.SimpleQueue[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: queue.SimpleQueue[int] = queue.SimpleQueue()
    monkeypatch.setattr(keyboard.signal, "raise_signal", raised.put)
    keys = keyboard.open_keyboard()
    keys.listen(b"k", lambda: None)
    typed.put("\x03")
    assert raised.get(timeout=PATIENCE) == keyboard.signal.SIGINT
    keys.release(b"k")


@pytest.mark.usefixtures("typed")
def test_without_a_console_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(UserError, match="no terminal"):
        keyboard.open_keyboard()
