"""A FLAC file of 24 bits that every program can read while it grows.

libFLAC writes whole blocks and tells how many samples there are only at the end: until then its header says 0, which
means "unknown" and makes libsndfile, among others, read nothing. So the header's count is set here, each time, to the
samples in the blocks that are out. The place of the count: RFC 9639, section 8.2 (STREAMINFO).
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.recording.pcm import pcm24

MOST_CHANNELS, MOST_RATE = 8, 655_350
_BLOCK_AT = 10  # largest block: two bytes
COUNT_AT = 18
"""Eight bytes: rate 20 bits, channels 3, bits 5, samples 36."""
COUNT_MASK = (1 << 36) - 1
"""The samples in it."""
_SILENCE_FRAMES = 65_536
_PROBE_BYTES = 65_536


class FlacFile:
    """A new FLAC file, up to 8 channels.

    path: must not exist. sample_rate: Hz. frames: samples per channel handed over so far; up to two blocks of 4096 of
    them are not readable before `close`. Calls may raise OSError; `close` then still leaves a file that can be read.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        """Make the file, empty."""
        import soundfile

        self._broken: Any = soundfile.LibsndfileError
        self.frames = 0
        self._raw = path.open("xb+", buffering=0)
        try:
            self._file = soundfile.SoundFile(path, "w", sample_rate, channels, "PCM_24", format="FLAC")
        except soundfile.LibsndfileError as error:
            self._raw.close()
            raise OSError(error.error_string) from None
        self._silence: NDArray[np.int32] = np.zeros((_SILENCE_FRAMES, channels), np.int32)
        self._block = 0  # until the header is there
        self._told = 0
        self._failed = False

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels), full scale ±1."""
        self._put(pcm24(samples) << 8)  # libsndfile takes the upper 24 of 32 bits

    def write_silence(self, frames: int) -> None:
        """Append silence."""
        for first in range(0, frames, _SILENCE_FRAMES):
            self._put(self._silence[: frames - first])

    def flush(self) -> None:
        """Let other programs read all blocks that are out."""
        if not self._block:
            self._raw.seek(_BLOCK_AT)
            head = self._raw.read(2)
            self._block = struct.unpack(">H", head)[0] if len(head) == 2 else 0
        if self._block and self.frames:
            self._tell((self.frames - 1) // self._block * self._block)  # the encoder looks one sample ahead

    def _tell(self, frames: int) -> None:
        self._raw.seek(COUNT_AT)
        word = int.from_bytes(self._raw.read(8), "big") & ~COUNT_MASK
        self._raw.seek(COUNT_AT)
        self._raw.write((word | frames).to_bytes(8, "big"))
        self._told = frames

    def sync(self) -> None:
        """Wait until the disk has all that was flushed."""
        os.fsync(self._raw.fileno())

    def close(self) -> None:
        """Write the last block and the header; twice is harmless."""
        if self._file.closed:
            return
        try:
            self._file.close()
            if self._failed:  # the encoder may have counted what the disk did not take
                self._tell(self._told)
            self.sync()
        except self._broken as error:
            raise OSError(str(error)) from None
        finally:
            self._raw.close()

    def _put(self, numbers: NDArray[np.int32]) -> None:
        try:
            self._file.write(numbers)
        except (self._broken, AssertionError) as error:
            self._failed = True
            with suppress(OSError):
                self.flush()  # blocks may have gone out since the last time
            self.frames = self._told
            raise self._reason(str(error)) from None
        self.frames += len(numbers)

    def _reason(self, said: str) -> OSError:
        """Ask the disk itself why it takes no more: libsndfile does not tell."""
        end = self._raw.seek(0, os.SEEK_END)
        try:
            while self._raw.tell() < end + _PROBE_BYTES:
                self._raw.write(bytes(_PROBE_BYTES))
        except OSError as reason:
            return reason
        finally:
            self._raw.truncate(end)
        return OSError(f"the encoder stopped: {said}")
