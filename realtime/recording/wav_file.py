"""A WAV file that every program can read at every moment while it grows.

    | RIFF size WAVE | JUNK 28 | fmt | (fact) | data size | samples ...
    | RF64 -1   WAVE | ds64 28 | fmt | (fact) | data -1   | samples ...      from 4 GiB on

Samples are appended first; then the whole header, which lies in one page, is written anew in one call. So a kill finds
sizes that are true or a moment old, never torn ones. Beyond 4 GiB the reserved JUNK chunk becomes the ds64 chunk of
EBU Tech 3306 (RF64) with the sizes in 64 bits. The format of the rest: Microsoft, "Multiple Channel Audio Data and
WAVE Files".
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.recording.pcm import packed24, packed_float

RIFF_LIMIT = 0xFFFFFFFF
"""Largest size a RIFF chunk can tell, in bytes."""

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
    handed over so far. Calls may raise OSError; `close` then still leaves a file whose sizes tell what is really there.
    """

    def __init__(
        self, path: Path, sample_rate: int, channels: int, is_float: bool = False, limit: int = RIFF_LIMIT
    ) -> None:
        """Make the file, empty and readable."""
        self.frames = 0
        self._pack: Callable[[NDArray[np.float32]], bytes] = packed_float if is_float else packed24
        self._shape = (sample_rate, channels, 4 if is_float else 3, is_float)
        self._frame_bytes = channels * self._shape[2]
        self._limit = limit
        self._told = 0  # bytes of samples by the header
        self._start = len(wav_header(*self._shape, 0))
        self._file = path.open("xb", buffering=0)
        self._write_header()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels), full scale ±1."""
        rest = memoryview(self._pack(samples))
        at = self._start + self.frames * self._frame_bytes
        self._file.seek(at)
        done = 0
        try:
            while done < len(rest):
                done += self._file.write(rest[done:]) or 0
        finally:
            self.frames += done // self._frame_bytes

    def write_silence(self, frames: int) -> None:
        """Append silence, which takes no room on most disks."""
        self.frames += frames
        try:
            self._file.truncate(self._start + self.frames * self._frame_bytes)
        except OSError:
            self.frames -= frames
            raise

    def flush(self) -> None:
        """Let other programs read all that was written."""
        if self._told != self.frames * self._frame_bytes:
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
        size = self.frames * self._frame_bytes
        self._file.seek(0)
        self._file.write(wav_header(*self._shape, size, self._limit))
        self._told = size
