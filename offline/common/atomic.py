"""Files that are there whole or not at all: written beside their place, then moved to it.

    .part-PID-NAME  --write, fsync-->  os.replace  -->  NAME

Whatever ends the process, or the power, in between: NAME holds the old content or the new one.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from samplechop.realtime.core.errors import UserError, reason_of

PART = ".part-"
"""What the names of files begin with that are not done yet; nobody's after a run that was killed."""

LONGEST_NAME = 200
"""Bytes of a name that leave room for what `replacing` adds: a file system holds 255."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` if all goes well, and of which nothing stays if not.

    It ends like `path`, as some writers choose the format by that; the folder is made if it is not there.
    Raises UserError if the disk does not take it.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UserError(f"{str(path)!r} is a pipe or a device, which no file may replace: give the name of a file")
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32] + path.suffix[-16:]
    part = path.with_name(f"{PART}{os.getpid()}-{name}")  # two processes at once must not write to one file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # of a process that was killed; or a link, through which one would write elsewhere
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        reason = reason_of(error)
        raise UserError(f"{str(path)!r} cannot be written ({reason}): is the disk full, or read-only?") from None
    finally:
        with suppress(OSError):
            part.unlink()


def keep_original(path: Path) -> Path:
    """Give a file a second name, "NAME.broken" or, where there is one already, with a number. Raises OSError.

    It has both until it is replaced under the old one, so that at every moment there is a file of that name.
    """
    number = 1
    while os.path.lexists(other := path.with_name(f"{path.name}.broken{'' if number == 1 else number}")):
        number += 1
    try:
        os.link(path, other, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without links
        path.rename(other)
    return other


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises UserError as `replacing` does."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a text as UTF-8, line ends as they are, whole or not at all. Raises UserError as `replacing` does."""
    write_bytes(path, content.encode())
