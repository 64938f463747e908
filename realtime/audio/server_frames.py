"""The frame time of a JACK server, by which the callback counts the cycles that the stream did not get.

PortAudio tells the time of a block only by the server's filtered clock, which after lost cycles runs wrong for seconds,
and flags some of the xruns, whether sound was lost or not. `jack_last_frame_time` is exact, and the same for all
clients of a process: a second one, without ports and never activated, so that no cycle waits for it, is enough to ask.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from samplechop.realtime.audio.ring import AHEAD_SINCE, FRAME_CLIENT, FRAME_TIME, NO_FRAME, PERIOD, SERVER_FRAME, Ring

_HOST = "JACK Audio Connection Kit"
"""What PortAudio calls JACK."""
_LIBRARY = {"darwin": "libjack.0.dylib", "win32": "libjack64.dll"}.get(sys.platform, "libjack.so.0")
_NAME = b"samplechop-frames"
_NO_START_SERVER = 1


@contextmanager
def frame_time(sd: Any, stream: Any, ring: Ring) -> Iterator[None]:
    """Let the callback of a stream, opened and not yet started, count lost frames; nothing on other hosts.

    sd: the module sounddevice.
    """
    ring.control[[SERVER_FRAME, AHEAD_SINCE]] = NO_FRAME
    ring.control[FRAME_TIME] = 0
    opened = _open() if _is_jack(sd, stream) else None
    if opened is None:
        yield
        return
    library, client = opened
    ring.control[FRAME_CLIENT] = client
    ring.control[PERIOD] = library.jack_get_buffer_size(client)
    ring.control[FRAME_TIME] = ctypes.cast(library.jack_last_frame_time, ctypes.c_void_p).value or 0
    try:
        yield
    finally:
        stream.abort()  # no callback may ask a client that is closed
        library.jack_client_close(client)


def _is_jack(sd: Any, stream: Any) -> bool:
    device = stream.device if isinstance(stream.device, int) else stream.device[0]
    return bool(sd.query_hostapis(sd.query_devices(device)["hostapi"])["name"] == _HOST)


def _open() -> tuple[Any, int] | None:
    """Open a client; None where that cannot be."""
    try:
        library = ctypes.CDLL(_LIBRARY)
        library.jack_client_open.restype = ctypes.c_void_p
        library.jack_get_buffer_size.argtypes = library.jack_client_close.argtypes = [ctypes.c_void_p]
        client = library.jack_client_open(_NAME, ctypes.c_int(_NO_START_SERVER), None)
        return None if client is None or not library.jack_last_frame_time else (library, client)
    except (OSError, AttributeError):
        return None
