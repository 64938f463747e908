"""What goes wrong in a session, written to a file by the standard logging module; the console stays silent.

Every module logs under its own name, below "samplechop"; a program that uses the package may take these as any others.
"""

import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path

from samplechop.realtime.core.errors import UserError

ROOT = logging.getLogger("samplechop")


@contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Add what is logged meanwhile to the end of a file, None for no file. Raises UserError if it cannot be written."""
    if path is None:
        yield
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write the log to {str(path)!r}: {error.strerror or error}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    entry = QueueHandler(records)  # so that no thread with a deadline waits for the disk
    listener = QueueListener(records, handler)
    level = ROOT.level
    ROOT.addHandler(entry)
    ROOT.setLevel(logging.INFO)
    listener.start()
    try:
        yield
    finally:
        ROOT.removeHandler(entry)
        ROOT.setLevel(level)
        listener.stop()
        handler.close()
