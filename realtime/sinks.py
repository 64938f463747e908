"""Where events go: lines of JSON, a Standard MIDI File, a MIDI port."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TextIO

import mido

from realtime.errors import UserError
from realtime.events import BEAT, Event
from realtime.midi_sender import MidiSender
from realtime.tempo_map import TICKS_PER_BEAT, TempoMap

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


class MidiFileSink:
    """Collects notes and writes them at close as a Standard MIDI File, type 0, whose times are the true chop positions.

    path: checked now, created whole at close by renaming, so that nothing half-written is ever seen.
    sample_rate: Hz. channel: 1..16. gate_seconds: a note's length, cut short where its pad is struck again. channels:
    the channel of a kind of event, where it is not `channel`. Where beats are written, the file's tempo follows them.
    """

    broken = False

    def __init__(
        self,
        path: str | Path,
        sample_rate: int,
        channel: int = 1,
        gate_seconds: float = 0.1,
        channels: Mapping[str, int] = {},
    ) -> None:
        """Check the target. Raises UserError if it cannot be written."""
        for one in (channel, *channels.values()):
            if not 1 <= one <= 16:
                raise ValueError(f"channel must be in range 1..16, got {one}")
        if gate_seconds <= 0:
            raise ValueError(f"gate_seconds must be more than 0, got {gate_seconds}")
        self._path = check_target(path)
        self._sample_rate = sample_rate
        self._channel, self._channels = channel, dict(channels)
        self._gate = gate_seconds
        self._notes: list[tuple[int, int, int, int]] = []
        self._beats: list[Event] = []
        self._closed = False

    def write(self, event: Event) -> None:
        """Take a beat, or an event that has a note."""
        if event.kind == BEAT:
            self._beats.append(event)
        if event.note is None:
            return
        if event.velocity is None:
            raise ValueError(f"an event with a note needs a velocity, got note {event.note}")
        channel = self._channels.get(event.kind, self._channel)
        self._notes.append((event.sample, channel, event.note, event.velocity))

    def close(self) -> None:
        """Write the file, also when there is no note. Raises UserError if the disk does not take it."""
        if self._closed:
            return
        self._closed = True
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        try:
            with temporary.open("wb") as file:
                self._render().save(file=file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise UserError(f"cannot write {str(self._path)!r}: {error.strerror or error}") from None

    def _render(self) -> mido.MidiFile:
        tempi = TempoMap(self._beats, self._sample_rate)
        # (channel, note, tick) -> (velocity, tick of the end); of two at once the stronger stays
        struck: dict[tuple[int, int, int], tuple[int, int]] = {}
        for sample, channel, note, velocity in self._notes:
            seconds = sample / self._sample_rate
            place = (channel, note, tempi.tick(seconds))
            end = max(place[2] + 1, tempi.tick(seconds + self._gate))
            struck[place] = max((velocity, end), struck.get(place, (0, 0)))
        # (tick, note-offs before note-ons, channel, note, velocity)
        timed: list[tuple[int, bool, int, int, int]] = []
        ordered = sorted(struck)
        for place, following in zip(ordered, [*ordered[1:], (0, 0, 0)], strict=False):
            channel, note, tick = place
            velocity, end = struck[place]
            timed.append((tick, True, channel, note, velocity))
            timed.append((min(end, following[2]) if following[:2] == place[:2] else end, False, channel, note, 0))
        messages = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempi.changes]
        for tick, is_on, channel, note, velocity in sorted(timed):
            kind = "note_on" if is_on else "note_off"
            messages.append((tick, mido.Message(kind, channel=channel - 1, note=note, velocity=velocity)))
        messages.sort(key=lambda message: message[0])  # a new tempo stays before the notes of its tick
        track = mido.MidiTrack([mido.MetaMessage("track_name", name="samplechop")])
        now = 0
        for tick, message in messages:
            track.append(message.copy(time=tick - now))
            now = tick
        return mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track])


class MidiPortSink:
    """Hands events to a MidiSender, which it starts and stops."""

    broken = False

    def __init__(self, sender: MidiSender) -> None:
        """Start the sender."""
        self._sender = sender
        sender.start()

    def write(self, event: Event) -> None:
        """Queue the note of one event, if it has one, and let a beat steer the clock."""
        if event.kind == BEAT:
            self._sender.beat(event)
        if event.note is not None:
            self._sender.send(event)

    def close(self) -> None:
        """Let what is queued sound, then end all notes and close the port."""
        self._sender.stop()
