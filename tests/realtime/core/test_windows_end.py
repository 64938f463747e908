"""How Windows asks to end, with libraries of Windows that are made here and call back as the real ones document it."""

import ctypes
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from samplechop.realtime.core import windows_end
from samplechop.realtime.core.windows_end import (
    CLOSE,
    LOG_OFF,
    SHUT_DOWN,
    WM_CLOSE,
    WM_DESTROY,
    WM_ENDSESSION,
    WM_QUERYENDSESSION,
    end_events,
)

WINDOW = 77
NONE_OF_OURS = 0x0400


class Function:
    """A function of a library; its types can be set."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


class Windows:
    """Both libraries. handlers: of the console. Messages are handled by the thread that made the window."""

    def __init__(self, window: int = WINDOW) -> None:
        self.handlers: list[Any] = []
        self.messages: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        self.next: tuple[Any, ...] = ()
        self.procedure: Any = None
        self.registered: list[str] = []
        for name in (
            "SetConsoleCtrlHandler", "GetModuleHandleW", "RegisterClassW", "UnregisterClassW", "CreateWindowExW",
            "DefWindowProcW", "PostMessageW", "PostQuitMessage", "GetMessageW", "DispatchMessageW",
        ):  # fmt: skip
            setattr(self, name, Function(getattr(self, f"_{name}")))
        self.window = window

    def _SetConsoleCtrlHandler(self, handler: Any, add: bool) -> None:
        (self.handlers.append if add else self.handlers.remove)(handler)

    def _GetModuleHandleW(self, _: None) -> int:
        return 4096

    def _RegisterClassW(self, kind: Any) -> int:
        type_of = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t)
        self.procedure = type_of(kind._obj.procedure)
        self.registered.append(kind._obj.name)
        return 1

    def _UnregisterClassW(self, name: str, _: int) -> None:
        self.registered.remove(name)

    def _CreateWindowExW(self, *arguments: Any) -> int:
        assert len(arguments) == 12 and arguments[8] is None  # at the top level: others are not asked
        return self.window

    def _DefWindowProcW(self, _: int, message: int, *__: int) -> int:
        if message == WM_CLOSE:
            self.messages.put((WM_DESTROY, 0))
        return 5

    def _PostMessageW(self, window: int, message: int, first: int, _: int) -> None:
        assert window == WINDOW
        self.messages.put((message, first))

    def _PostQuitMessage(self, _: int) -> None:
        self.messages.put(())

    def _GetMessageW(self, *_: Any) -> int:
        self.next = self.messages.get()
        return len(self.next)

    def _DispatchMessageW(self, _: Any) -> None:
        self.answers.put(self.procedure(WINDOW, *self.next, 0))


def running(windows: Windows, asked: list[str], seconds: float = 0.0) -> Any:
    return end_events(
        windows, windows, ctypes.CFUNCTYPE, lambda: asked.append(threading.current_thread().name), seconds
    )


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_end, "_kept", [])


def test_ctrl_c_and_break_are_left_to_others_and_nothing_stays() -> None:
    windows, asked = Windows(), []
    with running(windows, asked):
        assert [windows.handlers[0](event) for event in (0, 1)] == [0, 0]
    assert asked == [] and windows.handlers == [] and windows.registered == []


@pytest.mark.parametrize("event", [CLOSE, LOG_OFF, SHUT_DOWN])
def test_a_closed_console_asks_once_and_its_handler_stays_as_the_system_holds_the_list(event: int) -> None:
    windows, asked = Windows(), []
    with running(windows, asked):
        assert windows.handlers[0](event) and windows.handlers[0](event)
    assert len(asked) == 1 and len(windows.handlers) == 1
    windows.messages.put(())


def test_the_end_of_the_session_asks_and_a_refused_one_does_not() -> None:
    windows, asked = Windows(), []
    with running(windows, asked):
        for message, first, answer in (
            (WM_QUERYENDSESSION, 0, 1),
            (WM_ENDSESSION, 0, 0),
            (NONE_OF_OURS, 0, 5),
        ):
            windows.messages.put((message, first))
            assert windows.answers.get(timeout=60) == answer
        assert asked == []
        windows.messages.put((WM_ENDSESSION, 1))
        assert windows.answers.get(timeout=60) == 0
    assert asked == ["end of the Windows session"]
    windows.messages.put(())


def test_the_answer_waits_as_the_system_kills_who_has_answered() -> None:
    windows, asked = Windows(), []
    begun = threading.Event()
    with end_events(windows, windows, ctypes.CFUNCTYPE, begun.set, 0.5):
        windows.messages.put((WM_ENDSESSION, 1))
        assert begun.wait(60)
        assert windows.answers.empty()
    assert asked == [] and windows.answers.get(timeout=60) == 0
    windows.messages.put(())


def test_without_a_window_the_console_is_all_there_is() -> None:
    windows, asked = Windows(window=0), []
    with running(windows, asked):
        windows.handlers[0](CLOSE)
    assert len(asked) == 1
