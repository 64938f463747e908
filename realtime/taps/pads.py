"""What hits are taken from: a MIDI pad or keyboard, or the space bar, of a terminal whose single keys are read."""

import atexit
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.midi.messages import NOTE_ON
from samplechop.realtime.midi.ports import CLIENT_NAME, INPUT, RtmidiPort

PAD_KEY = b" "
KEY_VELOCITY = 100
"""A key does not say how hard it was hit."""
VIRTUAL_PAD_NAME = "taps"
LOOK_SECONDS = 1.0
"""How often the system is asked whether the pad is still there."""


class Keyboard:
    """Reads keys hit in a terminal, without waiting for Return and without showing them.

    Ctrl-C stays what it is. The terminal is taken for the first key that is listened to, and given back as it was with
    the last one released, at the latest when Python ends. fd: the terminal's file descriptor, None for standard input.

    Raises UserError if it is no terminal, or if this system has no such terminals (Windows).
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


class KeyPad:
    """The space bar as a pad."""

    source = "key"
    name = "space bar"
    warning = ""

    def __init__(self, keyboard: Keyboard) -> None:
        """Use a keyboard, which others may share."""
        self._keyboard = keyboard

    def start(self, on_hit: Callable[[int], None]) -> None:
        """[main] Begin; on_hit gets the velocity of each hit, in the keyboard's thread."""
        self._keyboard.listen(PAD_KEY, lambda: on_hit(KEY_VELOCITY))

    def close(self) -> None:
        """[main] Take no more hits; twice is harmless."""
        self._keyboard.release(PAD_KEY)


class MidiPad(RtmidiPort):
    """Calls at every note-on at a MIDI input, whichever note and channel."""

    source = "midi"

    def __init__(self, port: str) -> None:
        """Open an input by name or part of it, or a port of our own for "virtual". Raises UserError.

        What comes before `start` is not counted.
        """
        super().__init__(INPUT, port, f"{CLIENT_NAME}-pad", VIRTUAL_PAD_NAME)
        self._looked, self._there = time.monotonic(), True

    @property
    def warning(self) -> str:
        """[any thread] What the user should know: that the pad has gone; "" for nothing."""
        if self._port is not None and time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._there = self.is_there()
        return "" if self._there else f"the MIDI pad {self.name!r} is gone: no more taps come from it"

    def start(self, on_hit: Callable[[int], None]) -> None:
        """[main] Begin; on_hit gets the velocity of each hit, in rtmidi's thread."""

        def receive(message_and_delta: Any, _: object) -> None:
            message = message_and_delta[0]
            if len(message) == 3 and message[0] & 0xF0 == NOTE_ON and message[2] > 0:
                on_hit(message[2])

        self._port.set_callback(receive)
