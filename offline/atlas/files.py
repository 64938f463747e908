"""Files that the steps of an atlas share: its state, tab-separated tables, .npy arrays, and one that grows.

Tables are text which every spreadsheet, pandas and awk read. What is replaced is written whole or not at all; what
grows is whole whenever a run that adds to it is ended.
"""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.arrays import map_array
from samplechop.offline.common.atomic import write_text
from samplechop.realtime.core import documents
from samplechop.realtime.core.documents import lines_of, open_regular, parse_rows
from samplechop.realtime.core.errors import UserError, reason_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


STATE = "atlas.json"
SCHEMA = 1
MOST = 2**31 - 1
"""Of rows, of samples of a sound, and of everything else that is counted."""
_NUMBERS = ("schema", "rate", "width", "rows", "sources")


def new_state(rate: int, width: int) -> dict[str, Any]:
    """Give the state of an atlas without sounds. rate: Hz. width: samples of the longest sound there may be."""
    return {"schema": SCHEMA, "rate": rate, "width": width, "rows": 0, "sources": 0, "steps": {}}


def _whole(number: object) -> int:
    """Give a count, a rate in Hz, or a width in samples. Raises ValueError for what can be none."""
    if type(number) is not int or not 0 <= number <= MOST:
        raise ValueError(f"{number!r:.60} is no count")
    return number


def read_state(folder: Path) -> dict[str, Any]:
    """Read the state of an atlas. Raises UserError if there is none, or one of another version."""
    path = folder / STATE
    try:
        there = documents.read_json(path)
        state: dict[str, Any] = {name: _whole(there[name]) for name in _NUMBERS}
        if not (state["rate"] and state["width"]):
            raise ValueError("sounds have a rate and a length")
        state["steps"] = dict(there["steps"])
        for step in state["steps"].values():
            dict(step["settings"])
            _whole(step["rows"])
    except FileNotFoundError:
        raise UserError(f"there is no atlas in {str(folder)!r}: make one with samplechop atlas collect") from None
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read ({reason_of(error)})") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{str(path)!r} is damaged: collect the sounds again into another folder") from None
    if state["schema"] != SCHEMA:
        raise UserError(f"the atlas {str(folder)!r} is of another version: collect the sounds again into another")
    return state


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the state, in one go and for good. Raises UserError if the disk does not take it."""
    write_text(folder / STATE, json.dumps(state, indent=1))


class _Lines(list[str]):
    """Takes the lines of a csv writer, which quotes every kind of line break only if it may end lines with both."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def tsv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Give rows as lines of tab-separated cells; a cell with a tab, a quote or a line break is quoted.

    Floats have nine significant digits, as many as float32 has.
    """
    written = _Lines()
    csv.writer(written, "excel-tab").writerows(
        [f"{value:.9g}" if isinstance(value, float) else value for value in row] for row in rows
    )
    return "".join(written)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a header and one line a row. Raises UserError as `atomic.replacing` does."""
    write_text(path, tsv_lines([columns]) + tsv_lines(rows))


def read_table(path: Path, columns: Sequence[str], most: int | None = None) -> list[list[str]]:
    """Read a table; the rows' cells in the order of `columns`, which it must have; others are passed over.

    most: rows, from the first on; what lies behind is not read.
    Raises UserError, naming the file and what is wrong.
    """
    try:
        with open_regular(path) as binary, TextIOWrapper(binary, "utf-8", newline="") as file:
            found = list(islice(parse_rows(lines_of(file), "\t"), None if most is None else most + 1))
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read ({reason_of(error)})") from None
    except ValueError as error:
        raise UserError(f"{str(path)!r} is no table of tab-separated text ({error}): make it again") from None
    header = found[0] if found else []
    missing = [name for name in columns if name not in header]
    if missing:
        raise UserError(f"{str(path)!r} has no column {missing[0]!r}: make it again")
    places = [header.index(name) for name in columns]
    for number, row in enumerate(found[1:], 2):
        if len(row) != len(header):
            raise UserError(f"{str(path)!r}, line {number}: {len(row)} cells where the header has {len(header)}")
    return [[row[place] for place in places] for row in found[1:]]


def read_as(path: Path, kind: type[Row], count: int) -> list[Row]:
    """Read the first `count` rows of a table as dataclasses of str, int and float, whose fields are its columns.

    Raises UserError, naming the file and what is wrong.
    """
    if not count:
        return []
    columns = fields(kind)
    rows = read_table(path, [column.name for column in columns], count)
    if len(rows) < count:
        raise UserError(f"{str(path)!r} has {len(rows)} rows where {count} were: collect the sounds again")
    kinds: list[Any] = [column.type for column in columns]
    try:
        return [kind(*(made(value) for made, value in zip(kinds, row, strict=True))) for row in rows]
    except (ValueError, OverflowError) as error:
        raise UserError(f"{str(path)!r} is damaged ({error}): collect the sounds again") from None


def append_text(path: Path, text: str) -> None:
    """Put text at the end of a file, for good. Raises OSError."""
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def truncate_table(path: Path, rows: int) -> None:
    """Leave of a table the header and its first rows, where there is more: what a run that was ended left behind.

    Raises UserError as `atomic.replacing` does, and for what is no table.
    """
    kept: list[str] = []

    def passed(file: Iterable[str]) -> Iterator[str]:
        for line in file:
            kept.append(line)
            yield line

    try:
        # The end may lie within a letter.
        with open_regular(path) as binary, TextIOWrapper(binary, "utf-8", "surrogateescape", "") as file:
            for _ in islice(parse_rows(passed(lines_of(file)), "\t"), rows + 1):
                pass
            if not file.read(1):
                return
        write_text(path, "".join(kept))
    except ValueError as error:  # a line that is no row, or whose bytes are no text
        raise UserError(f"{str(path)!r} is damaged ({error}): collect the sounds again") from None


def read_array(path: Path, made_by: str) -> NDArray[np.float32]:
    """Read numbers, (n, …), as float32. made_by: the command that makes the file.

    Raises UserError if it is not there, damaged, or holds what is no finite number.
    """
    again = f"run {made_by} {str(path.parent)!r}"
    try:
        array = map_array(path)
    except FileNotFoundError:
        raise UserError(f"there is no {path.name} in {str(path.parent)!r}: {again} first") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{str(path)!r} is damaged ({error}): remove it and {again}") from None
    if array.dtype.kind != "f" or array.ndim < 2 or not np.isfinite(array).all():
        raise UserError(f"{str(path)!r} is damaged (no table of numbers): remove it and {again}")
    return np.array(array, np.float32)


_FORMAT = "<f4"


def map_rows(path: Path, n: int, width: int) -> NDArray[np.float32]:
    """Map the first n rows, read-only float32 (n, width); what another process adds meanwhile is of no concern.

    Raises OSError and ValueError if they are not there.
    """
    rows: NDArray[np.float32] = map_array(path)
    if rows.dtype != np.dtype(_FORMAT) or rows.ndim != 2 or len(rows) < n or rows.shape[1] != width:
        raise ValueError(f"its shape is {rows.shape}, of {rows.dtype}, where {(n, width)} was")
    return rows[:n]


class StoredRows:
    """The rows of a file from `first` on, read where they are sliced: rows[3:5, :1000] gives float32 (2, 1000).

    To map what `append_rows` has just written takes ten times as long, a page and a hole at a time.
    """

    def __init__(self, path: Path, n: int, width: int, first: int = 0) -> None:
        """Make sure that there are n rows of that width. Raises as `map_rows`."""
        map_rows(path, n, width)
        self._path, self._n, self._width, self._first = path, n, width, first
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            self._head = file.tell()

    def __len__(self) -> int:
        """Count the rows."""
        return self._n - self._first

    def __getitem__(self, place: tuple[slice, slice]) -> NDArray[np.float32]:
        """Read some rows, up to a column. Raises UserError if they are not there any more."""
        rows, columns = (range(n)[one] for one, n in zip(place, (len(self), self._width), strict=True))
        found = np.zeros((len(rows), len(columns)), _FORMAT)
        try:
            with self._path.open("rb", buffering=0) as file:
                for row, into in zip(rows, found, strict=True):
                    file.seek(self._head + 4 * (self._width * (self._first + row) + columns.start))
                    if file.readinto(into.data) != into.nbytes:
                        raise OSError("it is shorter than it was")
        except OSError as error:
            raise UserError(f"{str(self._path)!r} cannot be read ({reason_of(error)}): run it again") from None
        return found.astype(np.float32, copy=False)


def append_rows(path: Path, n: int, more: int, width: int, rows: Iterable[NDArray[np.float32]]) -> None:
    """Put rows behind the first n, of at most `width` samples each; zeros fill them up and take no room on disk.

    The file is made if it is not there. Raises OSError, and ValueError unless there are `more` rows.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        # The header never counts rows that are not there yet, whenever this ends.
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


def _write_header(file: BinaryIO, n: int, width: int) -> int:
    """Write the header, always as long, and give where the samples begin."""
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, {"descr": _FORMAT, "fortran_order": False, "shape": (n, width)})
    return file.tell()
