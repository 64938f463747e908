"""Tables as tab-separated text, which every spreadsheet, pandas and awk read; written whole or not at all."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")
PART = ".part-"
"""What the names of files begin with that are not done yet; nobody's after a run that was killed."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` if all goes well, and of which nothing stays if not.

    It ends like `path`, as some writers choose the format by that. Raises UserError if the disk does not take it.
    """
    part = path.with_name(f"{PART}{os.getpid()}-{path.name}")  # two processes at once must not write to one file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{str(path)!r} cannot be written ({reason}): is the disk full, or read-only?") from None
    finally:
        part.unlink(missing_ok=True)


def text(value: object) -> str:
    """Give a cell: floats with nine significant digits, as many as float32 has, everything else as it is said."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


class _Lines(list[str]):
    """Takes the lines of a csv writer, which quotes every kind of line break only if it may end lines with both."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Give rows as lines of tab-separated cells; a cell with a tab, a quote or a line break is quoted."""
    written = _Lines()
    csv.writer(written, "excel-tab").writerows([text(value) for value in row] for row in rows)
    return "".join(written)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a header and one line a row. Raises UserError as `replaced` does."""
    with replaced(path) as part:
        part.write_text(lines([columns]) + lines(rows), encoding="utf-8", newline="")


def read_table(path: Path, columns: Sequence[str], most: int | None = None) -> list[list[str]]:
    """Read a table; the rows' cells in the order of `columns`, which it must have; others are passed over.

    most: rows, from the first on; what lies behind is not looked at.
    Raises UserError, naming the file and what is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(islice(csv.reader(file, "excel-tab"), None if most is None else most + 1))
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
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
        return [kind(*(made(cell) for made, cell in zip(kinds, row, strict=True))) for row in rows]
    except ValueError as error:
        raise UserError(f"{str(path)!r} is damaged ({error}): collect the sounds again") from None


def add(path: Path, text: str) -> None:
    """Put text at the end of a file, for good. Raises OSError."""
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def cut(path: Path, rows: int) -> None:
    """Leave of a table the header and its first rows, where there is more: what a run that was ended left behind.

    Raises UserError as `replaced` does.
    """
    kept: list[str] = []

    def passed(file: Iterable[str]) -> Iterator[str]:
        for line in file:
            kept.append(line)
            yield line

    # The end may lie within a letter.
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        for _ in islice(csv.reader(passed(file), "excel-tab"), rows + 1):
            pass
        if not file.read(1):
            return
    with replaced(path) as part:
        part.write_text("".join(kept), encoding="utf-8", newline="")
