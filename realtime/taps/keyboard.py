"""Single keys of a terminal: of POSIX, where it is set to give each at once, and of a Windows console."""

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from samplechop.realtime.core.errors import UserError

LOOK_SECONDS = 1.0
"""How often the system is asked whether the terminal is ours again."""
POLL_SECONDS = 0.002
"""How often a Windows console is asked for a key: the most by which a tap is late."""
_PREFIXES = ("\x00", "\xe0")
"""What msvcrt gives before the code of a key that is no character: an arrow, F1."""
_CTRL_C = "\x03"


class Keyboard:
    """Reads keys hit in a terminal, without waiting for Return and without showing them.

    Ctrl-C stays what it is. The terminal is taken for the first key that is listened to, and given back as it was with
    the last one released, at the latest when Python ends. fd: the terminal's file descriptor, None for standard input.

    Raises UserError if it is no terminal, or if this system has no such terminals.
    """

    def __init__(self, fd: int | None = None) -> None:
        """Make sure that there is a terminal; nothing is changed yet."""
        try:
            self._fd = sys.stdin.fileno() if fd is None else fd
            terminal = os.isatty(self._fd)
        except (AttributeError, OSError, ValueError):  # started without a standard input
            terminal = False
        if not terminal:
            raise UserError("standard input is no terminal: run samplechop in one to use keys")
        try:
            import termios
        except ImportError:
            raise UserError("this system's terminal has no single keys") from None
        self._termios = termios
        self._before: list[Any] | None = None
        self._thread: threading.Thread | None = None
        self._wake, self._waker = -1, -1
        self._calls: dict[bytes, Callable[[], None]] = {}

    @property
    def in_foreground(self) -> bool:
        """Whether the terminal is this program's now, and not that of a shell which runs it in the background."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            return False

    @property
    def in_background(self) -> bool:
        """Whether a shell runs this program in the background: the system stops one that reads or sets the terminal."""
        try:
            return os.tcgetpgrp(self._fd) != os.getpgrp()
        except OSError:  # no shell's, or closed
            return False

    def listen(self, key: bytes, call: Callable[[], None]) -> None:
        """[main] Call at each hit of one key, a byte, in a thread of the keyboard's own."""
        self._calls = {**self._calls, key: call}
        if self._before is None:
            self._take()

    def release(self, key: bytes) -> None:
        """[main] Ignore a key from now on; twice is harmless."""
        self._calls = {other: call for other, call in self._calls.items() if other != key}
        if not self._calls:
            self._give_back()

    def _take(self) -> None:
        termios = self._termios
        self._wake, self._waker = os.pipe()
        self._before = termios.tcgetattr(self._fd)
        atexit.register(self._give_back)
        changed = termios.tcgetattr(self._fd)
        changed[3] &= ~(termios.ICANON | termios.ECHO)
        changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
        # What was typed while the program loaded was meant for no sound.
        termios.tcsetattr(self._fd, termios.TCSAFLUSH, changed)
        self._thread = threading.Thread(target=self._listen, name="keys", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            ready, _, _ = select.select([self._fd, self._wake], [], [])
            if self._wake in ready:
                return
            if self.in_background:  # what is typed is meant for the shell
                select.select([self._wake], [], [], LOOK_SECONDS)
                continue
            try:
                typed = os.read(self._fd, 64)
            except OSError:  # the terminal was closed
                return
            if not typed:
                return
            for key in typed:
                if (call := self._calls.get(bytes([key]))) is not None:
                    call()

    def _give_back(self) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        atexit.unregister(self._give_back)
        os.write(self._waker, b".")
        if self._thread is not None:
            self._thread.join()
        os.close(self._wake)
        os.close(self._waker)
        if self.in_background:  # the shell has set it as it wants it
            return
        with suppress(OSError, self._termios.error):  # the terminal may be gone
            # What was typed and not read yet was meant for us, not for the shell.
            self._termios.tcsetattr(self._fd, self._termios.TCSAFLUSH, before)


class ConsoleKeyboard(Keyboard):
    """The same on Windows, whose console is asked every few milliseconds, as nothing can wait for it and for an end.

    Raises UserError if standard input is no console.
    """

    in_foreground = True
    in_background = False

    def __init__(self) -> None:
        """Make sure that there is a console."""
        try:
            console = sys.stdin.isatty()
        except (AttributeError, OSError, ValueError):
            console = False
        if not console:
            raise UserError("standard input is no terminal: run samplechop in one to use keys")
        self._console: Any = import_module("msvcrt")
        self._before = self._thread = None
        self._calls = {}
        self._ended = threading.Event()

    def _take(self) -> None:
        if self._thread is not None:
            return
        while self._console.kbhit():  # what was typed while the program loaded was meant for no sound
            self._console.getwch()
        self._ended.clear()
        self._thread = threading.Thread(target=self._listen, name="keys", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            while self._console.kbhit():
                key = self._console.getwch()
                if key in _PREFIXES:
                    self._console.getwch()
                elif key == _CTRL_C:  # it came while a key was read
                    signal.raise_signal(signal.SIGINT)
                elif (call := self._calls.get(key.encode(errors="replace"))) is not None:
                    call()

    def _give_back(self) -> None:
        thread, self._thread = self._thread, None
        self._ended.set()
        if thread is not None:
            thread.join()


def open_keyboard() -> Keyboard:
    """Give the keys of this system's terminal. Raises UserError where there is none."""
    return ConsoleKeyboard() if sys.platform == "win32" else Keyboard()
