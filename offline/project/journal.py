"""All edits of a project, one a line, only ever appended to: what undo and a second start go by.

    {"schema": 2, "begin": {"schema": 2, "audio": …}}    what the edits began with
    {"do": "move", "chop": "c17", "to": 134832}          an edit
    {"do": "undo"}

A line that was cut short by the end of its program is none: the next edit takes its place.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplechop.offline.common.atomic import PART
from samplechop.offline.project.document import SCHEMA, from_document, to_document
from samplechop.offline.project.history import History
from samplechop.offline.project.model import Project
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import locked_successor

LONG, KEPT = 32 << 20, 16 << 20
"""Bytes of a journal that is shortened, and of the steps that stay: a document has at most `documents.MOST_BYTES`."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What stands in a journal. history: None where it is empty, or not one that can be gone by: then fault says why.

    size: bytes up to the end of the last whole line.
    """

    history: History | None = None
    size: int = 0
    fault: str = ""


def read(path: Path) -> Journal:
    """Read a journal; one that is not there is empty. Raises UserError where it cannot be opened."""
    try:
        content = documents.read_bytes(path, follow_links=False)
    except FileNotFoundError:
        return Journal()
    except ValueError as error:
        return Journal(fault=str(error))
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read: {reason_of(error)}") from None
    size = content.rfind(b"\n") + 1
    history: History | None = None
    for number, line in enumerate(content[:size].splitlines(), 1):
        try:
            edit = documents.parse_json(line)
            if history is None:
                history = History(_begin(edit))
            else:
                history.do(edit)
        except (ValueError, UserError) as error:
            return Journal(fault=f"line {number}: {error}")
    return Journal(history, size)


def begin(path: Path, project: Project) -> int:
    """Begin a journal anew, and give how many bytes it has then. Raises OSError."""
    return _write(path, {"schema": SCHEMA, "begin": to_document(project)}, 0)


def append(path: Path, edit: Any, size: int) -> int:
    """Write an edit behind the first `size` bytes, and give how many there are then. Raises OSError."""
    return _write(path, edit, size)


@contextmanager
def shortened(path: Path, history: History) -> Iterator[int]:
    """Put a shorter journal in the place of a long one, whose lock is held, and hold its lock; give its bytes.

    Steps that were undone for good go, and the oldest, until the newest take KEPT bytes: tens of thousands, unless
    whole projects are among them. Raises OSError where it cannot be, and UserError; then the long one stays.
    """
    steps, size = 0, 0
    for edit in reversed(history.undoable_edits):
        size += len(_line(edit))
        if size > KEPT:
            break
        steps += 1
    begin, edits = history.recent(steps)
    if History(begin, edits).project != history.project:  # never: a journal that says something else is worth nothing
        raise UserError("its edits do not lead to the project")
    lines = [{"schema": SCHEMA, "begin": to_document(begin)}, *edits]
    content = b"".join(map(_line, lines))
    part = path.with_name(f"{PART}{os.getpid()}-{path.name}")
    try:
        part.write_bytes(content)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        with locked_successor(part, path):
            yield len(content)
    finally:
        part.unlink(missing_ok=True)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _begin(line: Any) -> Project:
    match line:
        case {"schema": int(schema), "begin": document}:
            if not 0 < schema <= SCHEMA:  # each schema has all edits of those before
                raise UserError(f"its schema is {schema}, not {SCHEMA}")
            return from_document(document)
    raise UserError("a journal begins with what its edits began with")


def _write(path: Path, line: Any, size: int) -> int:
    text = _line(line)
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return size + len(text)
