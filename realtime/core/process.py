"""What belongs to the process: which signals reach it, the log file, how threads take turns.

The terminal sends Ctrl-C to all processes, and one alone should decide. What goes wrong in a session is logged by the
standard logging module, each module under its own name below "samplechop"; the console stays silent.
"""

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
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path

from samplechop.realtime.core.compile_cache import remove_temporary_cache
from samplechop.realtime.core.errors import INTERRUPTED, UserError, reason_of
from samplechop.realtime.core.standard_streams import say

ROOT = logging.getLogger("samplechop")


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process that is started meanwhile ignore what the terminal sends to all; here it comes when this is over.

    So does the one that multiprocessing starts to keep its resources: without it, others complain as they end.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
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


def ignore_terminal() -> None:
    """Leave Ctrl-C, and the end of the terminal, which reach all processes, to the one that started this one."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


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
