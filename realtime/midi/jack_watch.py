"""Hear that the JACK server has gone.

rtmidi does not say: it goes on listing a dead server's ports, and once its queue of some 2300 messages is full it waits
for the server for ever, with all of Python. Asking by opening another client crashes libjack while a client of the dead
server is open. So a client without ports, opened through the same libjack, waits for JACK's own shutdown call.
"""

import ctypes
import time
from pathlib import Path

SETTLE_SECONDS = 0.1
"""libjack does not say when its thread has returned from the shutdown call, and crashes if closed before."""

_NO_START_SERVER = 1
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _loaded_libjack() -> str | None:
    """Find the libjack that this process has loaded, rtmidi's own before any other. Only Linux tells."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    paths = {line.split(maxsplit=5)[-1] for line in maps.read_text().splitlines() if "/libjack" in line}
    return max(paths, key=lambda path: ("rtmidi" in path, path), default=None)


class JackWatch:
    """Open beside a JACK port.

    gone: True once the server has ended or thrown us out. It stays False where libjack cannot be reached.
    """

    def __init__(self, client_name: str) -> None:
        """Open and activate the watching client."""
        self.gone = False
        self._client: int | None = None
        path = _loaded_libjack()
        if path is None:
            return
        self._library = ctypes.CDLL(path)
        self._library.jack_client_open.restype = ctypes.c_void_p
        self._library.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        self._library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _SHUTDOWN, ctypes.c_void_p]
        self._library.jack_activate.argtypes = [ctypes.c_void_p]
        self._library.jack_client_close.argtypes = [ctypes.c_void_p]
        self._on_shutdown = _SHUTDOWN(self._note)  # kept, as C calls it
        self._client = self._library.jack_client_open(client_name.encode(), _NO_START_SERVER, None)
        if self._client is not None:
            self._library.jack_on_shutdown(self._client, self._on_shutdown, None)
            self._library.jack_activate(self._client)

    def _note(self, _: int | None) -> None:
        """[a thread of libjack] Take the server's end."""
        self.gone = True

    def close(self) -> None:
        """Close the client; twice is harmless."""
        client, self._client = self._client, None
        if client is not None:
            if self.gone:
                time.sleep(SETTLE_SECONDS)
            self._library.jack_client_close(client)
