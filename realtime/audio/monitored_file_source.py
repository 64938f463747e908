"""A file that is played while it is analysed."""

import threading
import time
from pathlib import Path

import numpy as np

from samplechop.realtime.audio.device_source import CATCH_UP
from samplechop.realtime.audio.devices import check_output, choose_output, devices_of, portaudio
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.ring import PLAYED, capacity_for
from samplechop.realtime.audio.source import Chunk, Counters, Monitor, StreamClock
from samplechop.realtime.audio.stream import SILENT, DeviceStream
from samplechop.realtime.audio.stream_process import StreamSettings

RING_SECONDS = 10.0
LEAD_SECONDS = 2.0
"""How far ahead of the output the file is decoded."""

POLL_SECONDS = 0.002


class PlayedFileSource:
    """A file through an output device, at once or, where it is to be aligned, as late as the chops are.

    The output device is the clock: a chunk comes when its last sample was handed to the device, so sound and chops
    cannot drift apart. When the device disappears the file pauses until it is back; nothing is skipped.

    Raises UserError when the file cannot be opened or no output can play it.
    """

    realtime = True

    def __init__(self, path: str | Path, block_size: int = 256, monitor: Monitor = "direct") -> None:
        """Open the file and find the output; nothing is played yet."""
        self._file = FileSource(path, block_size, realtime=False)
        self.name = self._file.name
        self.sample_rate = self._file.sample_rate
        self.channels = self._file.channels
        self.block_size = block_size
        self.warnings = self._file.warnings
        try:
            with portaudio() as sd:
                output = choose_output(devices_of(sd))
                outputs = min(2, output.max_outputs)
                check_output(sd, output, self.sample_rate, outputs)
        except BaseException:
            self._file.stop()
            raise
        capacity = capacity_for(RING_SECONDS, self.sample_rate)
        settings = StreamSettings(
            None, output.full_name, self.sample_rate, self.channels, outputs, block_size, capacity
        )
        self._output = output.name
        self._monitor = monitor
        self._stream = DeviceStream(settings, SILENT if monitor == "off" else 0)
        self._clock = StreamClock(self.sample_rate)
        self.most = CATCH_UP * block_size
        self._buffer = np.zeros((self.most, self.channels), np.float32)
        self._end: int | None = None
        self._position = 0
        self._heard = False
        self._gone = False
        self._stopping = threading.Event()

    @property
    def length(self) -> int | None:
        """Samples per channel in all, as the header says."""
        return self._file.length

    @property
    def state(self) -> str:
        """Say whether it plays, or that the output is gone and waited for."""
        return f"waiting for {self._output!r}" if self._gone else "playing"

    def align(self, delay: int) -> None:
        """[main] Before `start()`: how many frames late an aligned monitor is played."""
        if self._monitor == "aligned":
            self._stream.set_delay(delay, margin=round(2 * LEAD_SECONDS * self.sample_rate))

    def start(self) -> None:
        """[main] Begin to play. Raises UserError when the output cannot be opened."""
        self._fill()
        self._clock.reset(0, time.perf_counter())
        self._stream.start()

    def _fill(self) -> None:
        ring = self._stream.ring
        while self._end is None and ring.written - self._played < LEAD_SECONDS * self.sample_rate:
            chunk = self._file.read()
            if chunk is None:
                self._end = ring.written
                # Silence over which the delayed end is played.
                ring.write(np.zeros((max(0, self._stream.delay) + self.sample_rate, self.channels), np.float32))
            else:
                ring.write(chunk.samples)

    @property
    def _played(self) -> int:
        return int(self._stream.ring.control[PLAYED])

    def read(self) -> Chunk | None:
        """[analysis] Wait until the device has played on; up to `most` frames, None at the end and after stop."""
        ring = self._stream.ring
        while not self._stopping.is_set():
            self._fill()
            there = self._played if self._end is None else min(self._played, self._end)
            if there > self._position:
                self._follow()
                n, _ = ring.read(self._position, self._buffer[: there - self._position])
                start, self._position = self._position, self._position + n
                return Chunk(start, self._buffer[:n])
            if self._position == self._end:
                return None
            self._stopping.wait(POLL_SECONDS)
            if self._stream.lost():
                self._gone = True
                self._stream.restart()
        return None

    def _follow(self) -> None:
        stamp = self._stream.ring.stamp()
        if stamp is None:
            return
        if self._heard and not self._gone:
            self._clock.update(stamp.position, stamp.time)
        else:
            self._heard, self._gone = True, False
            self._clock.reset(stamp.position, stamp.time)

    def stop(self) -> None:
        """[any thread] Fall silent and close; `read()` returns None."""
        self._stopping.set()
        self._stream.close()
        self._file.stop()

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment at which the output, were there no delay, plays that sample."""
        return self._clock.time_of(position)

    def counters(self) -> Counters:
        """[any thread] Give what went wrong so far."""
        return Counters(output_underflows=self._stream.output_underflows)
