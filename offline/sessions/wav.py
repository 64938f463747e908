"""A recorded WAV file as it lies on the disk, and its header put right; realtime/recording/audio_files.py writes it."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from samplechop.realtime.recording.audio_files import RIFF_LIMIT, wav_header

_FORMAT_AT = 12 + 36 + 8
"""Where the fmt chunk's content begins: behind RIFF, JUNK or ds64, and its own head."""
_FLOAT = 3
_EXTENSIBLE, _SUBFORMAT_AT = 0xFFFE, 24


@dataclass(frozen=True, slots=True)
class WavState:
    """What is there.

    frames: whole samples per channel in the file, whatever its header says. header: what the header has to be. size:
    bytes the file has to have. right: whether both are so.
    """

    frames: int
    sample_rate: int
    channels: int
    header: bytes
    size: int
    right: bool


def read_wav(path: Path, limit: int = RIFF_LIMIT) -> WavState | None:
    """Look at a file that samplechop recorded; None where it is no such file. limit: as for wav_header; for tests."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
    known = head[:4] in (b"RIFF", b"RF64") and head[8:16] in (b"WAVEJUNK", b"WAVEds64") and head[48:52] == b"fmt "
    if not known or len(head) < _FORMAT_AT + 16:
        return None
    tag, channels, sample_rate, _, frame_bytes, _ = struct.unpack_from("<HHIIHH", head, _FORMAT_AT)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(head[_FORMAT_AT + _SUBFORMAT_AT : _FORMAT_AT + _SUBFORMAT_AT + 2], "little")
    if not channels or not frame_bytes or frame_bytes % channels:
        return None
    shape = (sample_rate, channels, frame_bytes // channels, tag == _FLOAT)
    start = len(wav_header(*shape, 0))
    if size < start:
        return None
    frames = (size - start) // frame_bytes
    # One byte after an odd chunk is its padding, not the beginning of a sample.
    data = frames * frame_bytes
    header = wav_header(*shape, data, limit)
    wanted = start + data + data % 2
    return WavState(frames, sample_rate, channels, header, wanted, head[:start] == header and size == wanted)


def repair_wav(path: Path, state: WavState) -> None:
    """Write the header that state says and cut off a sample that was written in part. Raises OSError."""
    with path.open("rb+") as file:
        file.write(state.header)
        file.truncate(state.size)
        file.flush()
        os.fsync(file.fileno())
