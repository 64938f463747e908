"""Locks that end with the process that holds them, in whatever way it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nobody may replace a file that another program writes
    fcntl = None  # type: ignore[assignment]  # mypy takes the name for a module; those who use it ask first


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock `path`, a file that is made and stays. A disk that knows no locks gives none.

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
