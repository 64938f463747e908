"""The repair of a recorded FLAC file: everything in it that can be decoded is encoded anew, at the place it had.

    file      | block | block | broken | block | cut
    repaired  | block | block | silent | block |

Blocks have their own number (RFC 9639, section 9.1.5), so libFLAC finds one by seeking whatever lies before it, and
each ends with a checksum, so that nothing wrong is taken for sound. Only the count of samples in the file's header is
in the way: blocks behind it are not looked for, and libsndfile fails for a good block when a broken one follows that
the header counts. So the header is read as if it stated the count that is needed at the moment.
"""

import io
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.atomic import keep_original, replacing
from samplechop.realtime.core.documents import open_regular
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.audio_files import COUNT_AT, COUNT_MASK

_BLOCK_AT, _SUM_AT = 10, 26  # in STREAMINFO: largest block, 2 bytes; MD5 of the samples, 16 bytes
_SMALLEST_BLOCK = 16
_SILENCE_FRAMES = 65_536
_SYNC, _LONGEST_HEADER, _SMALLEST_FRAME = re.compile(rb"\xff[\xf8\xf9]"), 16, 9
"""How a block begins, fixed or variable in size; bytes of its header at most, and of all of it at least."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair gave.

    frames: samples per channel in the file now. lost: (position, length) of what was there and could not be decoded,
    silence now; at the end it is left out. original: the file as it was, None where nothing was lost.
    """

    frames: int
    lost: tuple[tuple[int, int], ...] = ()
    original: Path | None = None


def header_frames(path: Path) -> int:
    """Give the samples per channel that the header states, 0 where it does not."""
    head = _head(path)
    return int.from_bytes(head[COUNT_AT : COUNT_AT + 8], "big") & COUNT_MASK if len(head) == _SUM_AT + 16 else 0


def is_flac(path: Path) -> bool:
    """Say whether a file is FLAC by its content."""
    return _head(path).startswith(b"fLaC")


def is_finished(path: Path) -> bool:
    """Say whether the encoder has ended: only then does the header hold a checksum of the samples."""
    return any(_head(path)[_SUM_AT:])


def _head(path: Path) -> bytes:
    with open_regular(path, follow_links=False) as file:
        return file.read(_SUM_AT + 16)


def _descriptor(path: str, _: int) -> int:
    """Open a file for io.FileIO, as `open_regular` does."""
    with open_regular(Path(path), follow_links=False) as file:
        return os.dup(file.fileno())


def repair_flac(path: Path) -> Repaired:
    """Replace the file by one with all samples that can be decoded; the file as it was stays if any cannot.

    A file that neither states a count of samples nor holds a block is left as it is. So it is where nothing can be
    decoded or the disk is full, and UserError or OSError is raised; ValueError for a link and what is no regular file.
    """
    block = max(_SMALLEST_BLOCK, int.from_bytes(_head(path)[_BLOCK_AT : _BLOCK_AT + 2], "big"))
    if not (claimed := _frames_there(path, block)):
        return Repaired(0)  # broken off within the first block
    original = None
    with replacing(path) as part:
        try:
            frames, lost = _encode_anew(path, part, claimed, block)
        except (soundfile.LibsndfileError, AssertionError) as error:  # soundfile asserts that all was written
            reason = str(getattr(error, "error_string", error)).rstrip(".")
            raise UserError(
                f"a second copy of {str(path)!r} could not be written beside it, is the disk full? ({reason})"
            ) from None
        if not frames:
            raise UserError(f"{str(path)!r} cannot be repaired: nothing in it can be decoded")
        if lost:
            with part.open("rb+") as file:
                os.fsync(file.fileno())  # before the original loses its name
            original = keep_original(path)
    return Repaired(frames, tuple(lost), original)


def _encode_anew(path: Path, part: Path, claimed: int, block: int) -> tuple[int, list[tuple[int, int]]]:
    """Write what can be decoded of a file to another; gives its samples per channel, and (position, length) lost."""
    frames, lost = 0, []
    with open_regular(path, follow_links=False) as raw, soundfile.SoundFile(raw) as source:
        shape = (source.samplerate, source.channels, "PCM_24")
    with soundfile.SoundFile(part, "w", *shape, format="FLAC") as target:
        for position, piece in _decoded(path, claimed, block):
            if position > frames:
                lost.append((frames, position - frames))
                for first in range(frames, position, _SILENCE_FRAMES):
                    target.write(np.zeros((min(_SILENCE_FRAMES, position - first), target.channels), np.int32))
            target.write(piece)
            frames = position + len(piece)
    if frames < claimed:
        lost.append((frames, claimed - frames))
    return frames, lost


class _WithFrameCount(io.FileIO):
    """A FLAC file, read as if its header stated `frames` samples; what the disk cannot read is like the end."""

    def __init__(self, path: Path, frames: int) -> None:
        super().__init__(path, opener=_descriptor)
        self.seek(COUNT_AT)
        word = int.from_bytes(self.read(8), "big") & ~COUNT_MASK
        self._word = (word | frames).to_bytes(8, "big")
        self.seek(0)

    def readinto(self, buffer: Any) -> int:
        at = self.tell()
        try:
            n = super().readinto(buffer) or 0
        except OSError:  # libsndfile calls this, and could not pass it on
            return 0
        view = memoryview(buffer).cast("B")
        for place, byte in enumerate(self._word, COUNT_AT - at):
            if 0 <= place < n:
                view[place] = byte
        return n


def _frames_there(path: Path, block: int) -> int:
    """Give the samples that the header counts and those in blocks it does not count yet."""
    frames = header_frames(path)
    while frames % block == 0 and _block_at(path, frames, block) is not None:
        frames += block
    return frames


def _decoded(path: Path, claimed: int, block: int) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Decode all blocks that can be, with their positions."""
    position, starts = 0, _starts(path, block)
    while position < claimed:
        found = False
        with (
            suppress(soundfile.LibsndfileError),
            _WithFrameCount(path, claimed) as raw,
            soundfile.SoundFile(raw) as source,
        ):
            source.seek(position)
            found = True
            while len(piece := source.read(min(block, claimed - position), dtype="int32", always_2d=True)):
                yield position, piece
                position += len(piece)
        if position < claimed:
            end = min(position - position % block + block, claimed)
            if found and (alone := _block_at(path, position, end - position)) is not None:
                yield position, alone
            after = bisect_left(starts, end)
            position = starts[after] if after < len(starts) else claimed


def _starts(path: Path, block: int) -> list[int]:
    """Give the positions where blocks may begin that can be decoded, in order: where a header's checksum is right.

    A count of samples is a claim, and one that lies would be tried block by block. So is the number in a block: those
    that so small a file cannot hold are left out.
    """
    found, before = set(), b""
    with open_regular(path, follow_links=False) as file:
        most = block * (os.fstat(file.fileno()).st_size // _SMALLEST_FRAME + 1)
        for at in range(0, os.fstat(file.fileno()).st_size, _PIECE):
            content = before
            with suppress(OSError):  # what the disk cannot read
                file.seek(at)
                content += file.read(_PIECE)
            for match in _SYNC.finditer(content):
                found.add(_position(content[match.start() : match.start() + _LONGEST_HEADER], block))
            before = content[-_LONGEST_HEADER:]
    return sorted(position for position in found if position is not None and position <= most)


def _position(head: bytes, block: int) -> int | None:
    """Give the position that a block's header states, None for what is none (RFC 9639, section 9.1)."""
    if len(head) < _LONGEST_HEADER:
        head = head.ljust(_LONGEST_HEADER, b"\0")  # the file ends
    ones = 8 - (head[4] ^ 0xFF).bit_length()
    if ones in (1, 8):
        return None
    end = 4 + max(1, ones)
    number = head[4] & (0x7F >> ones)
    for byte in head[5:end]:
        number = number << 6 | byte & 0x3F
    end += {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    check = 0
    for byte in head[:end]:  # CRC-8 of polynomial 0x07, beginning with 0
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ (0x07 if check & 0x80 else 0)) & 0xFF
    if check != head[end]:
        return None
    return number * block if head[1] == 0xF8 else number


def _block_at(path: Path, position: int, n: int) -> NDArray[np.int32] | None:
    """Decode n samples at `position` without reading what follows, None where they cannot be decoded."""
    with (
        suppress(soundfile.LibsndfileError),
        _WithFrameCount(path, position + n) as raw,
        soundfile.SoundFile(raw) as source,
    ):
        source.seek(position)
        piece: NDArray[np.int32] = source.read(n, dtype="int32", always_2d=True)
        return piece if len(piece) == n else None
    return None
