"""A MIDI pad or keyboard that somebody plays to us."""

import threading
import time
from collections.abc import Callable
from typing import Any

from samplechop.realtime.core.process import silence
from samplechop.realtime.midi.jack_watch import JackWatch
from samplechop.realtime.midi.ports import CLIENT_NAME, VIRTUAL, Direction, claim, rtmidi

INPUT = Direction("MidiIn", "--tap-port", "tap the space bar: leave out --tap-port")
VIRTUAL_PAD_NAME = "taps"
LOOK_SECONDS = 1.0
"""How often the system is asked whether the pad is still there."""


class MidiPad:
    """Tells of every note-on at a MIDI input, whichever note and channel.

    port: an input by name or part of it, or "virtual" for a port of our own that others send to.
    Raises UserError if there is no such port.
    """

    source = "midi"

    def __init__(self, port: str, client_name: str = f"{CLIENT_NAME}-pad") -> None:
        """Open the port; what comes before `start` is let go."""
        self._virtual = port == VIRTUAL
        self._input, self.name = claim(INPUT, port, client_name, VIRTUAL_PAD_NAME)
        self._lock = threading.Lock()  # rtmidi crashes when an input is used after it was deleted
        self._watch: JackWatch | None = None
        self._looked = time.monotonic()
        self._there = True
        if self._input.get_current_api() == rtmidi().API_UNIX_JACK:
            with silence():
                self._watch = JackWatch(f"{client_name}-watch")

    @property
    def warning(self) -> str:
        """[any thread] What the user should know: that the pad has gone; "" for nothing."""
        with self._lock:
            if self._input is not None and time.monotonic() - self._looked > LOOK_SECONDS:
                self._looked = time.monotonic()
                self._there = self._is_there()
        return "" if self._there else f"the MIDI pad {self.name!r} is gone: no more taps come from it"

    def _is_there(self) -> bool:
        if self._watch is not None and self._watch.gone:
            return False  # rtmidi must not ask a JACK server that is gone
        try:
            return self._virtual or self.name in self._input.get_ports()
        except OSError:
            return False

    def start(self, on_hit: Callable[[int], None]) -> None:
        """[main] Begin; on_hit gets the velocity of each hit, in rtmidi's thread."""

        def heard(message_and_delta: Any, _: object) -> None:
            message = message_and_delta[0]
            if len(message) == 3 and message[0] & 0xF0 == 0x90 and message[2] > 0:
                on_hit(message[2])

        self._input.set_callback(heard)

    def close(self) -> None:
        """Give the port back to the system; twice is harmless."""
        with self._lock, silence():
            port, self._input = self._input, None
            if port is not None:
                port.delete()
            if self._watch is not None:
                self._watch.close()
