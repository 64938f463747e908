"""Documents that anybody may have written: JSON, JSON lines, TOML and separated values, read within limits.

What a parser may throw at a hostile file (RecursionError, OverflowError, MemoryError, csv.Error …) becomes a ValueError
that says in a few words what is wrong, so that a caller needs two clauses only: OSError and ValueError.
"""

import csv
import json
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

MOST_BYTES = 64 << 20
"""Of a document: a session's log of a day has a tenth of it."""
MOST_DEPTH = 32
"""Lists and objects within each other."""
LARGEST = 2**63
"""What an integer must be smaller than, so that it becomes any float and any 64-bit integer."""


def open_regular(path: Path, follow_links: bool = True) -> BinaryIO:
    """Open a regular file for reading.

    follow_links: whether `path` itself may be a symbolic link; the folders above it may. Where the system has no
    O_NOFOLLOW (Windows), the link is checked for first.

    Raises OSError if it cannot be opened, ValueError for what is no regular file (a pipe, a device, a link that must
    not be followed): opening it has no effect and never waits for a writer.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if not follow_links:
        if path.is_symlink():
            raise ValueError("it is a symbolic link, which is not followed here")
        flags |= getattr(os, "O_NOFOLLOW", 0)
    if path.is_dir():
        raise ValueError("it is a folder")
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bytes(path: Path, most: int = MOST_BYTES, follow_links: bool = True) -> bytes:
    """Read a regular file of at most `most` bytes.

    Raises OSError and ValueError as `open_regular`, ValueError for a larger one.
    """
    with open_regular(path, follow_links) as file:
        # A read takes the memory that is asked for, whatever is there.
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > most else file.read(size + 1)
    if max(size, len(content)) > most:
        raise ValueError(f"it is larger than {most / 2**20:g} MiB")
    return content


def read_text(path: Path, most: int = MOST_BYTES, follow_links: bool = True) -> str:
    """Read UTF-8, with or without a byte order mark.

    Raises OSError and ValueError as `read_bytes`, ValueError for what is no UTF-8.
    """
    try:
        return read_bytes(path, most, follow_links).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not text in UTF-8 (byte {error.start})") from None


def parse_json(text: str | bytes, finite: bool = True) -> Any:
    """Parse JSON whose depth is at most MOST_DEPTH and whose integers are below LARGEST.

    finite: whether NaN, Infinity and numbers beyond a double's range are refused. Raises ValueError.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MOST_DEPTH}") from None
    _check(value, finite)
    return value


def read_json(path: Path, most: int = MOST_BYTES, finite: bool = True, follow_links: bool = True) -> Any:
    """Read a JSON document. Raises OSError and ValueError as `read_text` and `parse_json`."""
    return parse_json(read_text(path, most, follow_links), finite)


def read_toml(path: Path, most: int = 1 << 20) -> dict[str, Any]:
    """Read a TOML document, with or without a byte order mark. Raises OSError and ValueError as `read_text`."""
    text = read_text(path, most)
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MOST_DEPTH}") from None
    except tomllib.TOMLDecodeError as error:
        backslash = "\\" in text and any(word in str(error).lower() for word in ("escape", "hex value"))
        hint = "; a path with backslashes stands in single quotes: 'C:\\Music'" if backslash else ""
        raise ValueError(f"{error}{hint}") from None
    _check(value, finite=True)
    return value


def lines_of(file: TextIO, most: int = 1 << 20) -> Iterator[str]:
    """Give the lines of a text, which may be long itself. Raises ValueError for a line of more than `most` characters.

    A file can be ten gigabytes of zeros without a line end, and take no room on the disk.
    """
    while line := file.readline(most + 1):
        if len(line) > most:
            raise ValueError(f"it has a line of more than {most} characters")
        yield line


def parse_rows(lines: Iterable[str], delimiter: str = ",", strict: bool = False) -> Iterator[list[str]]:
    """Give the cells of separated values, line by line; a quoted cell may go over several lines.

    strict: whether quotes in wrong places are refused. Raises ValueError for what the format does not allow.
    """
    rows = csv.reader(lines, delimiter=delimiter, strict=strict)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise ValueError(f"line {rows.line_num}: {error}") from None
        if row is None:
            return
        yield row


def _check(value: Any, finite: bool) -> None:
    """Walk through a parsed document, without recursion: it may be nested as deep as a parser allows."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict | list):
                if depth == MOST_DEPTH:
                    raise ValueError(f"it is nested deeper than {MOST_DEPTH}")
                below.extend(one.values() if isinstance(one, dict) else one)
            elif isinstance(one, int) and not -LARGEST < one < LARGEST:
                raise ValueError("it has a number of more than 18 digits")
            elif finite and isinstance(one, float) and not abs(one) < float("inf"):
                raise ValueError("it has a number that is not finite")
        level, depth = below, depth + 1
