"""The space bar of the terminal as a pad."""

import atexit
import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from realtime.errors import UserError

PAD_KEY = b" "
KEY_VELOCITY = 100
"""A key does not say how hard it was hit."""


class KeyPad:
    """Tells of every space bar hit in a terminal, without waiting for Return and without showing it.

    Ctrl-C stays what it is. The terminal is given back as it was by `close`, and at the latest when Python ends.
    fd: the terminal's file descriptor, None for standard input.

    Raises UserError if it is no terminal, or if this system has no such terminals (Windows).
    """

    source = "key"
    name = "space bar"

    def __init__(self, fd: int | None = None) -> None:
        """Make sure that there is a terminal; nothing is changed yet."""
        try:
            self._fd = sys.stdin.fileno() if fd is None else fd
            terminal = os.isatty(self._fd)
        except (AttributeError, OSError, ValueError):  # started without a standard input
            terminal = False
        if not terminal:
            raise UserError(
                "taps come from the space bar, but standard input is no terminal: "
                "run samplechop in one, or name a MIDI pad with --tap-port"
            )
        try:
            import termios
        except ImportError:
            raise UserError("this system's terminal has no single keys: name a MIDI pad with --tap-port") from None
        self._termios = termios
        self._before: list[Any] | None = None
        self._thread: threading.Thread | None = None
        self._wake, self._waker = -1, -1

    @property
    def warning(self) -> str:
        """What the user should know, "" for nothing."""
        return ""

    def start(self, on_hit: Callable[[int], None]) -> None:
        """[main] Begin; on_hit gets the velocity of each hit, in a thread of its own."""
        termios = self._termios
        self._wake, self._waker = os.pipe()
        self._before = termios.tcgetattr(self._fd)
        atexit.register(self.close)
        changed = termios.tcgetattr(self._fd)
        changed[3] &= ~(termios.ICANON | termios.ECHO)
        changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
        # What was typed while the program loaded was no tap to anything heard.
        termios.tcsetattr(self._fd, termios.TCSAFLUSH, changed)
        self._thread = threading.Thread(target=self._listen, args=(on_hit,), name="keys", daemon=True)
        self._thread.start()

    def _listen(self, on_hit: Callable[[int], None]) -> None:
        while True:
            ready, _, _ = select.select([self._fd, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                typed = os.read(self._fd, 64)
            except OSError:  # the terminal was closed
                return
            if not typed:
                return
            for _ in range(typed.count(PAD_KEY)):
                on_hit(KEY_VELOCITY)

    def close(self) -> None:
        """[main] Hear no more and give the terminal back as it was; twice is harmless."""
        before, self._before = self._before, None
        if before is None:
            return
        atexit.unregister(self.close)
        os.write(self._waker, b".")
        if self._thread is not None:
            self._thread.join()
        os.close(self._wake)
        os.close(self._waker)
        with suppress(OSError, self._termios.error):  # the terminal may be gone
            # What was typed and not read yet was meant for us, not for the shell.
            self._termios.tcsetattr(self._fd, self._termios.TCSAFLUSH, before)
