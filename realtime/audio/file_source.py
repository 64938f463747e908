"""Audio from a file: the same blocks as from a device, at the speed of the record or as fast as they can be read."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.audio_file import DECODE_FRAMES, open_complete
from samplechop.realtime.audio.ffmpeg import DESCRIPTORS
from samplechop.realtime.audio.read_ahead import ReadAhead
from samplechop.realtime.audio.source import Chunk, Counters
from samplechop.realtime.core.plugin import OPENING_SECONDS


class FileSource:
    """One audio file, decoded as it is needed, samples exactly as the decoder gives them (NaN included).

    path: anything libsndfile or ffmpeg reads; what only ffmpeg can is decoded first, to a temporary file that is gone
    after `stop()` or a kill: it has no name, except on Windows. block_size: most frames per chunk. realtime: whether a
    chunk comes when its last sample has been played, with position 0 at `start()`, or at once. ahead: whether a thread
    decodes what takes long to decode, while chunks before it are used.
    opening: what the file begins with, float32 (n, channels), OPENING_SECONDS of it or all there is.
    now, wait: the clock, and how to wait that many seconds; for tests.

    A file that ends early or breaks in the middle counts as far as it was decoded; `warnings` says so in a sentence.
    Raises UserError when the file cannot be opened, ValueError for a block_size below 1.
    """

    def __init__(
        self,
        path: str | Path,
        block_size: int = 256,
        realtime: bool = True,
        ahead: bool = False,
        now: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Open the file and read its header."""
        if block_size < 1:
            raise ValueError(f"block_size must be at least 1, got {block_size}")
        self.path = Path(path)
        self.warnings: list[str] = []
        self._scratch = ExitStack()
        try:
            self._file = open_complete(self.path, self._place, self.warnings)
        except BaseException:
            self._scratch.close()
            raise
        self.name = self.path.name
        self.sample_rate = int(self._file.file.samplerate)
        self.channels = int(self._file.file.channels)
        self.block_size = self.most = block_size
        self.realtime = realtime
        self.state = "playing"
        self.length = self._file.length
        self._faults: list[str] = []
        # libsndfile takes four times as long to make floats of 16-bit samples as to read them.
        self._as_read = "int16" if self._file.file.subtype == "PCM_16" else "float32"
        # Of its own: pages of new memory for each read would take as long as reading.
        room = np.zeros((DECODE_FRAMES, self.channels), self._as_read)
        self._floats = np.zeros((DECODE_FRAMES if self._as_read == "int16" else 0, self.channels), np.float32)
        self._decoded: Iterator[NDArray[Any]] = self._file.blocks(self._as_read, self._faults, room)
        self._ahead: ReadAhead | None = None
        self._position = 0
        self._stopping = threading.Event()
        self._closing = threading.Lock()
        self._now = now
        self._wait = wait or self._stopping.wait
        self._began = now()
        self._ready = np.zeros((0, self.channels), np.float32)  # decoded and not handed out yet
        self._ready = self.opening = self._first(round(OPENING_SECONDS * self.sample_rate))
        # To read 16-bit samples as they stand takes a twentieth of what is done with them.
        if ahead and (self._as_read != "int16" or self._file.file.format == "FLAC"):
            self._decoded = self._ahead = ReadAhead(self._decoded, DECODE_FRAMES, self.channels, self._as_read)

    def start(self) -> None:
        """[main] Begin; position 0 is now."""
        self._began = self._now()

    def read(self) -> Chunk | None:
        """[analysis] Give the next frames, at most block_size; None at the end and after `stop()`.

        In real time it waits until the last of them has been played.
        """
        if self._stopping.is_set():
            return None
        if not len(self._ready):
            self._ready = self._decode()
        if not len(self._ready):
            return None
        samples, self._ready = self._ready[: self.block_size], self._ready[self.block_size :]
        start = self._position
        self._position += len(samples)
        if self.realtime:
            late = self.time_of(self._position) - self._now()
            if late > 0:
                self._wait(late)
            if self._stopping.is_set():
                return None
        return Chunk(start, samples)

    def _first(self, least: int) -> NDArray[np.float32]:
        parts = [self._ready]
        while sum(map(len, parts)) < least and len(samples := self._decode()):
            parts.append(samples.copy())
        return np.concatenate(parts)

    def _decode(self) -> NDArray[np.float32]:
        with self._closing:
            if not self._file.file.closed:
                for samples in self._decoded:
                    return samples if self._as_read == "float32" else self._scaled(samples)
                self.warnings += [f"{str(self.path)!r} {fault}" for fault in self._faults]
                self._faults.clear()
        return self._ready

    def _scaled(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Give 16-bit samples as floats, full scale ±1: a view, valid until the next."""
        floats = self._floats[: len(samples)]
        floats[:] = samples
        floats *= np.float32(1 / 32_768)
        return floats

    def _place(self) -> Path:
        if DESCRIPTORS.is_dir():
            return DESCRIPTORS / str(self._scratch.enter_context(tempfile.TemporaryFile()).fileno())
        folder = tempfile.TemporaryDirectory(prefix="samplechop-decoded-", ignore_cleanup_errors=True)
        return Path(self._scratch.enter_context(folder)) / "decoded.wav"

    def stop(self) -> None:
        """[any thread] Close the file; `read()` returns None."""
        self._stopping.set()
        if self._ahead is not None:
            self._ahead.stop()
        with self._closing:
            self._file.file.close()
            self._scratch.close()

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment the sample is played, by the machine's clock, position 0 being at `start()`."""
        return self._began + position / self.sample_rate

    def counters(self) -> Counters:
        """[any thread] Nothing can go missing in a file."""
        return Counters()
