"""A recorded FLAC file made whole: what its header tells of is decoded and encoded anew."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.recording.flac_file import COUNT_AT, COUNT_MASK

_SUM_AT = 26  # STREAMINFO's MD5 of the samples, 16 bytes
_PIECE_FRAMES = 4_096
"""Samples decoded at once: libFLAC's usual block, as a read that meets a broken block gives nothing."""


def told(path: Path) -> int:
    """Give the samples per channel that the header tells, 0 where it does not."""
    head = _head(path)
    return int.from_bytes(head[COUNT_AT : COUNT_AT + 8], "big") & COUNT_MASK if len(head) == _SUM_AT + 16 else 0


def is_finished(path: Path) -> bool:
    """Say whether the encoder has ended: only then does the header hold a checksum of the samples."""
    return any(_head(path)[_SUM_AT:])


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SUM_AT + 16)


def repair_flac(path: Path) -> int:
    """Replace the file by one with the samples its header tells, as far as they can be decoded; give how many.

    Raises OSError, and leaves the file as it is, where nothing can be decoded or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.part")
    frames = 0
    try:
        with soundfile.SoundFile(path) as source:
            about = (source.samplerate, source.channels, "PCM_24")
            with soundfile.SoundFile(temporary, "w", *about, format="FLAC") as target:
                for piece in _decoded(source):
                    target.write(piece)
                    frames += len(piece)
        if not frames:
            raise OSError("nothing in it can be decoded")
        temporary.replace(path)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise OSError(f"a second copy could not be written beside it, is the disk full? ({reason})") from None
    finally:
        temporary.unlink(missing_ok=True)
    return frames


def _decoded(source: soundfile.SoundFile) -> Iterator[NDArray[np.int32]]:
    with suppress(soundfile.LibsndfileError):  # half a block at the end
        while len(piece := source.read(_PIECE_FRAMES, dtype="int32", always_2d=True)):
            yield piece
