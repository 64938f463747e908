"""How Windows asks a console program to end: its window is closed, the user logs off, the machine shuts down.

A closed window calls the handlers of SetConsoleCtrlHandler, in a thread of their own, and kills the process after five
seconds, or when a handler returns: so it does not return. Log-off and shutdown call them only in programs that have not
loaded user32.dll, which MIDI, audio and ctypes itself do; others are sent WM_QUERYENDSESSION and WM_ENDSESSION, to
windows at the top level alone, so there is a hidden one, and the process is killed when that answers the second.

HandlerRoutine and SetConsoleCtrlHandler: learn.microsoft.com/windows/console; WM_ENDSESSION: …/windows/win32/shutdown.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from typing import Any

CLOSE, LOG_OFF, SHUT_DOWN = 2, 5, 6
WM_DESTROY, WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION = 0x0002, 0x0010, 0x0011, 0x0016
_RESULT = ctypes.c_ssize_t
_NAME = "samplechop"
_kept: list[Any] = []
"""Functions that Windows may be calling still."""


class _Class(ctypes.Structure):
    """WNDCLASSW."""

    _fields_ = (
        ("style", wintypes.UINT),
        ("procedure", ctypes.c_void_p),
        ("class_extra", ctypes.c_int),
        ("window_extra", ctypes.c_int),
        ("instance", wintypes.HANDLE),
        ("icon", wintypes.HANDLE),
        ("cursor", wintypes.HANDLE),
        ("background", wintypes.HANDLE),
        ("menu", wintypes.LPCWSTR),
        ("name", wintypes.LPCWSTR),
    )


@contextmanager
def end_events(
    kernel32: Any, user32: Any, callback: Callable[..., Any], ask: Callable[[], None], seconds: float
) -> Iterator[None]:
    """Have `ask` called meanwhile, in another thread, when Windows asks to end; the process has `seconds` from then.

    kernel32, user32: the libraries. callback: makes types of functions that they call, ctypes.WINFUNCTYPE.
    """
    asked = threading.Event()

    def end() -> None:
        if not asked.is_set():
            asked.set()
            ask()
        time.sleep(seconds)  # nobody waits for this thread where the process ends sooner

    def handle(event: int) -> bool:
        if event not in (CLOSE, LOG_OFF, SHUT_DOWN):
            return False
        end()
        return True

    handler = callback(wintypes.BOOL, wintypes.DWORD)(handle)
    _kept.append(handler)
    window = _HiddenWindow(kernel32, user32, callback, end)
    kernel32.SetConsoleCtrlHandler(handler, True)
    window.open()
    try:
        yield
    finally:
        if not asked.is_set():  # the system holds its list, and the window's thread, while they are in `end`
            kernel32.SetConsoleCtrlHandler(handler, False)
            window.close()


class _HiddenWindow:
    """A window at the top level that is never shown, with a thread that handles its messages."""

    def __init__(self, kernel32: Any, user32: Any, callback: Callable[..., Any], end: Callable[[], None]) -> None:
        message = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
        user32.DefWindowProcW.argtypes, user32.DefWindowProcW.restype = message, _RESULT
        user32.PostMessageW.argtypes = message
        user32.CreateWindowExW.argtypes = (
            wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD, *[ctypes.c_int] * 4,
            wintypes.HWND, wintypes.HANDLE, wintypes.HANDLE, wintypes.LPVOID,
        )  # fmt: skip
        user32.CreateWindowExW.restype = wintypes.HWND
        user32.GetMessageW.argtypes = (ctypes.c_void_p, wintypes.HWND, wintypes.UINT, wintypes.UINT)
        user32.DispatchMessageW.argtypes = (ctypes.c_void_p,)
        user32.UnregisterClassW.argtypes = (wintypes.LPCWSTR, wintypes.HANDLE)
        kernel32.GetModuleHandleW.argtypes, kernel32.GetModuleHandleW.restype = (wintypes.LPCWSTR,), wintypes.HANDLE
        self._kernel32, self._user32, self._end = kernel32, user32, end
        self._procedure = callback(_RESULT, *message)(self._handle)
        _kept.append(self._procedure)
        self._opened = threading.Event()
        self._window: int | None = None
        self._thread = threading.Thread(target=self._run, name="end of the Windows session", daemon=True)

    def open(self) -> None:
        """Open it, if the system lets us, and wait until it is."""
        self._thread.start()
        self._opened.wait()

    def close(self) -> None:
        """Close it, and wait until it is."""
        if self._window:
            self._user32.PostMessageW(self._window, WM_CLOSE, 0, 0)
        self._thread.join()

    def _handle(self, window: int, message: int, first: int, second: int) -> int:
        if message == WM_QUERYENDSESSION:
            return 1
        if message == WM_ENDSESSION:
            if first:  # else others have refused
                self._end()
            return 0
        if message == WM_DESTROY:
            self._user32.PostQuitMessage(0)
            return 0
        return int(self._user32.DefWindowProcW(window, message, first, second))

    def _run(self) -> None:
        instance = self._kernel32.GetModuleHandleW(None)
        kind = _Class(procedure=ctypes.cast(self._procedure, ctypes.c_void_p), instance=instance, name=_NAME)
        try:
            if self._user32.RegisterClassW(ctypes.byref(kind)):
                self._window = self._user32.CreateWindowExW(0, _NAME, _NAME, 0, 0, 0, 0, 0, None, None, instance, None)
        finally:
            self._opened.set()
        if not self._window:
            return
        message = ctypes.byref(wintypes.MSG())
        while self._user32.GetMessageW(message, None, 0, 0) > 0:
            self._user32.DispatchMessageW(message)
        self._user32.UnregisterClassW(_NAME, instance)
