"""A text file to which lines are added that a kill or a power cut cannot take back."""

import os
from pathlib import Path

from samplechop.realtime.core.errors import UserError


class LineFile:
    """A new text file of lines. What the disk does not take is kept, and tried again with the next line.

    what: the lines, for people, in the plural. A file without any line is not kept.
    """

    def __init__(self, path: Path, what: str) -> None:
        """Name the file; `open` makes it."""
        self.path = path
        self.fault = ""
        self._what = what
        self._fd = -1
        self._rest = b""
        self._empty = True

    def open(self) -> None:
        """Make the file. Raises UserError if it is there already or the disk does not take it."""
        try:
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        except OSError as error:
            raise UserError(
                f"{self._what} cannot be written to {str(self.path)!r}: {error.strerror or error}"
            ) from None

    def add(self, lines: list[str]) -> None:
        """Write lines, and wait until the disk has them; `fault` says in words why it has not, "" if it has."""
        self._rest += "".join(line + "\n" for line in lines).encode()
        if not self._rest:
            return
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._fd, self._rest) :]
                self._empty = False
            os.fsync(self._fd)
            self.fault = ""
        except OSError as error:
            self.fault = error.strerror or str(error)

    def close(self) -> None:
        """Write what is left. Raises UserError if the disk does not take it."""
        self.add([])
        os.close(self._fd)
        if self._empty:
            self.path.unlink(missing_ok=True)
        if self._rest:
            lost = self._rest.count(b"\n")
            self._rest = b""
            raise UserError(f"the last {lost} {self._what} could not be written to {str(self.path)!r}: {self.fault}")
