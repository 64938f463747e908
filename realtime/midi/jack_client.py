"""Clients of a JACK server of our own: one that notices the server's end, and one with an output for MIDI."""

import atexit
import ctypes
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

SETTLE_SECONDS = 0.1
"""libjack does not say when its thread has returned from the shutdown call, and crashes if closed before."""

CLOSE_SECONDS = 1.0
"""How long, at the end, the server may take for the last messages."""
_NO_START_SERVER = 1
_IS_OUTPUT = 2
_MIDI_TYPE = b"8 bit raw midi"
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _loaded_libjack() -> str | None:
    """Find the libjack that this process has loaded, rtmidi's own before any other. Only on Linux."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    paths = {line.split(maxsplit=5)[-1] for line in maps.read_text().splitlines() if "/libjack" in line}
    return max(paths, key=lambda path: ("rtmidi" in path, path), default=None)


class JackClient:
    """A client, not yet activated, that knows when its server has gone. Raises OSError where there is none.

    gone: True once the server has ended or thrown us out.
    """

    def __init__(self, name: str) -> None:
        """Open it through the libjack that is loaded."""
        self.gone = False
        path = _loaded_libjack()
        if path is None:
            raise OSError("no libjack is loaded")
        self._library = library = ctypes.CDLL(path)
        for function in ("jack_client_open", "jack_port_register", "jack_port_by_name"):
            getattr(library, function).restype = ctypes.c_void_p
        for function in ("jack_get_client_name", "jack_port_name"):
            getattr(library, function).restype = ctypes.c_char_p
        library.jack_get_time.restype = ctypes.c_uint64
        self._on_shutdown = _SHUTDOWN(self._note)  # kept, as C calls it
        opened = library.jack_client_open(name.encode(), ctypes.c_int(_NO_START_SERVER), None)
        if opened is None:
            raise OSError("no JACK server answers")
        self._client = ctypes.c_void_p(opened)
        _OPEN.add(self)
        library.jack_on_shutdown(self._client, self._on_shutdown, None)

    def _note(self, _: int | None) -> None:
        """[a thread of libjack] Take the server's end."""
        self.gone = True

    def _activate(self) -> None:
        if self._library.jack_activate(self._client):
            raise OSError("the JACK server takes no client")

    def _close(self) -> None:
        if self.gone:
            time.sleep(SETTLE_SECONDS)
        self._library.jack_client_close(self._client)
        _OPEN.discard(self)


_OPEN: set[JackClient] = set()
"""All that libjack may still call: what it calls must not be freed, however a client was forgotten."""


@atexit.register
def _close_all() -> None:
    for client in tuple(_OPEN):
        client._close()


class JackWatch:
    """A client without ports beside a JACK port of rtmidi, to notice that the server has gone.

    rtmidi does not say: it goes on listing a dead server's ports, and once its queue of some 2300 messages is full it
    waits for the server for ever, with all of Python. Asking by opening another client crashes libjack while a client
    of the dead server is open. So this one, opened through the same libjack, waits for JACK's own shutdown call.
    """

    def __init__(self, client_name: str) -> None:
        """Open and activate the watching client."""
        self._client: JackClient | None = None
        with suppress(OSError):
            self._client = JackClient(client_name)
            self._client._activate()

    @property
    def gone(self) -> bool:
        """Whether the server has ended; False where libjack cannot be reached."""
        return self._client is not None and self._client.gone

    def close(self) -> None:
        """Close the client; twice is harmless."""
        client, self._client = self._client, None
        if client is not None:
            client._close()


class JackOutput(JackClient):
    """The MidiPort that real notes leave through on JACK, each a period after it was sent, to the sample.

    name: of the port that it sends to, or of our own. target: the port to send to, "" for none: others connect to ours.
    Raises OSError where there is no server, or it does not connect the ports.
    """

    def __init__(self, client_name: str, port_name: str, target: str = "") -> None:
        """Open, activate and connect it."""
        from samplechop.realtime.midi import jack_cycle  # compiled code that only JACK needs

        super().__init__(client_name)
        library, self._target, self._lock, self._closed = self._library, target, threading.Lock(), False
        self._cycle, self._words = jack_cycle, np.zeros(jack_cycle.WORDS, np.int64)
        try:
            port = ctypes.c_void_p(
                library.jack_port_register(
                    self._client, port_name.encode(), _MIDI_TYPE, ctypes.c_ulong(_IS_OUTPUT), ctypes.c_ulong(0)
                )
            )
            if not port:
                raise OSError("the JACK server gives no port")
            ours = library.jack_port_name(port).decode()
            self.name = target or ours
            self._words[jack_cycle.MEMORY] = self._words.ctypes.data
            self._words[jack_cycle.CLIENT], self._words[jack_cycle.PORT] = self._client.value or 0, port.value or 0
            for word, function in jack_cycle.FUNCTIONS.items():
                self._words[word] = ctypes.cast(getattr(library, function), ctypes.c_void_p).value or 0
            callback, memory = ctypes.c_void_p(jack_cycle.process.address), ctypes.c_void_p(self._words.ctypes.data)
            if library.jack_set_process_callback(self._client, callback, memory):
                raise OSError("the JACK server takes no callback")
            self._activate()
            if target and library.jack_connect(self._client, ours.encode(), target.encode()):
                raise OSError(f"JACK does not connect {ours!r} to {target!r}")
        except BaseException:
            self._close()
            raise

    def send(self, message: bytes) -> None:
        """Send one message of up to 8 bytes. Raises OSError if the server is known to be lost, or takes no more."""
        cycle = self._cycle
        if not 0 < len(message) <= cycle.MOST_BYTES:
            raise ValueError(f"message must have 1..{cycle.MOST_BYTES} bytes, got {len(message)}")
        with self._lock:
            if self.gone or self._closed:
                raise OSError(f"MIDI port {self.name!r} is gone")
            moment, packed = self._library.jack_get_time(), int.from_bytes(message, "little", signed=False)
            if not cycle.send(self._words, moment, len(message), packed):
                raise OSError(f"MIDI port {self.name!r} takes no messages")

    def is_there(self) -> bool:
        """Tell whether the server runs and has the port that this one sends to."""
        with self._lock:
            if self.gone or self._closed:
                return False
            return not self._target or bool(self._library.jack_port_by_name(self._client, self._target.encode()))

    def close(self) -> None:
        """Let the server take the last messages, and close; twice is harmless."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            cycle, words = self._cycle, self._words
            patience = time.monotonic() + CLOSE_SECONDS
            last = None
            while not self.gone and time.monotonic() < patience:
                if last is None and words[cycle.PLACED] == words[cycle.SENT]:
                    last = int(words[cycle.CYCLES])  # who takes them has all of the cycle for it
                if last is not None and words[cycle.CYCLES] > last:
                    break
                time.sleep(0.001)
            self._close()
