"""Telling a session that is being written from one that was broken off: its log is locked while a program writes."""

from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where nobody may cut a file that another program writes
    fcntl = None  # type: ignore[assignment]  # mypy takes the name for a module; those who use it ask first


def hold(path: Path) -> BinaryIO:
    """Lock a new file until what is given back is closed, or the program ends in whatever way.

    Waits for a program that looks whether the file is held, which takes no time. A disk that knows no locks gets none.
    Raises OSError where the file cannot be opened.
    """
    file = path.open("rb")
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
    return file


def is_held(path: Path) -> bool:
    """Say whether a program holds the file. Raises OSError where it cannot be opened."""
    if fcntl is None:
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that look do not see each other
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
