"""The program's end of an audio stream: the ring, the process that fills it, and a reader with its device's clock."""

import contextlib
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np

from samplechop.realtime.audio import ring
from samplechop.realtime.audio.source import Monitor, StreamClock
from samplechop.realtime.audio.stream_process import StreamSettings, run
from samplechop.realtime.audio.xruns import XrunLog
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import without_interrupts

OPEN_SECONDS = 60.0
"""The first start ever compiles the callback."""

CLOSE_SECONDS = 2.0
CATCH_UP = 32
"""Blocks read at once when so many are there: a reader that was late must not stay behind."""

SILENT = -1
"""The delay of a monitor that is off."""


class DeviceStream:
    """A ring in shared memory and the process that holds its audio device.

    delay: frames from the ring to the output, SILENT for none; see `set_delay`.
    """

    def __init__(self, settings: StreamSettings, delay: int = SILENT) -> None:
        """Make the ring and let the process load in the background; nothing is opened yet."""
        self.settings = settings
        # "spawn" everywhere: a fork would carry along the program's threads and its MIDI library.
        self._context = multiprocessing.get_context("spawn")
        self._memory = self._context.RawArray("b", ring.Ring.nbytes(settings.channels, settings.capacity))
        self.ring = ring.Ring(settings.channels, settings.capacity, self._memory)
        self.ring.control[ring.OUTPUTS] = settings.outputs
        self.set_delay(delay)
        self.ring.control[ring.PLAYS] = settings.source is None
        self.ring.clock[ring.FRAME_SECONDS] = 1 / settings.sample_rate
        self.waiting = ""
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._launch(retries=False)

    @property
    def delay(self) -> int:
        """Frames from the ring to the output."""
        return int(self.ring.control[ring.DELAY])

    def set_delay(self, delay: int, margin: int = 0) -> None:
        """[main] Before `start()`: set the delay, which leaves room in the ring for a block and the margin."""
        most = self.settings.capacity - self.settings.block_size - margin
        if not SILENT <= delay <= most:
            raise ValueError(f"delay must be in {SILENT}..{most} frames, got {delay}")
        self.ring.control[ring.DELAY] = delay

    def start(self) -> None:
        """[main] Open the device and return when it runs. Raises UserError when it cannot be opened."""
        connection = self._connection
        if connection is None:
            raise ValueError("start() must come before close()")
        try:
            connection.send("open")
            kind, text = (
                connection.recv() if connection.poll(OPEN_SECONDS) else ("error", "the audio device gave no answer")
            )
        except (EOFError, OSError):
            kind, text = "error", "the process that should hold the audio device ended"
        if kind == "error":
            self.close()
            raise UserError(text)

    def restart(self) -> int:
        """[analysis] Wait, in the background, for the device to come back; the monitor of an input starts anew.

        Gives the ring's position at which the stream will go on.
        """
        with self._lock:
            self._end()
        resumes = self.ring.written
        if self.settings.source is not None:
            self.ring.control[ring.ORIGIN] = resumes
        self._launch(retries=True)
        return resumes

    def _launch(self, retries: bool) -> None:
        with self._lock:
            if self._closed:
                return
            ours, theirs = self._context.Pipe()
            arguments = (self.settings, self._memory, theirs, retries)
            process = self._context.Process(target=run, args=arguments, name="audio", daemon=True)
            with without_interrupts():
                process.start()
            theirs.close()
            self._process, self._connection = process, ours

    def lost(self) -> bool:
        """[analysis] Tell whether the device is gone: the process has ended though nobody closed it."""
        connection = self._connection
        if connection is not None and not self._closed:
            with contextlib.suppress(EOFError, OSError):
                while connection.poll():
                    kind, text = connection.recv()
                    self.waiting = text if kind == "waiting" else ""
        process = self._process
        return not self._closed and process is not None and process.exitcode is not None

    def close(self) -> None:
        """[any thread] Stop the stream and end the process; twice is harmless."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        process, connection = self._process, self._connection
        if process is None or connection is None:
            return
        with contextlib.suppress(OSError):
            connection.send("stop")
        for force in (lambda: None, process.terminate, process.kill):
            force()
            process.join(CLOSE_SECONDS)
            if process.exitcode is not None:
                break
        connection.close()
        self._process = self._connection = None

    @property
    def counts_frames(self) -> bool:
        """Whether lost frames are counted by the server's own frame time, so that those there are are all."""
        return bool(self.ring.control[ring.FRAME_TIME])

    def losses(self, number: int) -> list[tuple[int, int]]:
        """Give each loss from that number on: position in the ring of the first frame after it, frames lost."""
        there = int(self.ring.control[ring.LOSSES])
        return [ring.kernels().read_loss(self.ring.control, one) for one in range(number, there)]

    @property
    def input_overflows(self) -> int:
        """Blocks before which input was lost, as flagged by PortAudio."""
        return int(self.ring.control[ring.INPUT_OVERFLOWS])

    @property
    def output_underflows(self) -> int:
        """Blocks in which the output had nothing to play, as flagged by PortAudio or found by the callback."""
        return int(self.ring.control[ring.OUTPUT_UNDERFLOWS])


class StreamSource:
    """What sources have whose clock is a device: its stream, the clock that follows it, and a position in its ring."""

    realtime = True
    _margin = 0  # frames that the delay of a monitor leaves in the ring
    _shift = 0  # of the stream's positions against the ring's, which does not know of gaps

    def _prepare(self, settings: StreamSettings, monitor: Monitor) -> None:
        self.sample_rate, self.channels, self.block_size = settings.sample_rate, settings.channels, settings.block_size
        self.most = CATCH_UP * self.block_size
        self._monitor = monitor
        self._stream = DeviceStream(settings, SILENT if monitor == "off" else 0)
        self._clock = StreamClock(self.sample_rate)
        self._clock_runs = False  # whether it has seen this stream yet
        self._buffer = np.zeros((self.most, self.channels), np.float32)
        self._position = 0  # in the ring
        self._xruns, self._losses = XrunLog(self.sample_rate, self._clock), 0  # losses: how many are in the log
        self._stopping = threading.Event()

    def align(self, delay: int) -> None:
        """[main] Before `start()`: how many frames late an aligned monitor is played."""
        if self._monitor == "aligned":
            self._stream.set_delay(delay, self._margin)

    def start(self) -> None:
        """[main] Open the device. Raises UserError when it cannot be opened."""
        self._clock.reset(0, time.perf_counter())
        self._stream.start()

    def _follow(self) -> None:
        """Give the clock the position and time of the last block."""
        stamp = self._stream.ring.stamp()
        if stamp is not None:
            follow = self._clock.update if self._clock_runs else self._clock.reset
            follow(stamp.position + self._shift, stamp.time)
            self._clock_runs = True

    def _note_xruns(self) -> None:
        """Note what was flagged and lost since the last chunk, before the clock follows it."""
        stream = self._stream
        losses = stream.losses(self._losses)
        self._losses += len(losses)
        self._xruns.update(
            self._position + self._shift,
            stream.input_overflows,
            stream.output_underflows,
            [(position + self._shift, lost) for position, lost in losses if lost],
            stream.counts_frames,
        )

    def stop(self) -> None:
        """[any thread] Fall silent and close the device; `read()` returns None."""
        self._stopping.set()
        self._stream.close()
        self._xruns.finish(self._position + self._shift)

    def time_of(self, position: int) -> float:
        """[any thread] When that sample was at the converter, in time.perf_counter() seconds; see StreamClock.

        Of a file that is played: when the output, were there no delay, plays it.
        """
        return self._clock.time_of(position)
