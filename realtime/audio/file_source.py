"""Audio from a file: the same blocks as from a device, at the speed of the record or as fast as they can be read."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.realtime.audio.source import Chunk, Counters
from samplechop.realtime.core.errors import UserError

DECODE_FRAMES = 16_384
"""Frames decoded at once, whatever the block size: what a damaged file yields must not depend on the block size."""


def open_audio(path: Path) -> soundfile.SoundFile:
    """Open anything libsndfile reads. Raises UserError when there is no such audio."""
    if path.is_dir():
        raise UserError(f"{str(path)!r} is a folder: give an audio file")
    if not path.exists():
        raise UserError(f"there is no file {str(path)!r}")
    if path.is_file() and path.stat().st_size == 0:
        raise UserError(f"{str(path)!r} is empty (0 bytes): give an audio file")
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, TypeError, UnicodeEncodeError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise UserError(
            f"{str(path)!r} cannot be read as audio ({reason}): give a wav, aiff, flac, ogg, opus or mp3 file"
        ) from None
    if file.frames == 0:
        file.close()
        raise UserError(f"{str(path)!r} holds no audio (0 samples): give another file")
    return file


class FileSource:
    """One audio file, decoded as it is needed, samples exactly as the decoder gives them (NaN included).

    path: anything libsndfile reads. block_size: most frames per chunk. realtime: whether a chunk comes when its last
    sample has been played, with position 0 at `start()`, or at once.
    now, wait: the clock, and how to wait that many seconds; for tests.

    A file that ends early or breaks in the middle counts as far as it was decoded; `warnings` says so in a sentence.
    Raises UserError when the file cannot be opened, ValueError for a block_size below 1.
    """

    def __init__(
        self,
        path: str | Path,
        block_size: int = 256,
        realtime: bool = True,
        now: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Open the file and read its header."""
        if block_size < 1:
            raise ValueError(f"block_size must be at least 1, got {block_size}")
        self.path = Path(path)
        self._file = open_audio(self.path)
        self.name = self.path.name
        self.sample_rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.block_size = self.most = block_size
        self.realtime = realtime
        self.warnings: list[str] = []
        self.state = "playing"
        self.length: int | None = int(self._file.frames)
        self._decoded = np.zeros((DECODE_FRAMES, self.channels), np.float32)
        self._ready = self._decoded[:0]  # decoded and not handed out yet
        self._position = 0
        self._ended = False
        self._stopping = threading.Event()
        self._closing = threading.Lock()
        self._now = now
        self._wait = wait or self._stopping.wait
        self._began = now()

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

    def _decode(self) -> NDArray[np.float32]:
        out = self._decoded
        with self._closing:
            if self._ended or self._file.closed:
                return out[:0]
            try:
                got: NDArray[np.float32] = self._file.read(out=out)
            except soundfile.LibsndfileError as error:
                reason = error.error_string.strip().rstrip(".") or "the decoder stopped"
                got = out[:0]
                self._end(f"is damaged after {self._position} samples ({reason})")
            else:
                end = self._position + len(got)
                if len(got) < len(out) and self.length is not None and end < self.length:
                    self._end(f"ends early, after {end} of {self.length} samples")
        return got

    def _end(self, fault: str) -> None:
        self._ended = True
        self.warnings.append(f"{str(self.path)!r} {fault}; what came before was used")

    def stop(self) -> None:
        """[any thread] Close the file; `read()` returns None."""
        self._stopping.set()
        with self._closing:
            self._file.close()

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment the sample is played, by the machine's clock, position 0 being at `start()`."""
        return self._began + position / self.sample_rate

    def counters(self) -> Counters:
        """[any thread] Nothing can go missing in a file."""
        return Counters()
