"""Where events go: what all sinks have, and the check of a file they are to write."""

import os
from pathlib import Path
from typing import Protocol

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event


class Sink(Protocol):
    """Takes events. One thread writes; `close` comes after the last write and may come twice.

    broken: True once nobody is there to take what is written; there is no point in going on.
    """

    @property
    def broken(self) -> bool:
        """Whether nobody takes events any more."""

    def write(self, event: Event) -> None:
        """Take one event. Raises UserError if it cannot be kept."""

    def close(self) -> None:
        """Finish what was begun; twice is harmless."""


def check_target(path: str | Path) -> Path:
    """Make sure that a file can be written at path, and create nothing. Raises UserError if it cannot."""
    target = Path(path)
    if target.is_dir():
        raise UserError(f"cannot write {str(path)!r}: it is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise UserError(f"cannot write {str(path)!r}: there is no folder {str(target.parent)!r}; create it first")
    if not os.access(target.parent, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise UserError(f"cannot write {str(path)!r}: no permission; choose another place")
    return target
