"""Telling a session that is being written from one that was broken off: its log is locked while a program writes."""

from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where nobody may cut a file that another program writes
    fcntl = None  # type: ignore[assignment]


def hold(path: Path) -> BinaryIO:
    """Lock a file until what is given back is closed, or the program ends in whatever way.

    Raises BlockingIOError where somebody else holds it. A disk that knows no locks gets none.
    """
    file = path.open("rb")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    except OSError:
        pass
    return file


def is_held(path: Path) -> bool:
    """Say whether a program holds the file."""
    try:
        hold(path).close()
    except BlockingIOError:
        return True
    return False
