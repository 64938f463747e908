"""A .npy file of float32 rows that grows, and is whole whenever a run that adds to it is ended."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_FORMAT = "<f4"


def opened(path: Path, n: int, width: int) -> NDArray[np.float32]:
    """Map the first n rows, read-only float32 (n, width), n at least 1.

    Not by np.load: what another process adds meanwhile, or was killed at, is of no concern.
    Raises OSError or ValueError if they are not there.
    """
    with path.open("rb") as file:
        shape, head = _read_header(file)
    if shape[0] < n or shape[1:] != (width,):
        raise ValueError(f"its shape is {shape} where {(n, width)} was")
    return np.memmap(path, _FORMAT, "r", head, (n, width))


def extend(path: Path, n: int, more: int, width: int, rows: Iterable[NDArray[np.float32]]) -> None:
    """Put rows behind the first n, of at most `width` samples each; zeros fill them up and take no room on disk.

    The file is made if it is not there. Raises OSError, and ValueError unless there are `more` rows.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        # The header never tells of rows that are not there yet, whenever this ends.
        head = _write_header(file, n, width)
        file.truncate(head + 4 * width * n)  # what lies behind belonged to a run that was ended
        file.truncate(head + 4 * width * (n + more))
        count = 0
        for count, row in enumerate(rows, 1):
            if len(row) > width or count > more:
                raise ValueError(f"there must be {more} sounds of at most {width} samples, got {count} and {len(row)}")
            file.seek(head + 4 * width * (n + count - 1))
            file.write(np.ascontiguousarray(row, _FORMAT).tobytes())
        if count != more:
            raise ValueError(f"there must be {more} sounds, got {count}")
        file.flush()
        os.fsync(file.fileno())
        _write_header(file, n + more, width)


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], int]:
    """Give the shape, and where the samples begin. Raises ValueError if the file is none of ours."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("it is of another version")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    if by_columns or dtype != np.dtype(_FORMAT):
        raise ValueError(f"it holds {dtype}")
    return shape, file.tell()


def _write_header(file: BinaryIO, n: int, width: int) -> int:
    """Write the header, always as long, and give where the samples begin."""
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, {"descr": _FORMAT, "fortran_order": False, "shape": (n, width)})
    return file.tell()
