"""Audio whose clock is a device: an input such as a turntable, or a file that is played while it is analysed."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from samplechop.realtime.audio.devices import check_input, choose_input, choose_monitor, devices_of, portaudio
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.ring import PLAYED, capacity_for
from samplechop.realtime.audio.source import Chunk, Counters, Monitor
from samplechop.realtime.audio.stream import StreamSource
from samplechop.realtime.audio.stream_process import StreamSettings
from samplechop.realtime.audio.xruns import loss_warning

_log = logging.getLogger(__name__)

RING_SECONDS = 10.0
POLL_SECONDS = 0.001
SLACK_SECONDS = 0.0003
"""Between the moment a block is complete by the clock and the first poll for it."""

CHECK_SECONDS = 0.05
"""How often the device process is checked while no audio comes."""

STUCK_SECONDS = 4.0
"""A running process that brings no audio for so long is replaced; it sees by itself, and sooner, that a device went."""

LEAD_SECONDS = 2.0
"""How far ahead of the output a file that is played is decoded."""


class DeviceSource(StreamSource):
    """One audio input, with an optional monitor on an output.

    device: name, part of a name or index, None for the default. sample_rate: Hz, None for the device's own.
    channels: None for two, or one where there is one. block_size: frames per callback.
    monitor: "off", "direct", or "aligned": the input as late as `align()` says.

    A device that disappears is waited for and reopened by name; the samples missed by the wall clock come as the gap
    of the first chunk after it, so positions keep following real time.

    Raises UserError when there is no such device or it cannot do what is asked.
    """

    length: int | None = None

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
            rate = found.default_rate if sample_rate is None else sample_rate
            inputs = min(2, found.max_inputs) if channels is None else channels
            check_input(sd, found, rate, inputs)
            output, outputs = (None, 0) if monitor == "off" else choose_monitor(sd, devices, rate, beside=found)
        self.name = found.name
        output_name = None if output is None else output.full_name
        capacity = capacity_for(RING_SECONDS, rate)
        settings = StreamSettings(found.full_name, output_name, rate, inputs, outputs, block_size, capacity)
        self._prepare(settings, monitor)
        self._resumes: int | None = None  # ring position of the first frame after the device came back
        self._gap = 0  # not reported yet
        self._gaps = self._lost_frames = 0

    @property
    def state(self) -> str:
        """Say whether it listens, or that the device is gone and waited for."""
        if self._resumes is None or self._stream.ring.written > self._resumes:
            return "listening"
        reason = f" ({self._stream.waiting})" if self._stream.waiting else ""
        return f"waiting for {self.name!r}{reason}"

    def read(self) -> Chunk | None:
        """[analysis] Wait for audio; gives all that is there, up to `most` frames.

        After `stop()` it gives what had come before, and then None.
        """
        checked = came = time.perf_counter()
        while True:
            stopped = self._stopping.is_set()
            chunk = self._take()
            if chunk is not None or stopped:
                if chunk is None:
                    self._xruns.finish(self._position + self._shift)
                return chunk
            now = time.perf_counter()
            due = self._clock.time_of(self._position + self._shift + self.block_size) + SLACK_SECONDS
            self._stopping.wait(min(max(due - now, POLL_SECONDS), CHECK_SECONDS))
            now = time.perf_counter()
            if now - checked > CHECK_SECONDS:
                checked = now
                stuck = self._resumes is None and now - came > STUCK_SECONDS
                if self._stream.lost() or stuck:
                    came = now
                    if self._resumes is None:
                        self._xruns.finish(self._position + self._shift)
                        _log.warning("device %r lost at sample %d", self.name, self._position + self._shift)
                    self._resumes = self._stream.restart()

    def _take(self) -> Chunk | None:
        ring, out, resumes = self._stream.ring, self._buffer, self._resumes
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
        if self._resumes is None:
            self._note_xruns()
        self._position += lost + read
        self._gap += lost
        if lost:
            _log.warning("the analysis was too slow: %d samples lost before sample %d", lost, self._position - read)
        if self._resumes is None:
            self._follow()
        if not read:
            return None
        gap, self._gap = self._gap, 0
        if gap:
            self._gaps += 1
            self._lost_frames += gap
        return Chunk(self._position - read + self._shift, out[:read], gap)

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

    def counters(self) -> Counters:
        """[any thread] Give what went wrong so far."""
        stream = self._stream
        xruns = self._xruns.found
        lost = self._lost_frames + sum(one.lost for one in xruns)
        return Counters(stream.input_overflows, stream.output_underflows, lost, self._gaps, xruns)

    @property
    def warnings(self) -> Sequence[str]:
        """[any thread] Say how much sound was lost in xruns, and while the device was away."""
        lost, rate = loss_warning(self._xruns.found, self.sample_rate), self.sample_rate
        away = f"the input was interrupted, gaps: {self._gaps}; {self._lost_frames / rate:.2f} s of it are missing"
        return [*([] if lost is None else [lost]), *([away] if self._gaps else [])]


class PlayedFileSource(StreamSource):
    """A file through an output device, at once or, where it is to be aligned, as late as the chops are.

    The output device is the clock: a chunk comes when its last sample was handed to the device, so sound and chops
    cannot drift apart. When the device disappears the file pauses until it is back; nothing is skipped.

    Raises UserError when the file cannot be opened or no output can play it.
    """

    def __init__(self, path: str | Path, block_size: int = 256, monitor: Monitor = "direct") -> None:
        """Open the file and find the output; nothing is played yet."""
        self._file = file = FileSource(path, block_size, realtime=False)
        self.name, self.length, self.warnings = file.name, file.length, file.warnings
        self.opening = file.opening
        try:
            with portaudio() as sd:
                output, outputs = choose_monitor(sd, devices_of(sd), file.sample_rate)
        except BaseException:
            file.stop()
            raise
        rate, capacity = file.sample_rate, capacity_for(RING_SECONDS, file.sample_rate)
        settings = StreamSettings(None, output.full_name, rate, file.channels, outputs, block_size, capacity)
        self._prepare(settings, monitor)
        self._margin = round(2 * LEAD_SECONDS * rate)
        self._output = output.name
        self.state = "playing"
        """Whether it plays, or that the output is gone and waited for."""
        self._end: int | None = None

    def start(self) -> None:
        """[main] Begin to play. Raises UserError when the output cannot be opened."""
        self._fill()
        super().start()

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
        """[analysis] Wait until the device has played on; up to `most` frames, None at the end.

        After `stop()` it gives what had been played before, and then None.
        """
        while True:
            stopped = self._stopping.is_set()
            if not stopped:
                self._fill()
            there = self._played if self._end is None else min(self._played, self._end)
            if there > self._position:
                self._note_xruns()
                self._follow()
                if self.state != "playing":
                    _log.info("output %r back at sample %d", self._output, self._position)
                    self.state = "playing"
                n, _ = self._stream.ring.read(self._position, self._buffer[: there - self._position])
                start, self._position = self._position, self._position + n
                return Chunk(start, self._buffer[:n])
            if stopped or self._position == self._end:
                self._xruns.finish(self._position)
                return None
            self._stopping.wait(2 * POLL_SECONDS)
            if self._stream.lost():
                _log.warning("output %r lost at sample %d", self._output, self._position)
                self.state, self._clock_runs = f"waiting for {self._output!r}", False
                self._stream.restart()

    def stop(self) -> None:
        """[any thread] Fall silent and close; `read()` returns None."""
        super().stop()
        self._file.stop()

    def counters(self) -> Counters:
        """[any thread] Give what went wrong so far."""
        return Counters(output_underflows=self._stream.output_underflows, xruns=self._xruns.found)
