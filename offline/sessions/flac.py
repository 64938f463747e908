"""A recorded FLAC file made whole: everything in it that can be decoded is encoded anew, at the place it had.

    file      | block | block | broken | block | cut
    repaired  | block | block | silent | block |

Blocks tell their own number (RFC 9639, section 9.1.5), so libFLAC finds one by seeking whatever lies before it, and
each ends with a checksum, so that nothing wrong is taken for sound. Only the count of samples in the file's header is
in the way: blocks behind it are not looked for, and libsndfile fails for a good block when a broken one follows that
the header tells of. So the header is read as if it told what is asked for at the moment.
"""

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.realtime.recording.audio_files import COUNT_AT, COUNT_MASK

_BLOCK_AT, _SUM_AT = 10, 26  # in STREAMINFO: largest block, 2 bytes; MD5 of the samples, 16 bytes
_SMALLEST_BLOCK = 16
_SILENCE_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repair gave.

    frames: samples per channel in the file now. lost: (position, length) of what was there and could not be decoded,
    silence now; at the end it is left out. original: the file as it was, None where nothing was lost.
    """

    frames: int
    lost: tuple[tuple[int, int], ...] = ()
    original: Path | None = None


def header_frames(path: Path) -> int:
    """Give the samples per channel that the header tells, 0 where it does not."""
    head = _head(path)
    return int.from_bytes(head[COUNT_AT : COUNT_AT + 8], "big") & COUNT_MASK if len(head) == _SUM_AT + 16 else 0


def is_finished(path: Path) -> bool:
    """Say whether the encoder has ended: only then does the header hold a checksum of the samples."""
    return any(_head(path)[_SUM_AT:])


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SUM_AT + 16)


def repair_flac(path: Path) -> Mended:
    """Replace the file by one with all samples that can be decoded; the file as it was stays if any cannot.

    A file that neither tells of samples nor holds a block is left as it is. So it is where nothing can be decoded or
    the disk is full, and OSError is raised.
    """
    temporary = path.with_name(f".{path.name}.part")
    block = max(_SMALLEST_BLOCK, int.from_bytes(_head(path)[_BLOCK_AT : _BLOCK_AT + 2], "big"))
    if not (claimed := _there(path, block)):
        return Mended(0)  # broken off within the first block
    frames, lost, original = 0, [], None
    try:
        with soundfile.SoundFile(path) as source:
            about = (source.samplerate, source.channels, "PCM_24")
        with soundfile.SoundFile(temporary, "w", *about, format="FLAC") as target:
            for position, piece in _decoded(path, claimed, block):
                if position > frames:
                    lost.append((frames, position - frames))
                    _write_silence(target, position - frames)
                target.write(piece)
                frames = position + len(piece)
        if not frames:
            raise OSError("nothing in it can be decoded")
        _sync(temporary)
        if frames < claimed:
            lost.append((frames, claimed - frames))
        if lost:
            original = _put_by(path)
        temporary.replace(path)
    except (soundfile.LibsndfileError, AssertionError) as error:  # soundfile asserts that all was written
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise OSError(f"a second copy could not be written beside it, is the disk full? ({reason})") from None
    finally:
        temporary.unlink(missing_ok=True)
    return Mended(frames, tuple(lost), original)


class _Telling(io.FileIO):
    """A FLAC file, read as if its header told of `frames` samples; what the disk cannot read is like the end."""

    def __init__(self, path: Path, frames: int) -> None:
        super().__init__(path)
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


def _there(path: Path, block: int) -> int:
    """Give the samples that the header tells and those in blocks it does not tell of yet."""
    frames = header_frames(path)
    while frames % block == 0 and _block_at(path, frames, block) is not None:
        frames += block
    return frames


def _decoded(path: Path, claimed: int, block: int) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Decode all blocks that can be, with their positions."""
    position = 0
    while position < claimed:
        found = False
        with suppress(soundfile.LibsndfileError), _Telling(path, claimed) as raw, soundfile.SoundFile(raw) as source:
            source.seek(position)
            found = True
            while len(piece := source.read(min(block, claimed - position), dtype="int32", always_2d=True)):
                yield position, piece
                position += len(piece)
        if position < claimed:
            end = min(position - position % block + block, claimed)
            if found and (alone := _block_at(path, position, end - position)) is not None:
                yield position, alone
            position = end


def _block_at(path: Path, position: int, n: int) -> NDArray[np.int32] | None:
    """Decode n samples at `position` without a look at what follows, None where they cannot be decoded."""
    with (
        suppress(soundfile.LibsndfileError),
        _Telling(path, position + n) as raw,
        soundfile.SoundFile(raw) as source,
    ):
        source.seek(position)
        piece: NDArray[np.int32] = source.read(n, dtype="int32", always_2d=True)
        return piece if len(piece) == n else None
    return None


def _write_silence(target: soundfile.SoundFile, frames: int) -> None:
    for first in range(0, frames, _SILENCE_FRAMES):
        target.write(np.zeros((min(_SILENCE_FRAMES, frames - first), target.channels), np.int32))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_by(path: Path) -> Path:
    """Give the file a second name, "audio.flac.broken" or, where there is one already, with a number."""
    number = 1
    while (other := path.with_name(f"{path.name}.broken{'' if number == 1 else number}")).exists():
        number += 1
    try:
        other.hardlink_to(path)  # so that at every moment there is a file of the old name
    except OSError:  # a file system without links
        path.rename(other)
    return other
