"""Locks of files between processes, which end with the process that has them in whatever way it ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from samplechop.realtime.core.documents import open_regular

if sys.platform == "win32":
    import msvcrt
    import time

    _FAR = 1 << 40
    """The byte that stands for the file: far behind its end, as nobody else may read a byte that is locked."""

    def _take(file: IO[bytes], wait: bool, shared: bool = False) -> None:  # noqa: ARG001  # no lock is shared here
        """Lock a file. Raises BlockingIOError where it is another's and is not waited for."""
        while True:
            try:
                file.seek(_FAR)
                return msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError:
                if not wait:
                    raise BlockingIOError(f"{file.name!r} is locked") from None
                time.sleep(0.05)

else:
    import fcntl

    def _take(file: IO[bytes], wait: bool, shared: bool = False) -> None:
        """Lock a file. Raises BlockingIOError where it is another's and is not waited for."""
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold a lock on `path`, a file that is made where there is none and stays. A disk that knows no locks gives none.

    A file that was replaced while it was waited for is not the one: its successor is locked. wait: for whoever holds
    it; else BlockingIOError is raised. Raises OSError where the file cannot be opened.
    """
    while True:
        with path.open("ab") as file:
            try:
                _take(file, wait)
            except BlockingIOError:
                raise
            except OSError:
                pass
            else:
                if not _is_at(file, path):
                    continue
            yield
            return


@contextmanager
def locked_successor(part: Path, path: Path) -> Iterator[None]:
    """Have a file take the place of one whose lock is held, and hold its own: at no moment is `path` nobody's.

    part: the file, beside `path`. Raises OSError where it cannot.
    """
    with part.open("ab") as file:
        with suppress(OSError):
            _take(file, wait=False)
        part.replace(path)
        yield


def is_locked(path: Path) -> bool:
    """Say whether a program holds a lock on a file.

    Raises OSError where it cannot be opened, ValueError for a link and what is no regular file.
    """
    with open_regular(path, follow_links=False) as file:
        try:
            _take(file, wait=False, shared=True)  # two that ask do not see each other
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def _is_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
