"""Labels as text: seconds, and Audacity's label tracks (start, end and name with tabs between)."""

import csv
from collections.abc import Iterable
from pathlib import Path

from samplechop.offline.labels.model import Mark
from samplechop.realtime.core.errors import UserError

SECONDS, TRACK = "seconds", "Audacity label track"


def content_of(path: Path) -> str:
    """Read a text file, with or without a byte order mark. Raises UserError if it is no text, OSError if not there."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            f"{str(path)!r} is not text in UTF-8: write seconds, or export an Audacity label track"
        ) from None


def _seconds(text: str, path: Path, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{str(path)!r}, {where}: {text.strip()!r} is not a time in seconds") from None


def read_text(path: Path) -> tuple[list[Mark], str]:
    """Read either kind; gives the marks in the file's order, and which kind it was.

    A line that begins with a backslash is the frequency range of the label before it and one with # is a remark; both
    are passed over. Raises UserError naming file and line.
    """
    marks: list[Mark] = []
    kind = SECONDS
    for number, line in enumerate(content_of(path).splitlines(), 1):
        where = f"line {number}"
        if not line.strip() or line.startswith(("\\", "#")):
            continue
        if "\t" in line:
            kind = TRACK
            start, end, *name = line.split("\t")
            _seconds(end, path, where)
            marks.append(Mark(_seconds(start, path, where), " ".join(name).strip(), where))
        else:
            marks += [
                Mark(_seconds(field, path, where), "", where) for field in next(csv.reader([line])) if field.strip()
            ]
    return marks, kind


def seconds_text(times: Iterable[float]) -> str:
    """Write seconds, to a microsecond, one a line."""
    return "".join(f"{time:.6f}\n" for time in times)


def track_text(rows: Iterable[tuple[float, float, str]]) -> str:
    """Write an Audacity label track of (start, end, name), in seconds; what is white in a name becomes a space."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{' '.join(name.split())}\n" for start, end, name in rows)
