"""Standard input, output and error: what takes no output, is not there, or must not be waited for."""

import os
import select
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, TextIO

PATIENCE_SECONDS = 2.0
"""How long the last words of a program wait for a terminal that shows them late, as on a busy machine or over ssh."""


def takes_output(stream: IO[str], seconds: float = 0.0) -> bool:
    """Tell whether a stream takes output now, or within so many seconds.

    A terminal that Ctrl-S has stopped does not, nor does a pipe nobody reads.
    """
    try:
        return bool(select.select([], [stream], [], seconds)[1])
    except (AttributeError, OSError, ValueError, TypeError):  # no file, or Windows: nobody knows before
        return True


class TerminalWriter:
    """A terminal's stream that waits for nobody: what the terminal does not take, as after Ctrl-S, is kept for later.

    Where it takes something is no help before a long text: it can be stopped in the middle of it. rest: bytes not taken
    yet. Raises OSError where the terminal cannot be opened a second time, so as not to change it for others.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to the terminal of a stream."""
        self._stream, self.rest = stream, b""
        self._fd = os.open(os.ttyname(stream.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        weakref.finalize(self, os.close, self._fd)

    def __getattr__(self, name: str) -> Any:
        """Give what else the stream has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Take text; `flush` writes it."""
        self.rest += text.encode(self._stream.encoding, "replace")
        return len(text)

    def flush(self) -> None:
        """Write what the terminal takes now. Raises OSError where it is gone."""
        with suppress(BlockingIOError):
            while self.rest:
                self.rest = self.rest[os.write(self._fd, self.rest) :]

    def finish(self) -> None:
        """Write all that was kept, while the terminal goes on taking something. Raises OSError where it is gone."""
        self.flush()
        while self.rest and select.select([], [self._fd], [], PATIENCE_SECONDS)[1]:
            self.flush()


def say(text: str, patience: float | None = PATIENCE_SECONDS) -> None:
    """Write a line to standard error, if anybody is still there to read it.

    patience: seconds that it may take them, None for as long as they have stopped their terminal.
    """
    try:
        if patience is not None and not takes_output(sys.stderr, patience):
            raise BlockingIOError
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # the terminal was closed or stopped: nor may Python wait for it, or fail, at its end
        _lead_nowhere(sys.stderr)


def output_fault() -> OSError | None:
    """Give why standard output takes nothing, None if it takes a line break; what it did not take is dropped."""
    try:
        print(flush=True)
    except OSError as error:
        _lead_nowhere(sys.stdout)
        return error
    return None


def _lead_nowhere(stream: IO[str]) -> None:
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_standard_files() -> None:
    """[main] Let standard input, output and error lead nowhere where the program was started without them.

    Else the next file that is opened, a recording say, takes their number, and messages are written into it; and Python
    has None in the place of a stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, and those below it are not
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))


@contextmanager
def silence() -> Iterator[None]:
    """Let file descriptor 2 lead nowhere meanwhile; Python's own messages go unseen too, so keep it short."""
    try:
        saved = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
