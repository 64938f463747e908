"""The process that holds the audio stream.

PortAudio lives in a process of its own, which shares the ring's memory with the program. That is not for speed: a
device that disappears can leave PortAudio waiting for it (ten minutes, with JACK) in the very calls that should close
the stream, and no second try is possible in a process where the first one hangs. This one simply ends, and a new one
waits for the device to come back. The callback also has this process for itself.

    program                                   this process
    DeviceStream ──────── Process, pipe ───▶  run: load
    DeviceStream.start ── "open" ──────────▶  open, report, watch
    Ring.read ◀────────── shared memory ────  c_callback
    DeviceStream.close ── "stop" ──────────▶  close, end

The callback counts the cycles that the stream did not get by the frame time of a JACK server. PortAudio tells the time
of a block only by the server's filtered clock, which after lost cycles runs wrong for seconds, and flags some of the
xruns, whether sound was lost or not. `jack_last_frame_time` is exact, and the same for all clients of a process: a
second one, without ports and never activated, so that no cycle waits for it, is enough to ask.
"""

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from samplechop.realtime.audio.devices import Device, check_input, check_output, devices_of, portaudio
from samplechop.realtime.audio.ring import (
    AHEAD_SINCE,
    CALLBACKS,
    CLOCKED,
    FRAME_CLIENT,
    FRAME_TIME,
    NO_FRAME,
    OFFSET,
    PERIOD,
    SERVER_FRAME,
    Ring,
)
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import end_with_parent, ignore_terminal

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


WATCH_SECONDS = 0.1
DEAD_SECONDS = 1.0
"""A stream whose callback was not called for this long has lost its device."""

RETRY_SECONDS = 1.0
CLOCK_TRIES = 5
NICENESS = -11
"""Where the system allows it; the value that PulseAudio and PipeWire ask for."""

LOST = 3
"""Exit code after the device has disappeared."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What to open. Devices are known by full name, as indices change when something is plugged in.

    source, output: full names, None where the stream has no such side. sample_rate: Hz. channels: of the input (of the
    ring, where there is no input). outputs: channels to play. block_size: frames per callback.
    capacity: frames in the ring.
    """

    source: str | None
    output: str | None
    sample_rate: int
    channels: int
    outputs: int
    block_size: int
    capacity: int


def _named(devices: list[Device], full_name: str) -> Device:
    for device in devices:
        if device.full_name == full_name:
            return device
    raise UserError(f"the audio device {full_name!r} is not there")


def open_stream(sd: Any, settings: StreamSettings, ring: Ring) -> Any:
    """Open the stream, not yet started, over the ring. Raises UserError when it cannot be opened."""
    from samplechop.realtime.audio.callback import (  # compiled code that only this process needs
        CAN_CLOCK,
        c_callback,
        python_callback,
    )

    devices = devices_of(sd)
    source = _named(devices, settings.source) if settings.source is not None else None
    output = _named(devices, settings.output) if settings.output is not None else None
    if source is not None:
        check_input(sd, source, settings.sample_rate, settings.channels)
    if output is not None:
        check_output(sd, output, settings.sample_rate, settings.outputs)
    options: dict[str, Any] = {
        "samplerate": settings.sample_rate,
        "blocksize": settings.block_size,
        "dtype": "float32",
        "latency": "low",
    }
    if source is not None and output is not None:
        kind, wrapped = "duplex", sd.Stream
        options |= {"device": (source.index, output.index), "channels": (settings.channels, settings.outputs)}
    elif source is not None:
        kind, wrapped = "input", sd.InputStream
        options |= {"device": source.index, "channels": settings.channels}
    elif output is not None:
        kind, wrapped = "output", sd.OutputStream
        options |= {"device": output.index, "channels": settings.outputs}
    else:
        raise ValueError("settings must name a source or an output, got neither")
    ring.control[CLOCKED] = CAN_CLOCK
    try:
        try:
            pointer = sd._ffi.cast("PaStreamCallback*", c_callback.address)
            memory = sd._ffi.cast("void*", ring.memory.ctypes.data)
            return sd._StreamBase(kind=kind, callback=pointer, userdata=memory, wrap_callback=None, **options)
        except (AttributeError, TypeError, AssertionError):  # the underscore-private class has changed
            return wrapped(callback=python_callback(ring), **options)
    except (sd.PortAudioError, ValueError) as error:
        name = settings.source or settings.output
        raise UserError(f"the audio device {name!r} cannot be opened ({error}): is another program using it?") from None


def clock_offset(stream: Any) -> float:
    """Measure time.perf_counter() minus the stream's time, in seconds; the tightest of a few tries wins."""
    best = (float("inf"), 0.0)
    for _ in range(CLOCK_TRIES):
        before = time.perf_counter()
        there = stream.time
        after = time.perf_counter()
        best = min(best, (after - before, (before + after) / 2 - there))
    return best[1]


def watch(stream: Any, ring: Ring, connection: Connection) -> bool:
    """Wait until the program says stop or is gone; gives False when the device went first.

    Meanwhile the clock's offset is kept fresh where the callback does not do it.
    """
    calls, silent = -1, 0  # looks in a row, not seconds: after a machine's sleep one comes before the first block
    while not connection.poll(WATCH_SECONDS):
        if not ring.control[CLOCKED]:
            ring.clock[OFFSET] = clock_offset(stream)
        silent = silent + 1 if calls == ring.control[CALLBACKS] else 0
        calls = int(ring.control[CALLBACKS])
        if not stream.active or silent * WATCH_SECONDS > DEAD_SECONDS:
            return False
    return True


def command_of(connection: Connection) -> str:
    """Wait for the program's next command; "stop" when there is no program any more."""
    try:
        return str(connection.recv())
    except (EOFError, OSError):
        return "stop"


def run(settings: StreamSettings, memory: Any, connection: Connection, retries: bool) -> None:
    """[device process] Hold the stream over the shared memory of a ring until it is to stop.

    A process that does not retry first loads everything, then waits for the command to open.
    Sends ("open", "") once the stream runs, ("waiting", why) while a retrying process cannot open it, and
    ("error", why) before any other gives up.
    """
    ignore_terminal()  # it is for the program, which then says stop
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a right that audio users on Linux often have, and others do not
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    end_with_parent(DEAD_SECONDS)  # PortAudio may hang where the program is killed, too
    ring = Ring(settings.channels, settings.capacity, memory)
    import_module("samplechop.realtime.audio.callback")
    if not retries and command_of(connection) != "open":
        return
    while True:
        # The pipe may be gone with the program; then nobody is left to write to.
        with contextlib.suppress(BrokenPipeError, ConnectionError), contextlib.ExitStack() as stack:
            try:
                sd = stack.enter_context(portaudio())
                stream = open_stream(sd, settings, ring)
                stack.callback(stream.close)
                stack.enter_context(frame_time(sd, stream, ring))
                ring.clock[OFFSET] = clock_offset(stream)
                stream.start()
            except Exception as error:  # PortAudioError cannot be named where the library could not be loaded
                known = isinstance(error, UserError) or type(error).__name__ == "PortAudioError"
                if not known:
                    raise
                connection.send(("waiting" if retries else "error", str(error)))
            else:
                connection.send(("open", ""))
                if not watch(stream, ring, connection):
                    os._exit(LOST)  # closing is what may hang, and the system takes back everything
                stream.stop()
                return
        if not retries or connection.poll(RETRY_SECONDS):
            return
