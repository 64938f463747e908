"""Where events go: lines of JSON, a MIDI port; see midi_file for a Standard MIDI File."""

import os
import sys
from pathlib import Path
from typing import Protocol, TextIO

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.midi.sender import MidiSender

STDOUT = "-"


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


class JsonLinesSink:
    """Writes each event as one line of JSON at once, to a file or, for "-", to standard output.

    path: checked now, created with the first event or, if none came, at close; sample_rate: Hz, for `time` in seconds.
    Once the reader of standard output has gone, events are let go without a word.
    """

    def __init__(self, path: str | Path, sample_rate: int) -> None:
        """Check the target. Raises UserError if it cannot be written."""
        self._broken = False
        self._sample_rate = sample_rate
        self._path = None if str(path) == STDOUT else check_target(path)
        self._file: TextIO | None = None
        self._closed = False

    @property
    def broken(self) -> bool:
        """Whether the reader of standard output has gone."""
        return self._broken

    def write(self, event: Event) -> None:
        """Write one line and flush it. Raises UserError if the disk does not take it."""
        if not self._broken:
            self._put(event.to_json(self._sample_rate) + "\n")

    def close(self) -> None:
        """Close the file; standard output stays open."""
        if not self._closed:
            self._closed = True
            if self._path is not None:
                self._put("")
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, text: str) -> None:
        try:
            if self._path is None:
                sys.stdout.write(text)
                sys.stdout.flush()
                return
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8", newline="\n")
            self._file.write(text)
            self._file.flush()
        except BrokenPipeError:
            self._broken = True
            # Else Python flushes once more when it ends and complains; see the note on SIGPIPE in its signal module.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise UserError(
                f"cannot write events to {str(self._path or STDOUT)!r}: {error.strerror or error}"
            ) from None


class MidiPortSink:
    """Hands events to a MidiSender, which it starts and stops."""

    broken = False

    def __init__(self, sender: MidiSender) -> None:
        """Start the sender."""
        self._sender = sender
        sender.start()

    def write(self, event: Event) -> None:
        """Queue what one event plays, if anything, and let a beat steer the clock."""
        if event.kind == BEAT:
            self._sender.beat(event)
        if event.note is not None or (event.notes is not None and event.velocity is not None):
            self._sender.send(event)

    def close(self) -> None:
        """Let what is queued sound, then end all notes and close the port."""
        self._sender.stop()
