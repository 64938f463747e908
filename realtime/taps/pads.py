"""What hits are taken from: a MIDI pad or keyboard, or the space bar."""

import time
from collections.abc import Callable
from typing import Any

from samplechop.realtime.midi.messages import NOTE_ON
from samplechop.realtime.midi.ports import CLIENT_NAME, INPUT, RtmidiPort
from samplechop.realtime.taps.keyboard import Keyboard

PAD_KEY = b" "
KEY_VELOCITY = 100
"""A key does not say how hard it was hit."""
VIRTUAL_PAD_NAME = "taps"
LOOK_SECONDS = 1.0
"""How often the system is asked whether the pad is still there."""


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
