"""What belongs to the process: Ctrl-C while we start and of the processes we start, and standard error.

The terminal sends Ctrl-C to all, and one alone should decide.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process that is started meanwhile be born deaf to Ctrl-C; here it comes when this is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_at_once() -> None:
    """Let Ctrl-C end this process at once and without a word, with exit code INTERRUPTED: nothing is open yet.

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
    os._exit(INTERRUPTED)


@contextmanager
def silence() -> Iterator[None]:
    """Let file descriptor 2 lead nowhere meanwhile; Python's own messages go unseen too, so keep it short."""
    try:
        kept = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
