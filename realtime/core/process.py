"""What belongs to the process: its end, standard error, the log file, how threads take turns.

The terminal sends Ctrl-C to all processes, and one alone should decide. Whoever else asks a recording to end (SIGTERM,
a terminal that closes, a dropped ssh, Windows at log-off) gets the same clean end. What goes wrong in a session is
logged by the standard logging module, each module under its own name below "samplechop"; the console stays silent.
"""

import ctypes
import gc
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from math import inf
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from samplechop.realtime.core.compile_cache import remove_temporary_cache
from samplechop.realtime.core.errors import INTERRUPTED, UserError, reason_of
from samplechop.realtime.core.standard_streams import say

ROOT = logging.getLogger("samplechop")


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process that is started meanwhile ignore Ctrl-C; here it comes when this is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_at_once() -> None:
    """Let Ctrl-C end this process at once and silently, with exit code INTERRUPTED: nothing is open yet.

    Modules that are imported or compiled may not survive an exception anywhere, or swallow it. Where Ctrl-C is ignored
    or handled already, as in a background job, and in any thread but the main one nothing is changed.
    """
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _end)


def end_with_care() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ended_at_once() -> Iterator[None]:
    """Let Ctrl-C end this process at once meanwhile, while modules are imported."""
    end_at_once()
    try:
        with no_garbage():
            yield
    finally:
        end_with_care()


@contextmanager
def no_garbage() -> Iterator[None]:
    """Let Python not look for garbage meanwhile: modules that are imported make many objects, and hardly any of it."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


def _end(_signal: int, _frame: object) -> None:
    remove_temporary_cache()
    os._exit(INTERRUPTED)


END_SECONDS = 10.0
"""How long an end that has begun is left in peace; a Ctrl-C after that breaks it off."""
_END_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class _EndRequest:
    """Raises KeyboardInterrupt at the first signal; those that follow soon change nothing, as the end has begun.

    A terminal that closes sends SIGHUP twice, and a hasty user Ctrl-C: neither may break off the note-offs.
    """

    def __init__(self) -> None:
        self.began = -inf
        self.is_held, self.waits = False, False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self.began >= END_SECONDS:
            self.began = now
            ROOT.info("asked to end by %s", signal.Signals(number).name)
            if not self.is_held:
                raise KeyboardInterrupt
            self.waits = True


_end_request = _EndRequest()


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """[main] Let whatever asks this process to end raise KeyboardInterrupt meanwhile, once.

    What was ignored when the program was started, as SIGHUP is under nohup, stays ignored. In any thread but the main
    one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _end_request.began, _end_request.waits = -inf, False
    numbers = [getattr(signal, name) for name in _END_SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in taken:
            signal.signal(number, _end_request)
        with _console_events():
            yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


@contextmanager
def end_held() -> Iterator[None]:
    """[main] Let a signal that comes meanwhile raise KeyboardInterrupt when this is over."""
    _end_request.is_held = True
    try:
        yield
    finally:
        _end_request.is_held = False
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


def end_with_parent(seconds: float = 0.0) -> None:
    """Let this process, started by multiprocessing, end when the one that started it is gone, even killed.

    seconds: left to it to end by itself.
    """
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent, seconds), name="end with parent", daemon=True).start()


def _end_after(parent: BaseProcess, seconds: float) -> None:
    parent.join()
    time.sleep(seconds)
    os._exit(1)


class _LogFile(WatchedFileHandler):
    """A log file: where it is deleted or moved meanwhile, it is made anew; what cannot be written is said once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:  # its folder is gone, too
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002 (logging names both)
        error = sys.exc_info()[1]
        why = reason_of(error)
        if not self._failed:
            say(f"samplechop: the log cannot be written to {self.baseFilename!r}: {why}")
        self._failed = True

    def close(self) -> None:
        try:
            super().close()
        except OSError:  # what the disk did not take before it does not take now, which was said
            self.stream = None  # logging does the same


@contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Add what is logged meanwhile to the end of a file, None for no file. Raises UserError if it cannot be written."""
    if path is None:
        yield
        return
    if path.is_fifo():  # to open it takes as long as nobody reads
        raise UserError(f"cannot write the log to {str(path)!r}: it is a pipe; give the name of a file")
    try:
        handler = _LogFile(path)
    except OSError as error:
        raise UserError(f"cannot write the log to {str(path)!r}: {reason_of(error)}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    entry = QueueHandler(records)  # so that no thread with a deadline waits for the disk
    listener = QueueListener(records, handler)
    level = ROOT.level
    ROOT.addHandler(entry)
    ROOT.setLevel(logging.INFO)
    listener.start()
    try:
        yield
    finally:
        ROOT.removeHandler(entry)
        ROOT.setLevel(level)
        listener.stop()
        handler.close()


@contextmanager
def scheduling_hints() -> Iterator[None]:
    """[main] Let threads take turns sooner, and garbage collection leave alone what is loaded by now."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # by default a busy thread, the screen say, may keep the others from a note for 5 ms
    gc.unfreeze()  # what was compiled
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
