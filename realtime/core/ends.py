"""The clean end of a program: what asks for it raises KeyboardInterrupt once, and what then closes is left in peace.

Ctrl-C, SIGTERM, a terminal that closes, a dropped ssh, and Windows at log-off are one: what sounds gets its note-off,
what was recorded is kept, and what was begun is removed.
"""

import _thread
import ctypes
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from types import FrameType

from samplechop.realtime.core.errors import INTERRUPTED

_LOG = logging.getLogger(__name__)

END_SECONDS = 10.0
"""How long an end that has begun is left in peace; a Ctrl-C after that breaks it off."""
_END_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_AGAIN_SECONDS = 0.02


class _EndRequest:
    """Raises KeyboardInterrupt at the first signal; those that follow soon change nothing, as the end has begun.

    A terminal that closes sends SIGHUP twice, and a hasty user Ctrl-C: neither may break off the note-offs.
    """

    def __init__(self) -> None:
        self.began, self.number = -inf, 0
        self.is_held, self.waits = False, False
        self.ask: Callable[[], object] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self.began >= END_SECONDS:
            self.began, self.number = now, number
            _LOG.info("asked to end by %s", signal.Signals(number).name)
            if not self.is_held:
                raise KeyboardInterrupt
            self.waits = True
            if self.ask is not None:
                self.ask()

    def again(self) -> None:
        """Take the signal as not raised, and send it anew in a moment."""
        self.began = -inf
        _thread.start_new_thread(_send, (self.number,))  # takes no lock, which what runs here may hold


def _send(number: int) -> None:
    time.sleep(_AGAIN_SECONDS)
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, number)  # wakes it where it waits
    else:
        signal.raise_signal(number)


_end_request = _EndRequest()


@contextmanager
def ended_cleanly(last: bool = False) -> Iterator[None]:
    """[main] Let whatever asks this process to end raise KeyboardInterrupt meanwhile, once.

    What was ignored when the program was started, as SIGHUP is under nohup, stays ignored. In any thread but the main
    one nothing is changed. last: whether the process ends with it; what Python does then is left in peace, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _end_request.began, _end_request.number, _end_request.waits = -inf, 0, False
    numbers = [getattr(signal, name) for name in _END_SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in taken:
            signal.signal(number, _end_request)
        with _console_events(), _raised_again():
            yield
    finally:
        if not (last and _end_request.number):
            for number in taken:
                signal.signal(number, before[number])


@contextmanager
def _raised_again() -> Iterator[None]:
    """Ask anew where KeyboardInterrupt is dropped: in a function that C calls, or while an object is deleted."""
    report = sys.unraisablehook

    def dropped(what: "sys.UnraisableHookArgs") -> None:
        if issubclass(what.exc_type, KeyboardInterrupt):
            _end_request.again()
        else:
            report(what)

    sys.unraisablehook = dropped
    try:
        yield
    finally:
        sys.unraisablehook = report


def end_code() -> int:
    """Give the exit code that shells expect of what asked this process to end: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + _end_request.number if _end_request.number else INTERRUPTED


@contextmanager
def end_held(ask: Callable[[], object] | None = None) -> Iterator[None]:
    """[main] Let a signal that comes meanwhile raise KeyboardInterrupt when this is over. ask: is called at once."""
    _end_request.is_held, _end_request.ask = True, ask
    try:
        yield
    finally:
        _end_request.is_held, _end_request.ask = False, None
        if _end_request.waits:
            _end_request.waits = False
            raise KeyboardInterrupt


def end_begins() -> None:
    """[main] Leave what closes things now in peace: within `ended_cleanly` no signal breaks it off for END_SECONDS."""
    _end_request.began = time.monotonic()


@contextmanager
def _console_events() -> Iterator[None]:
    """Let Windows' close, log-off and shutdown ask this process to end, as a signal does."""
    if sys.platform != "win32":
        yield
        return
    from samplechop.realtime.core.windows_end import end_events

    # Unlike _thread.interrupt_main() it wakes a main thread that sleeps.
    ask = partial(signal.raise_signal, signal.SIGINT)
    libraries = ctypes.WinDLL("kernel32"), ctypes.WinDLL("user32")  # ours alone: types of arguments are set
    with end_events(*libraries, ctypes.WINFUNCTYPE, ask, END_SECONDS):
        yield
