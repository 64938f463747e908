"""Audio files that every program can read at every moment while they grow, and the table of their formats.

WAV: 24-bit integers or 32-bit floats. Microsoft, "Multiple Channel Audio Data and WAVE Files"; EBU Tech 3306 (RF64).

    | RIFF size WAVE | JUNK 28 | fmt | (fact) | data size | samples ...
    | RF64 -1   WAVE | ds64 28 | fmt | (fact) | data -1   | samples ...      from 4 GiB on

Samples are appended first; then the whole header, which lies in one page, is written anew in one call. So a kill finds
sizes that are true or a moment old, never torn ones. Beyond 4 GiB the reserved JUNK chunk becomes the ds64 chunk with
the sizes in 64 bits.

FLAC: libFLAC writes whole blocks and states how many samples there are only at the end: until then its header says 0,
which means "unknown" and makes libsndfile, among others, read nothing. So the header's count is set here, each time, to
the samples in the blocks that are out. The place of the count: RFC 9639, section 8.2 (STREAMINFO).
"""

import os
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.errors import UserError

RecordFormat = Literal["wav24", "float", "flac"]
"""wav24 is the default: no converter gives more than 24 bits, and every sampler and DAW reads it. float keeps what is
louder than full scale, for a quarter more room; flac needs about half as much."""


class AudioFile(Protocol):
    """Audio that is being written. frames: samples per channel so far.

    Every call may raise OSError; `close` then still leaves a file that can be read.
    """

    frames: int

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels), full scale ±1."""

    def write_silence(self, frames: int) -> None:
        """Append so many samples of silence."""

    def flush(self) -> None:
        """Let other programs read what was written; a kill cannot take it back."""

    def sync(self) -> None:
        """Wait until the disk has what was flushed; a power cut cannot take it back."""

    def close(self) -> None:
        """Finish; twice is harmless."""


_FULL = 1 << 23


def pcm24(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    """Round float32 (n, channels), full scale ±1, to int32 of the same shape in -2**23..2**23-1.

    The scale is 2**23, as in the drivers that made the floats: what came from a converter or a file of up to 24 bits
    is given back bit for bit, so there is nothing to dither. What is louder is clipped; NaN, which the ear takes for
    silence, becomes 0.
    """
    scaled = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0) * np.float32(_FULL)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL, _FULL - 1, out=scaled)
    return scaled.astype(np.int32)


def packed24(samples: NDArray[np.float32]) -> bytes:
    """Give float32 (n, channels) as interleaved little-endian numbers of three bytes."""
    numbers = np.ascontiguousarray(pcm24(samples), dtype="<i4")
    return numbers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


RIFF_LIMIT = 0xFFFFFFFF
"""Largest size a RIFF chunk can state, in bytes."""
_DS64_BYTES = 28
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # of the sub-format, after the two bytes of the plain format


def wav_header(
    sample_rate: int, channels: int, sample_bytes: int, is_float: bool, data_bytes: int, limit: int = RIFF_LIMIT
) -> bytes:
    """Write all that stands before the samples; its length depends on neither data_bytes nor limit.

    sample_rate: Hz. sample_bytes: of one sample of one channel. data_bytes: of all samples. limit: size of the RIFF
    chunk, in bytes, above which the file becomes RF64.
    """
    frame_bytes = channels * sample_bytes
    tag = _FLOAT if is_float else _PCM
    plain = struct.pack("<IIHH", sample_rate, sample_rate * frame_bytes, frame_bytes, 8 * sample_bytes)
    if channels > 2:  # speakers that are not named: 0
        about = struct.pack("<HH", _EXTENSIBLE, channels) + plain
        about += struct.pack("<HHIH", 22, 8 * sample_bytes, 0, tag) + _GUID_TAIL
    else:
        about = struct.pack("<HH", tag, channels) + plain + (b"\0\0" if is_float else b"")
    frames = data_bytes // frame_bytes
    chunks = _chunk(b"fmt ", about)
    if is_float:
        chunks += _chunk(b"fact", struct.pack("<I", min(frames, RIFF_LIMIT)))
    riff_bytes = 4 + 8 + _DS64_BYTES + len(chunks) + 8 + data_bytes + data_bytes % 2
    if riff_bytes <= limit:
        head = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + _chunk(b"JUNK", bytes(_DS64_BYTES))
        return head + chunks + struct.pack("<4sI", b"data", data_bytes)
    sizes = struct.pack("<QQQI", riff_bytes, data_bytes, frames, 0)
    head = struct.pack("<4sI4s", b"RF64", RIFF_LIMIT, b"WAVE") + _chunk(b"ds64", sizes)
    return head + chunks + struct.pack("<4sI", b"data", RIFF_LIMIT)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content


class WavFile:
    """A new WAV file of 24-bit integers or 32-bit floats.

    path: must not exist. sample_rate: Hz. limit: bytes of RIFF, above them RF64; for tests. frames: samples per channel
    handed over so far.
    """

    def __init__(
        self, path: Path, sample_rate: int, channels: int, is_float: bool = False, limit: int = RIFF_LIMIT
    ) -> None:
        """Make the file, empty and readable."""
        self.frames = 0
        self._shape = (sample_rate, channels, 4 if is_float else 3, is_float)
        self._frame_bytes = channels * self._shape[2]
        self._limit = limit
        self._start = len(wav_header(*self._shape, 0))
        self._file = path.open("xb", buffering=0)
        self._write_header()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels), full scale ±1."""
        rest = memoryview(np.ascontiguousarray(samples, "<f4").tobytes() if self._shape[3] else packed24(samples))
        self._file.seek(self._start + self.frames * self._frame_bytes)
        done = 0
        try:
            while done < len(rest):
                done += self._file.write(rest[done:]) or 0
        finally:
            self.frames += done // self._frame_bytes

    def write_silence(self, frames: int) -> None:
        """Append silence, which takes no room on most disks."""
        self._file.truncate(self._start + (self.frames + frames) * self._frame_bytes)
        self.frames += frames

    def flush(self) -> None:
        """Let other programs read all that was written."""
        if self._size != self.frames * self._frame_bytes:
            self._write_header()

    def sync(self) -> None:
        """Wait until the disk has all that was flushed, so that a power cut cannot take it back."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Set the sizes to what is there, cut off a sample that was written in part, and close; twice is harmless."""
        if self._file.closed:
            return
        try:
            self._write_header()
            end = self._start + self.frames * self._frame_bytes
            self._file.truncate(end + end % 2)  # a chunk of odd length is followed by a zero
            self.sync()
        finally:
            self._file.close()

    def _write_header(self) -> None:
        self._size = self.frames * self._frame_bytes  # of the samples, by the header
        self._file.seek(0)
        self._file.write(wav_header(*self._shape, self._size, self._limit))


MOST_CHANNELS, MOST_RATE = 8, 655_350
_BLOCK_AT = 10  # largest block: two bytes
COUNT_AT = 18
"""Eight bytes: rate 20 bits, channels 3, bits 5, samples 36."""
COUNT_MASK = (1 << 36) - 1
"""The samples in it."""
_COMPRESSION = 0.25
"""libFLAC's level 2, the highest with blocks of 1152 samples: with 4096, for 6 % less room, a kill takes 0.2 s more."""
_SILENCE_FRAMES = _PROBE_BYTES = 65_536


class FlacFile:
    """A new FLAC file, up to 8 channels.

    path: must not exist. sample_rate: Hz. frames: samples per channel handed over so far; up to two blocks of 1152 of
    them are not readable before `close`.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        """Make the file, empty."""
        import soundfile

        self._broken: Any = soundfile.LibsndfileError
        self.frames = 0
        self._raw = path.open("xb+", buffering=0)
        try:
            self._file = soundfile.SoundFile(
                path, "w", sample_rate, channels, "PCM_24", format="FLAC", compression_level=_COMPRESSION
            )
        except soundfile.LibsndfileError as error:
            self._raw.close()
            raise OSError(error.error_string) from None
        self._silence: NDArray[np.int32] = np.zeros((_SILENCE_FRAMES, channels), np.int32)
        self._block = self._counted = 0  # the first until the header is there
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
            self._set_count((self.frames - 1) // self._block * self._block)  # the encoder looks one sample ahead

    def _set_count(self, frames: int) -> None:
        self._raw.seek(COUNT_AT)
        word = int.from_bytes(self._raw.read(8), "big") & ~COUNT_MASK
        self._raw.seek(COUNT_AT)
        self._raw.write((word | frames).to_bytes(8, "big"))
        self._counted = frames

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
                self._set_count(self._counted)
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
            self.frames = self._counted
            raise self._reason(str(error)) from None
        self.frames += len(numbers)

    def _reason(self, said: str) -> OSError:
        """Ask the disk itself why it takes no more: libsndfile does not say."""
        end = self._raw.seek(0, os.SEEK_END)
        try:
            while self._raw.tell() < end + _PROBE_BYTES:
                self._raw.write(bytes(_PROBE_BYTES))
        except OSError as reason:
            return reason
        finally:
            self._raw.truncate(end)
        return OSError(f"the encoder stopped: {said}")


FORMATS: dict[RecordFormat, tuple[str, Callable[[Path, int, int], AudioFile]]] = {
    "wav24": ("audio.wav", WavFile),
    "float": ("audio.wav", partial(WavFile, is_float=True)),
    "flac": ("audio.flac", FlacFile),
}
"""The name of the file in a session's folder, and how it is made: path, sample rate in Hz, channels."""


def check_format(name: RecordFormat, sample_rate: int, channels: int) -> None:
    """Raise UserError where a format cannot hold such audio."""
    if name == "flac" and (channels > MOST_CHANNELS or sample_rate > MOST_RATE):
        raise UserError(
            f"--record-format flac holds up to {MOST_CHANNELS} channels at up to {MOST_RATE} Hz, "
            f"got {channels} at {sample_rate} Hz: take wav24"
        )
