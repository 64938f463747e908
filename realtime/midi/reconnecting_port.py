"""A MIDI port that may vanish and come back: what is sent meanwhile is lost, as a late note is worse than none."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.midi.ports import MidiPort

RETRY_SECONDS = 0.5
_log = logging.getLogger(__name__)


class KeptPort:
    """Sends to a port, notices when it is gone, and opens it again on a thread of its own, as both may take their time.

    reopen: opens the port anew; it is called every half second until it no longer raises UserError or OSError.
    greeting: messages for a port that was opened again, such as an end to the notes that hung when it vanished.
    number: how many ports there were so far; what sounded on an earlier one sounds no more.
    """

    def __init__(self, port: MidiPort, reopen: Callable[[], MidiPort] | None, greeting: Sequence[bytes]) -> None:
        """Take over an open port; it is watched from `start()` on."""
        self.number = 1
        self._port: MidiPort | None = port
        self._reopen = reopen
        self._greeting = tuple(greeting)
        self._lost: list[MidiPort] = []
        self._losing = threading.Lock()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="midi port keeper", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether there is a port now."""
        return self._port is not None

    def start(self) -> None:
        """[main] Start watching."""
        self._keeper.start()

    def send(self, message: bytes) -> bool:
        """[one thread] Send now. False if there is no port or it is lost just now."""
        port = self._port
        if port is None:
            return False
        try:
            port.send(message)
        except OSError:
            self._lose(port)
            return False
        return True

    def close(self) -> None:
        """[main] Stop watching and close the port; twice is harmless."""
        self._over.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        port, self._port = self._port, None
        if port is not None:
            port.close()
        self._close_lost()

    def _lose(self, port: MidiPort) -> None:
        """Do without the port from now on; the keeper closes it, as that may take a second."""
        with self._losing:
            if self._port is port:
                self._port = None
                self._lost.append(port)
                _log.warning("MIDI port lost: notes are dropped until it is back")

    def _close_lost(self) -> None:
        while self._lost:
            with suppress(OSError):
                self._lost.pop().close()

    def _keep(self) -> None:
        while not self._over.wait(RETRY_SECONDS):
            port = self._port
            if port is not None and not port.is_there():
                self._lose(port)
            # Before opening anew: libjack crashes when it looks for a server while a client of a dead one is open.
            self._close_lost()
            if self._port is None and self._reopen is not None:
                with suppress(UserError, OSError):
                    self._greet(self._reopen())

    def _greet(self, port: MidiPort) -> None:
        try:
            for message in self._greeting:
                port.send(message)
        except OSError:  # gone again already
            self._lost.append(port)
        else:
            self.number += 1
            self._port = port
            _log.info("MIDI port opened again")
