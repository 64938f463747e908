"""The repair of a recorded WAV file: its header states all samples that are there.

A header that lags behind, as a kill leaves it, is set in place: no sample is touched, and a copy of hours of sound
would need a disk with room. Where bytes would be lost, a new file takes the old one's place, which stays beside it.
"""

import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from samplechop.offline.common.atomic import keep_original, replacing
from samplechop.realtime.core.documents import open_regular
from samplechop.realtime.recording.audio_files import RIFF_LIMIT, wav_header

_FORMAT_AT = 12 + 36 + 8
"""Where the fmt chunk's content begins: behind RIFF, JUNK or ds64, and its own head."""
_DS64_DATA_AT = 12 + 8 + 8
_PCM, _FLOAT = 1, 3
_EXTENSIBLE, _SUBFORMAT_AT = 0xFFFE, 24
_SAMPLE_BYTES = {_PCM: 3, _FLOAT: 4}
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WavState:
    """What is there.

    frames: whole samples per channel in the file, whatever its header says. header: what the header has to be. size:
    bytes the file has to have. right: whether both are so. lagging: whether the header only counts too few.
    """

    frames: int
    sample_rate: int
    channels: int
    header: bytes
    size: int
    right: bool
    lagging: bool


def read_wav(path: Path) -> WavState | None:
    """Read the header of a file that samplechop recorded; None where it is no such file.

    Raises OSError, and ValueError for a link and what is no regular file.
    """
    with open_regular(path, follow_links=False) as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(256)
    known = head[:4] in (b"RIFF", b"RF64") and head[8:16] in (b"WAVEJUNK", b"WAVEds64") and head[48:52] == b"fmt "
    if not known or len(head) < _FORMAT_AT + 16:
        return None
    tag, channels, sample_rate, _, frame_bytes, _ = struct.unpack_from("<HHIIHH", head, _FORMAT_AT)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(head[_FORMAT_AT + _SUBFORMAT_AT : _FORMAT_AT + _SUBFORMAT_AT + 2], "little")
    sample_bytes = _SAMPLE_BYTES.get(tag, 0)
    if not sample_rate or not channels or frame_bytes != channels * sample_bytes:
        return None
    shape = (sample_rate, channels, sample_bytes, tag == _FLOAT)
    try:
        start = len(wav_header(*shape, 0))
    except struct.error:  # a rate and channels that no header can state
        return None
    if size < start or len(head) < start:
        return None
    frames = (size - start) // frame_bytes
    # One byte after an odd chunk is its padding, not the beginning of a sample.
    data = frames * frame_bytes
    header = wav_header(*shape, data)
    wanted = start + data + data % 2
    stated = int.from_bytes(head[start - 4 : start], "little")
    if stated == RIFF_LIMIT:
        stated = int.from_bytes(head[_DS64_DATA_AT : _DS64_DATA_AT + 8], "little")
    lagging = stated <= data and size <= wanted and head[:start] == wav_header(*shape, stated)
    right = head[:start] == header and size == wanted
    return WavState(frames, sample_rate, channels, header, wanted, right, lagging)


def repair_wav(path: Path, state: WavState) -> Path | None:
    """Set the header to what `state` says, without a sample that was written in part.

    Gives where the file as it was is, None where nothing of it is lost. Raises OSError and UserError, and ValueError
    for a link and what is no regular file.
    """
    if state.right:
        return None
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open_regular(path, follow_links=False) as source:
        before = os.fstat(source.fileno())
        if state.lagging and before.st_nlink == 1:  # a file with a second name may be anybody's
            with suppress(PermissionError), os.fdopen(os.open(path, flags), "rb+") as file:
                if not os.path.samestat(before, os.fstat(file.fileno())):
                    raise ValueError("it was replaced just now")
                file.write(state.header)
                file.truncate(state.size)
                file.flush()
                os.fsync(file.fileno())
                return None
        with replacing(path) as part:
            with part.open("xb") as target:
                target.write(state.header)
                source.seek(len(state.header))
                left = state.size - len(state.header)
                while piece := source.read(min(left, _COPY_BYTES)):
                    target.write(piece)
                    left -= len(piece)
                target.truncate(state.size)  # the padding
                target.flush()
                os.fsync(target.fileno())
            return keep_original(path)
