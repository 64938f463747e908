"""Locks of files between processes, which end with the process that has them in whatever way it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samplechop.realtime.core.documents import open_regular

try:
    import fcntl
except ImportError:  # Windows, where nobody may replace or cut a file that another program writes
    fcntl = None  # type: ignore[assignment]  # mypy takes the name for a module; those who use it ask first


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold a lock on `path`, a file that is made where there is none and stays. A disk that knows no locks gives none.

    wait: for whoever holds it; else BlockingIOError is raised. Raises OSError where the file cannot be opened.
    """
    with path.open("ab") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise
            except OSError:
                pass
        yield


def is_locked(path: Path) -> bool:
    """Say whether a program holds a lock on a file.

    Raises OSError where it cannot be opened, ValueError for a link and what is no regular file.
    """
    if fcntl is None:
        return False
    with open_regular(path, follow_links=False) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that ask do not see each other
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
