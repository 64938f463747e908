"""A Standard MIDI File of what was found: its times are the true positions, not those of the late notes.

The file grows as the session does, and is whole at every moment. What nothing that still comes can change is rendered
once, and then forgotten. Without beats that is all that is SETTLED_SECONDS old; else what lies before a beat that is so
old, or so long ago that the next beat leaves its tempo as it is. The rest is rendered each time anew.
"""

import logging
import os
import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import NamedTuple

from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.midi.messages import GATE_SECONDS
from samplechop.realtime.midi.tempo_map import MOST_TICKS, TICKS_PER_BEAT, TempoMap
from samplechop.realtime.outputs.sinks import check_target

_log = logging.getLogger(__name__)
GROW_SECONDS = 0.5
"""How often the file is written while events come, at most; so much a kill can take."""
WITHOUT_BEATS = frozenset({"chop", "confirmed", "drums", "harmony"})
"""Detectors of which no beats come, for the tempo; a plug-in may give some."""
SETTLED_SECONDS = 30.0
"""No event comes so long after its place."""
_OPEN = 1 << 60
"""The end, in ticks, of a note that has none yet."""


class _Gated(NamedTuple):
    """What is kept of an event whose note lasts one gate."""

    sample: int
    channel: int
    note: int
    velocity: int


@dataclass(frozen=True, slots=True, order=True)
class _Note:
    """A note at its place in the file, times in ticks; and its end in seconds, as a tempo may still change."""

    channel: int
    note: int
    begin: int
    velocity: int
    end: int
    end_seconds: float


class MidiFileSink:
    """Writes notes as a Standard MIDI File, type 0, which grows while they come.

    path: checked now, created with the first event that `grow` finds or at close, each time whole by renaming, so that
    nothing half-written is ever seen, whatever ends the program. A file already there is replaced only then.
    sample_rate: Hz. channel: 1..16. gate_seconds: a note's length, cut short where its pad is struck again. channels:
    the channel of a kind of event, where it is not `channel`. Where beats are written, the file's tempo follows them;
    beats: whether they may come: until one does, the places of the last notes in ticks may still change.
    """

    broken = False

    def __init__(
        self,
        path: str | Path,
        sample_rate: int,
        channel: int = 1,
        gate_seconds: float = GATE_SECONDS,
        channels: Mapping[str, int] = {},
        beats: bool = True,
    ) -> None:
        """Check the target. Raises UserError if it cannot be written."""
        for one in (channel, *channels.values()):
            if not 1 <= one <= 16:
                raise ValueError(f"channel must be in range 1..16, got {one}")
        if gate_seconds <= 0:
            raise ValueError(f"gate_seconds must be more than 0, got {gate_seconds}")
        self._path = check_target(path, replaced=True)
        self._sample_rate, self._gate = sample_rate, gate_seconds
        self._channel, self._channels = channel, dict(channels)
        self._tempi, self._beats = TempoMap((), sample_rate), beats
        self._gated: list[_Gated] = []  # not settled yet, as those that follow
        self._sustained: defaultdict[str, list[Event]] = defaultdict(list)
        self._sounding: dict[str, dict[int, tuple[int, int]]] = {}  # kind -> note -> (tick, velocity)
        self._carried: list[_Note] = []  # in the track with their begin, perhaps not with their end
        self._track = _Track()
        self._tick = 0  # what lies before it is in the track
        self._newest = 0  # sample
        self._changed, self._due, self._closed = False, 0.0, False
        self._fault = ""  # why the disk did not take it the last time

    def warnings(self) -> tuple[str, ...]:
        """[any thread] Say that the file does not grow, and why, while that is so."""
        said = f"the MIDI file {str(self._path)!r} cannot be written ({self._fault}): it is tried again"
        return (said,) if self._fault else ()

    def write(self, event: Event) -> None:
        """Take a beat, an event that has a note, or one with a velocity and the notes that sound until the next one."""
        if event.kind == BEAT:
            self._beats = True
            self._tempi.add(event)
        if event.notes is not None:
            if event.velocity is not None:
                self._sustained[event.kind].append(event)
        elif event.note is not None:
            if event.velocity is None:
                raise ValueError(f"an event with a note needs a velocity, got note {event.note}")
            channel = self._channels.get(event.kind, self._channel)
            self._gated.append(_Gated(event.sample, channel, event.note, event.velocity))
        self._newest = max(self._newest, event.sample)
        self._changed = True

    def grow(self) -> None:
        """Write what has come, if anything has and it is time to. What the disk does not take is tried again."""
        began = time.monotonic()
        if not self._changed or self._closed or began < self._due:
            return
        self._changed = False
        old = self._newest / self._sample_rate - SETTLED_SECONDS
        self._settle(self._tempi.fixed(old) if self._beats else old)
        try:
            self._replace(sync=False)
            self._fault = ""
        except OSError as error:
            self._changed, self._fault = True, reason_of(error)
            _log.warning("the MIDI file %r does not grow: %s", str(self._path), self._fault)
        now = time.monotonic()
        self._due = now + max(GROW_SECONDS, 10 * (now - began))  # many notes a second: not for ever

    def close(self) -> None:
        """Write the file, also when there is no note. Raises UserError if the disk does not take it."""
        if self._closed:
            return
        self._closed, self._fault = True, ""
        try:
            self._replace(sync=True)
        except OSError as error:
            raise UserError(f"cannot write {str(self._path)!r}: {reason_of(error)}") from None

    def _replace(self, sync: bool) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._path.parent.mkdir(parents=True, exist_ok=True)  # it was there, and may have been deleted since
        try:
            with temporary.open("wb") as file:
                file.write(self._render())
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            temporary.replace(self._path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise

    def _render(self) -> bytes:
        """Give the whole file; what has no end yet ends at the newest event."""
        track = deepcopy(self._track)
        newest = self._tempi.tick(self._newest / self._sample_rate)
        notes, _ = self._notes(inf)
        closed = [replace(one, end=max(one.begin + 1, newest)) if one.end == _OPEN else one for one in notes]
        track.add(self._timed(closed, _OPEN))
        return track.file()

    def _settle(self, seconds: float) -> None:
        """Put what lies before a moment into the track for good."""
        tick = self._tempi.tick(max(0.0, seconds))
        if seconds <= 0 or tick <= self._tick:
            return
        notes, self._sounding = self._notes(seconds)
        limit = seconds * self._sample_rate
        self._gated = [event for event in self._gated if event.sample >= limit]
        for kind, events in self._sustained.items():
            self._sustained[kind] = [event for event in events if event.sample >= limit]
        self._track.add(self._timed(notes, tick))
        # One that has ended still matters where it cut short another on its key that has not.
        lasting = {(one.channel, one.note) for one in notes if one.end >= tick}
        self._carried = [one for one in notes if (one.channel, one.note) in lasting and one.end < _OPEN]
        self._tick = tick
        self._tempi.forget(min([seconds, *(one.end_seconds for one in self._carried)]))

    def _timed(self, notes: list[_Note], before: int) -> list[tuple[int, int, bytes]]:
        """Give the messages from the settled tick up to one before `before`, as (tick, order, message), in order."""
        timed = [(tick, 0, b"\xff\x51\x03" + tempo.to_bytes(3, "big")) for tick, tempo in self._tempi.changes]
        timed += [(tick, 0, bytes((0xFF, 0x58, 4, beats, 2, 24, 8))) for tick, beats in self._tempi.meters]  # quarters
        for one in _without_overlaps(notes):
            channel = one.channel - 1
            timed.append((one.begin, 2, bytes((0x90 | channel, one.note, one.velocity))))
            timed.append((one.end, 1, bytes((0x80 | channel, one.note, 0))))
        return sorted(message for message in timed if self._tick <= message[0] < before)

    def _notes(self, seconds: float) -> tuple[list[_Note], dict[str, dict[int, tuple[int, int]]]]:
        """Give the notes of what is not settled and lies before a moment, and the sustained ones that sound then.

        A note lasts one gate, a sustained one until an event of its kind comes without it.
        """
        limit, tick_of = seconds * self._sample_rate, self._tempi.tick
        notes = [replace(one, end=max(one.begin + 1, tick_of(one.end_seconds))) for one in self._carried]
        sounding = {}
        for event in self._gated:
            if event.sample < limit:
                at = event.sample / self._sample_rate
                begin, end_seconds = max(self._tick, tick_of(at)), at + self._gate
                end = max(begin + 1, tick_of(end_seconds))
                notes.append(_Note(event.channel, event.note, begin, event.velocity, end, end_seconds))
        for kind, events in self._sustained.items():
            channel, begun = self._channels.get(kind, self._channel), dict(self._sounding.get(kind, {}))
            for change in sorted((one for one in events if one.sample < limit), key=lambda one: one.sample):
                at, wanted = change.sample / self._sample_rate, set(change.notes or ())
                tick = max(self._tick, tick_of(at))
                for note in begun.keys() - wanted:
                    begin, velocity = begun.pop(note)
                    if begin < tick:
                        notes.append(_Note(channel, note, begin, velocity, tick, at))
                for note in wanted - begun.keys():
                    begun[note] = (tick, change.velocity or 0)
            notes += [_Note(channel, note, *rest, _OPEN, inf) for note, rest in begun.items()]
            sounding[kind] = begun
        return notes, sounding


class _Track:
    """The bytes of a track as far as it is written."""

    def __init__(self) -> None:
        """Begin with its name."""
        self._data, self._tick, self._status = bytearray(b"\x00\xff\x03\x0asamplechop"), 0, 0

    def add(self, timed: list[tuple[int, int, bytes]]) -> None:
        """Append messages (tick, anything, message), rising in tick."""
        for tick, _, message in timed:
            while tick - self._tick > MOST_TICKS:  # hours of nothing: an empty text between
                self._data += _variable(MOST_TICKS) + b"\xff\x01\x00"
                self._tick, self._status = self._tick + MOST_TICKS, 0xFF
            self._data += _variable(tick - self._tick)
            running = message[0] == self._status < 0xF0  # the byte of the message before counts for this one, too
            self._data += message[1:] if running else message
            self._tick, self._status = tick, message[0]

    def file(self) -> bytes:
        """Give a file of this track alone, with its end."""
        data = bytes(self._data) + b"\x00\xff\x2f\x00"
        return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, TICKS_PER_BEAT, b"MTrk", len(data)) + data


def _variable(number: int) -> bytes:
    """Write a number as MIDI files do, seven bits a byte, all but the last with the highest bit set."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(0x80 | number & 0x7F)
    return bytes(reversed(out))


def _without_overlaps(notes: list[_Note]) -> Iterator[_Note]:
    """End each note where it is struck again; of several at one tick the strongest stays."""
    last: _Note | None = None
    for one in sorted(notes):
        if last is not None and (last.channel, last.note) == (one.channel, one.note):
            if last.begin < one.begin:
                yield replace(last, end=min(last.end, one.begin))
        elif last is not None:
            yield last
        last = one
    if last is not None:
        yield last
