"""Audio from a device: a turntable, a line input."""

import logging
import threading
import time
from collections.abc import Sequence

import numpy as np

from samplechop.realtime.audio.devices import (
    Device,
    check_input,
    check_output,
    choose_input,
    choose_output,
    devices_of,
    portaudio,
)
from samplechop.realtime.audio.ring import capacity_for
from samplechop.realtime.audio.source import Chunk, Counters, Monitor, StreamClock
from samplechop.realtime.audio.stream import SILENT, DeviceStream
from samplechop.realtime.audio.stream_process import StreamSettings

_log = logging.getLogger(__name__)

RING_SECONDS = 10.0
CATCH_UP = 32
"""Blocks read at once when so many are there: a reader that was held up must not stay behind."""

POLL_SECONDS = 0.001
SLACK_SECONDS = 0.0003
"""Between the moment a block is complete by the clock and the first look for it."""

LOOK_SECONDS = 0.05
"""How often the device process is looked after while no audio comes."""

STUCK_SECONDS = 4.0
"""A running process that brings no audio for so long is replaced; it sees by itself, and sooner, that a device went."""


class DeviceSource:
    """One audio input, with an optional monitor on an output.

    device: name, part of a name or index, None for the default. sample_rate: Hz, None for the device's own.
    channels: None for two, or one where there is one. block_size: frames per callback.
    monitor: "off", "direct", or "aligned": the input as late as `align()` says.

    A device that disappears is waited for and reopened by name; the samples missed by the wall clock come as the gap
    of the first chunk after it, so positions keep following real time.

    Raises UserError when there is no such device or it cannot do what is asked.
    """

    realtime = True
    length: int | None = None
    warnings: Sequence[str] = ()

    def __init__(
        self,
        device: str | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
        block_size: int = 256,
        monitor: Monitor = "off",
    ) -> None:
        """Find the device and check that it can do what is asked; nothing is opened yet."""
        with portaudio() as sd:
            devices = devices_of(sd)
            found = choose_input(devices, device)
            self.sample_rate = found.default_rate if sample_rate is None else sample_rate
            self.channels = min(2, found.max_inputs) if channels is None else channels
            check_input(sd, found, self.sample_rate, self.channels)
            output: Device | None = None
            outputs = 0
            if monitor != "off":
                output = choose_output(devices, beside=found)
                outputs = min(2, output.max_outputs)
                check_output(sd, output, self.sample_rate, outputs)
        self.name = found.name
        self.block_size = block_size
        settings = StreamSettings(
            source=found.full_name,
            output=None if output is None else output.full_name,
            sample_rate=self.sample_rate,
            channels=self.channels,
            outputs=outputs,
            block_size=block_size,
            capacity=capacity_for(RING_SECONDS, self.sample_rate),
        )
        self._heard = False  # whether the clock has seen this stream yet
        self._stream = DeviceStream(settings, SILENT if monitor == "off" else 0)
        self._monitor = monitor
        self._clock = StreamClock(self.sample_rate)
        self.most = CATCH_UP * block_size
        self._buffer = np.zeros((self.most, self.channels), np.float32)
        self._position = 0  # in the ring, which does not know of gaps
        self._shift = 0  # of the stream's positions against the ring's
        self._resumes: int | None = None  # ring position of the first frame after the device came back
        self._gap = 0  # not reported yet
        self._lost_frames = 0
        self._xruns = 0, 0  # input, output: logged already
        self._gaps = 0
        self._stopping = threading.Event()

    @property
    def state(self) -> str:
        """Say whether it listens, or that the device is gone and waited for."""
        if self._resumes is None or self._stream.ring.written > self._resumes:
            return "listening"
        reason = f" ({self._stream.waiting})" if self._stream.waiting else ""
        return f"waiting for {self.name!r}{reason}"

    def align(self, delay: int) -> None:
        """[main] Before `start()`: how many frames late an aligned monitor is played."""
        if self._monitor == "aligned":
            self._stream.set_delay(delay)

    def start(self) -> None:
        """[main] Open the device. Raises UserError when it cannot be opened."""
        self._clock.reset(0, time.perf_counter())
        self._stream.start()

    def read(self) -> Chunk | None:
        """[analysis] Wait for audio; gives all that is there, up to `most` frames, None after `stop()`."""
        looked = heard = time.perf_counter()
        while not self._stopping.is_set():
            chunk = self._take()
            if chunk is not None:
                return chunk
            now = time.perf_counter()
            due = self._clock.time_of(self._position + self._shift + self.block_size) + SLACK_SECONDS
            self._stopping.wait(min(max(due - now, POLL_SECONDS), LOOK_SECONDS))
            now = time.perf_counter()
            if now - looked > LOOK_SECONDS:
                looked = now
                stuck = self._resumes is None and now - heard > STUCK_SECONDS
                if self._stream.lost() or stuck:
                    heard = now
                    if self._resumes is None:
                        _log.warning("device %r lost at sample %d", self.name, self._position + self._shift)
                    self._resumes = self._stream.restart()
        return None

    def _take(self) -> Chunk | None:
        ring = self._stream.ring
        out = self._buffer
        resumes = self._resumes
        if resumes is not None:
            if self._position < resumes:  # what came before the device went
                out = out[: resumes - self._position]
            elif ring.written == resumes:
                return None
            else:
                self._gap += self._rejoin(resumes)
        read, lost = ring.read(self._position, out)
        if not read and not lost:
            return None
        self._position += lost + read
        self._gap += lost
        if self._resumes is None:
            self._follow()
        if not read:
            return None
        gap, self._gap = self._gap, 0
        self._log_xruns(gap)
        if gap:
            self._gaps += 1
            self._lost_frames += gap
        return Chunk(self._position - read + self._shift, out[:read], gap)

    def _log_xruns(self, gap: int) -> None:
        """Log what the audio system flagged since the last look, and samples that nobody took in time."""
        xruns = self._stream.input_overflows, self._stream.output_underflows
        if xruns != self._xruns or gap:
            overflows, underflows = (new - old for new, old in zip(xruns, self._xruns, strict=True))
            where = self._position + self._shift
            text = "xrun before sample %d: %d input overflows, %d output underflows, %d samples lost"
            _log.warning(text, where, overflows, underflows, gap)
            self._xruns = xruns

    def _rejoin(self, resumes: int) -> int:
        """Count the samples between the last one before the device went and the first one since, by the wall clock."""
        stamp = self._stream.ring.stamp()
        if stamp is None:
            return 0
        first = stamp.time - (stamp.position - resumes) / self.sample_rate
        silence = first - self._clock.time_of(resumes + self._shift)
        gap = max(0, round(silence * self.sample_rate))
        self._shift += gap
        self._resumes = None
        _log.info("device %r back at sample %d, %d samples lost", self.name, resumes + self._shift, gap)
        self._clock.reset(stamp.position + self._shift, stamp.time)
        return gap

    def _follow(self) -> None:
        stamp = self._stream.ring.stamp()
        if stamp is None:
            return
        if not self._heard:
            self._heard = True
            self._clock.reset(stamp.position + self._shift, stamp.time)
        else:
            self._clock.update(stamp.position + self._shift, stamp.time)

    def stop(self) -> None:
        """[any thread] Close the device; `read()` returns None."""
        self._stopping.set()
        self._stream.close()

    def time_of(self, position: int) -> float:
        """[any thread] When that sample was at the converter, in time.perf_counter() seconds; see StreamClock."""
        return self._clock.time_of(position)

    def counters(self) -> Counters:
        """[any thread] Give what went wrong so far."""
        stream = self._stream
        return Counters(stream.input_overflows, stream.output_underflows, self._lost_frames, self._gaps)
