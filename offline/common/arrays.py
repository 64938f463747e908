"""Arrays in .npy and .npz files that anybody may have written: the size of the file bounds what is taken for them.

numpy believes a header: a hundred bytes can claim terabytes, a small archive can unpack to them, and a shape of other
things than numbers raises whatever comes. Here every such file is a ValueError, and nothing is ever unpickled.
"""

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import replacing
from samplechop.realtime.core.documents import open_regular

MOST_BYTES, MOST_UNPACKED = 1 << 30, 1 << 28
"""Of an array that is read whole, and of all in an archive together."""
MOST_RATIO, _ROOM, _PIECE = 50, 1 << 20, 1 << 20
"""Of an archive to what is in it: numbers of a net or a map are hardly packed at all."""
_MOST_HEADER, _MOST_MEMBERS, _MOST_DIMENSIONS = 10_000, 10_000, 8
_KINDS = "biufcU"
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_array(path: Path, most: int = MOST_BYTES) -> NDArray[Any]:
    """Read a .npy file of at most `most` bytes. Raises OSError and ValueError."""
    with open_regular(path) as file:
        return _read(file, most)


def map_array(path: Path) -> NDArray[Any]:
    """Map a .npy file, read-only; it may be longer than its array. Raises OSError and ValueError."""
    with open_regular(path) as file:
        shape, in_columns, kind = _header(file)
        start = file.tell()
        if math.prod(shape) * kind.itemsize > file.seek(0, io.SEEK_END) - start:
            raise ValueError(f"its header claims {shape} numbers, more than the file holds")
        if not math.prod(shape):
            return np.zeros(shape, kind)
        return np.memmap(file, kind, "r", start, shape, "F" if in_columns else "C")


def read_arrays(path: Path, most: int = MOST_UNPACKED) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npz file by name, at most `most` bytes when unpacked, and MOST_RATIO times the file.

    Raises OSError and ValueError.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            most = min(most, _ROOM + MOST_RATIO * file.seek(0, io.SEEK_END))
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > most:
                raise ValueError(f"it unpacks to more than {most / 2**20:g} MiB")
            found = {}
            for member in members:
                with archive.open(member) as content:
                    found[member.filename.removesuffix(".npy")] = _read(content, most)
            return found
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, LookupError) as error:
        raise ValueError(f"it is no archive that can be read ({error})") from None


def _read(file: IO[bytes], most: int) -> NDArray[Any]:
    shape, in_columns, kind = _header(file)
    size = math.prod(shape) * kind.itemsize
    if size > most:
        raise ValueError(f"its header claims {shape} numbers, more than {most / 2**20:g} MiB")
    content = bytearray()  # what is not there takes no memory
    while len(content) < size and (piece := file.read(min(_PIECE, size - len(content)))):
        content += piece
    if len(content) < size:
        raise ValueError(f"its header claims {shape} numbers, more than the file holds")
    return np.frombuffer(content, kind).reshape(shape, order="F" if in_columns else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read a header: shape, whether the first dimension varies fastest, and type of the numbers."""
    try:
        version = np.lib.format.read_magic(file)
        if version not in _READERS:
            raise ValueError(f"it is of version {version}")
        shape, in_columns, kind = _READERS[version](file, max_header_size=_MOST_HEADER)
    except OSError:
        raise
    except Exception as error:  # whatever a parser of Python's own literals may raise
        raise ValueError(f"its header cannot be read ({str(error)[:80] or type(error).__name__})") from None
    if len(shape) > _MOST_DIMENSIONS or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError("its header gives no shape of an array")
    if kind.kind not in _KINDS or not kind.itemsize:
        raise ValueError(f"it holds no numbers but {kind.str!r:.40}")
    return shape, in_columns, kind


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a .npy file whole or not at all. Raises UserError as `replacing` does."""
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)
