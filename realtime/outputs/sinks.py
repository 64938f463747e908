"""Where events go: what all sinks have, and JSON lines, which a kill or a power cut cannot take back from a file."""

import io
import os
import queue
import stat
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from samplechop.realtime.core.errors import UserError, reason_of
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


def check_target(path: str | Path, replaced: bool = False) -> Path:
    """Make sure that a file can be written at path, and create nothing. Raises UserError if it cannot.

    replaced: whether another file takes its place, which no pipe and no device may lose.
    """
    target = Path(path)
    if target.is_dir():
        raise UserError(f"cannot write {str(path)!r}: it is a folder; give the name of a file")
    if replaced and target.exists() and not target.is_file():
        raise UserError(f"cannot write {str(path)!r}: it is a pipe or a device; give the name of a file")
    if not target.parent.is_dir():
        raise UserError(f"cannot write {str(path)!r}: there is no folder {str(target.parent)!r}; create it first")
    if not os.access(target.parent, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise UserError(f"cannot write {str(path)!r}: no permission; choose another place")
    if not target.exists():
        try:  # where rights say nothing: /proc, a medium that cannot be written
            tempfile.TemporaryFile(dir=target.parent).close()
        except OSError as error:
            why = reason_of(error)
            raise UserError(
                f"cannot write {str(path)!r}: no file can be made there ({why}); choose another place"
            ) from None
    return target


STDOUT = "-"
_FULL_SECONDS = 0.01
STALL_SECONDS = 2.0
"""How long, at the end, a reader that takes nothing is waited for; the disk is waited for as long as it takes."""


class LineFile:
    """A new text file of lines. What the disk does not take is kept, and tried again with the next line.

    what: the lines, for people, in the plural. A file without any line is not kept. restored: whether a file that is
    deleted meanwhile comes back with all its lines when the next one is written, or at the end; `deleted` then says so.
    """

    def __init__(self, path: Path, what: str, restored: bool = False) -> None:
        """Name the file; `open` makes it."""
        self.path = path
        self.fault = ""
        self.deleted = False
        self._what, self._restored = what, restored
        self._fd = -1
        self._rest = b""
        self._empty = True

    def open(self) -> None:
        """Make the file. Raises UserError if it is there already or the disk does not take it."""
        try:
            self._create()
        except OSError as error:
            why = reason_of(error)
            raise UserError(f"{self._what} cannot be written to {str(self.path)!r}: {why}") from None

    def _create(self) -> None:
        access = os.O_RDWR if self._restored else os.O_WRONLY
        self._fd = os.open(self.path, access | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)

    def _restore(self) -> None:
        """Make a deleted file anew; its lines, which the open descriptor still reads, are to be written again."""
        if self._fd >= 0 and os.fstat(self._fd).st_nlink:
            return
        if self._fd >= 0:
            self._rest = os.pread(self._fd, os.fstat(self._fd).st_size, 0) + self._rest
            os.close(self._fd)
            self._fd, self.deleted = -1, True
        self._create()

    def add(self, lines: list[str]) -> None:
        """Write lines, and wait until the disk has them; `fault` says in words why it has not, "" if it has."""
        self._rest += "".join(line + "\n" for line in lines).encode()
        self._write()

    def _write(self) -> None:
        if not self._rest:
            return
        try:
            if self._restored:
                self._restore()
            while self._rest:
                self._rest = self._rest[os.write(self._fd, self._rest) :]
                self._empty = False
            os.fsync(self._fd)
            self.fault = ""
        except OSError as error:
            self.fault = reason_of(error)

    def close(self) -> None:
        """Write what is left. Raises UserError if the disk does not take it."""
        if self._restored and not self._empty:
            with suppress(OSError):  # of this, too, the second try says what went wrong
                self._restore()
        self._write()
        if self._fd >= 0:
            os.close(self._fd)
        if self._empty:
            self.path.unlink(missing_ok=True)
        if self._rest:
            lost = self._rest.count(b"\n")
            self._rest = b""
            raise UserError(f"the last {lost} {self._what} could not be written to {str(self.path)!r}: {self.fault}")


class JsonLinesSink:
    """Writes each event as one line of JSON at once, to a file or, for "-", to standard output.

    A thread of its own writes, so that a reader may be slow, or stand still, without anybody else having to wait.
    path: checked now, created with the first event or, if none came, at close, and anew where it is deleted meanwhile;
    sample_rate: Hz, for `time` in seconds. Once the reader has gone, or the disk takes nothing more, events are dropped
    and `broken` is True. A reader that stands still at the end is waited for STALL_SECONDS; `unwritten` then counts
    what it did not take.
    """

    def __init__(self, path: str | Path, sample_rate: int) -> None:
        """Check the target. Raises UserError if it cannot be written."""
        self.broken = False
        self.unwritten = 0
        self._on_disk = False
        self._deleted = False
        self._put = self._written = self._bytes = 0  # events to write, those written, and bytes that were taken
        self._sample_rate = sample_rate
        self._path = None if str(path) == STDOUT else check_target(path)
        self._stream = sys.stdout
        self._failure: OSError | None = None
        self._next: Event | None = None  # to be written before those that wait
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="json lines", daemon=True)

    def write(self, event: Event) -> None:
        """[one thread] Let one line be written; returns at once."""
        if not self._started:
            self._thread.start()
        self._put += 1
        self._events.put(event)

    def close(self) -> None:
        """Wait until the last line is written; twice is harmless. Raises UserError if the disk did not take all."""
        if not self._started:
            self._thread.start()
        self._events.put(None)
        while self._thread.is_alive():
            before = self._bytes
            self._thread.join(STALL_SECONDS)
            if self._thread.is_alive() and self._bytes == before and not self._on_disk:
                self.unwritten = self._put - self._written
                return
        failure, self._failure = self._failure, None
        if failure is not None:
            raise UserError(self._text_of(failure))

    def warnings(self) -> tuple[str, ...]:
        """[any thread] Say what was not written and why, if there is anything the user does not know already."""
        target = "standard output" if self._path is None else repr(str(self._path))
        if self.unwritten:
            return (f"{self.unwritten} events were not written to {target}: its reader stands still",)
        if self._deleted:
            return (f"{target} was deleted while events were written to it: it begins anew with those that came after",)
        if self._failure is not None:
            return (self._text_of(self._failure),)
        return ()

    def _text_of(self, failure: OSError) -> str:
        return f"cannot write events to {str(self._path or STDOUT)!r}: {reason_of(failure)}"

    @property
    def _started(self) -> bool:
        return self._thread.ident is not None

    def _run(self) -> None:
        """Write until None comes. No buffer: one that a thread holds at the end of the program could not be flushed."""
        try:
            if self._path is not None:
                ended = False
                while not ended:
                    with self._path.open("wb", buffering=0) as file:
                        ended = self._write_to(file)
                    self._deleted |= not ended
                return
            try:
                number = self._stream.fileno()
            except (AttributeError, io.UnsupportedOperation):  # as in a notebook
                while (event := self._events.get()) is not None:
                    print(event.to_json(self._sample_rate), file=self._stream, flush=True)
                    self._written += 1
                return
            with open(number, "wb", buffering=0, closefd=False) as file:
                self._write_to(file)
        except BrokenPipeError:
            self.broken = True
        except OSError as error:
            self._failure, self.broken = error, True

    def _write_to(self, file: io.FileIO) -> bool:
        """Write until None comes; False where the file was deleted, as what is written to it then is lost."""
        self._on_disk = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        while (event := self._next or self._events.get()) is not None:
            if self._on_disk and not os.fstat(file.fileno()).st_nlink:
                self._next = event
                return False
            self._next = None
            rest = (event.to_json(self._sample_rate) + "\n").encode()
            while rest:
                written = file.write(rest)
                if written is None:  # a pipe that somebody made not to block is full
                    time.sleep(_FULL_SECONDS)
                rest = rest[written or 0 :]
                self._bytes += written or 0
            self._written += 1
        return True
