"""What belongs to the process: Ctrl-C, standard error, the log file, how threads take turns, a notice of compiling.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import Any

from samplechop.realtime.core.compile_cache import ensure_compile_cache, is_temporary, remove_temporary_cache
from samplechop.realtime.core.errors import UserError

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""
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
    """Let Ctrl-C end this process at once meanwhile."""
    end_at_once()
    try:
        yield
    finally:
        end_with_care()


def _end(_signal: int, _frame: object) -> None:
    remove_temporary_cache()
    os._exit(INTERRUPTED)


@contextmanager
def silence() -> Iterator[None]:
    """Let file descriptor 2 lead nowhere meanwhile; Python's own messages go unseen too, so keep it short."""
    try:
        saved = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


@contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Add what is logged meanwhile to the end of a file, None for no file. Raises UserError if it cannot be written."""
    if path is None:
        yield
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write the log to {str(path)!r}: {error.strerror or error}") from None
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
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)


def prepare_compiling() -> None:
    """[main] Have a place for what numba compiles; ends the program with one sentence if there is none."""
    try:
        ensure_compile_cache()
    except UserError as error:
        print(f"samplechop: {error}", file=sys.stderr)
        sys.exit(2)


def say_when_compiling(say: Callable[[str], None]) -> None:
    """[main] Say once, even where nothing else is shown, what takes so long when something is compiled from now on."""
    if is_temporary():  # that was said already
        return
    from numba.core import event  # Ctrl-C must be ours before anything that takes long is imported

    class Listener(event.Listener):
        said = False

        def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            if not self.said:
                say("samplechop: compiling for this processor, once, up to half a minute; later starts are quick ...")
            self.said = True

        def on_end(self, event: Any) -> None:
            """Say nothing when it is over."""

    event.register("numba:compile", Listener())
