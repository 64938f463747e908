"""Tables as tab-separated text, which every spreadsheet, pandas and awk read; written whole or not at all."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from realtime.errors import UserError


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` if all goes well, and of which nothing stays if not.

    It ends like `path`, as some writers choose the format by that. Raises UserError if the disk does not take it.
    """
    part = path.with_name(f".part-{path.name}")
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
    """Give a cell: floats with six significant digits, everything else as it is said."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Give rows as lines of tab-separated cells; a cell with a tab, a quote or a line break is quoted."""
    file = io.StringIO()
    csv.writer(file, "excel-tab", lineterminator="\n").writerows([text(value) for value in row] for row in rows)
    return file.getvalue()


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a header and one line a row. Raises UserError as `replaced` does."""
    with replaced(path) as part:
        part.write_text(lines([columns]) + lines(rows), encoding="utf-8", newline="")


def read_table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read a table; the rows' cells in the order of `columns`, which it must have; others are passed over.

    Raises UserError, naming the file and what is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file, "excel-tab"))
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
