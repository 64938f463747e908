"""A Standard MIDI File of what was found: its times are the true positions, not those of the late notes."""

import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.midi.messages import GATE_SECONDS
from samplechop.realtime.outputs.sinks import check_target

TICKS_PER_BEAT = 1920
TEMPO = 500_000
"""Microseconds per beat where no beat is known: 120 beats per minute. With 1920 ticks a beat is 0.13 ms off at most."""
BAR = 4
_SLOWEST, _FASTEST = 4_000_000, 100_000  # microseconds per beat: a DAW may refuse 15 or 600 beats a minute


class TempoMap:
    """Straight lines from beat to beat, each of which lies on a whole beat of the file, a downbeat on a whole bar of 4.

    Before the first beat the tempo is such that it falls on its place in the bar; after the last it stays. Without
    beats it is 120 BPM throughout.

    changes: (tick, microseconds per beat), rising, the first at tick 0.
    """

    def __init__(self, beats: Sequence[Event], sample_rate: int) -> None:
        """Draw the lines. beats: rising in `sample`, at sample_rate Hz; those without a tempo are left out."""
        self._seconds, self._ticks, self.changes = [0.0], [0], [(0, TEMPO)]
        for beat in beats:
            if beat.tempo:
                label = beat.label or ""
                self._add(beat.sample / sample_rate, 60 / beat.tempo, int(label) if label.isdecimal() else 1)

    def _add(self, seconds: float, period: float, position: int) -> None:
        gap = seconds - self._seconds[-1]
        beats = gap / period
        if len(self._seconds) == 1:  # whole bars, and what the bar has before this beat
            whole = (position - 1) % BAR
            whole += BAR * max(0, round((beats - whole) / BAR))
        else:
            whole = max(1, round(beats))
        if not whole or not _FASTEST <= gap * 1e6 / whole <= _SLOWEST:
            return
        self.changes[-1] = (self._ticks[-1], round(gap * 1e6 / whole))
        self._seconds.append(seconds)
        self._ticks.append(self._ticks[-1] + whole * TICKS_PER_BEAT)
        self.changes.append((self._ticks[-1], round(period * 1e6)))

    def tick(self, seconds: float) -> int:
        """Give the tick of a time in seconds, at least 0."""
        line = bisect_right(self._seconds, seconds) - 1
        return self._ticks[line] + round((seconds - self._seconds[line]) * TICKS_PER_BEAT * 1e6 / self.changes[line][1])


@dataclass(frozen=True, slots=True, order=True)
class _Note:
    """A note at its place in the file, times in ticks."""

    channel: int
    note: int
    begin: int
    velocity: int
    end: int


class MidiFileSink:
    """Collects notes and writes them at close as a Standard MIDI File, type 0.

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
        gate_seconds: float = GATE_SECONDS,
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
        self._gated: list[Event] = []
        self._sustained: defaultdict[str, list[Event]] = defaultdict(list)
        self._beats: list[Event] = []
        self._closed = False

    def write(self, event: Event) -> None:
        """Take a beat, an event that has a note, or one with a velocity and the notes that sound until the next one."""
        if event.kind == BEAT:
            self._beats.append(event)
        if event.notes is not None:
            if event.velocity is not None:
                self._sustained[event.kind].append(event)
        elif event.note is not None:
            if event.velocity is None:
                raise ValueError(f"an event with a note needs a velocity, got note {event.note}")
            self._gated.append(event)

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
        messages = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempi.changes]
        # (tick, note-offs before note-ons, channel, note, velocity)
        timed: list[tuple[int, bool, int, int, int]] = []
        for one in _without_overlaps([*self._gated_notes(tempi), *self._sustained_notes(tempi)]):
            timed.append((one.begin, True, one.channel, one.note, one.velocity))
            timed.append((one.end, False, one.channel, one.note, 0))
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

    def _channel_of(self, kind: str) -> int:
        return self._channels.get(kind, self._channel)

    def _gated_notes(self, tempi: TempoMap) -> Iterator[_Note]:
        """Give the notes that last one gate."""
        for event in self._gated:
            assert event.note is not None and event.velocity is not None
            seconds = event.sample / self._sample_rate
            begin, end = tempi.tick(seconds), tempi.tick(seconds + self._gate)
            yield _Note(self._channel_of(event.kind), event.note, begin, event.velocity, max(begin + 1, end))

    def _sustained_notes(self, tempi: TempoMap) -> Iterator[_Note]:
        """Give the notes that last until an event of their kind comes without them, as at the end of the input."""
        for kind, events in self._sustained.items():
            begun: dict[int, tuple[int, int]] = {}  # note -> (tick, velocity)
            for event in sorted(events, key=lambda event: event.sample):
                tick, wanted = tempi.tick(event.sample / self._sample_rate), set(event.notes or ())
                for note in begun.keys() - wanted:
                    begin, velocity = begun.pop(note)
                    if begin < tick:
                        yield _Note(self._channel_of(kind), note, begin, velocity, tick)
                for note in wanted - begun.keys():
                    begun[note] = (tick, event.velocity or 0)


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
