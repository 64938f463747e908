"""Sends events to a MIDI port, each at its own moment: at `position + latency` on the sample clock.

                 emit                       due
    ──┬───────────┬──────────────────────────┬────────────┬──→ input samples
    sample      send()                sample + latency   + gate
                  └── waits ─────────────────┘            └ note-off

Events that bring several notes, such as chords, have no gate: their notes sound until the next event of their kind,
which the engine emits also where their detector can not.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from samplechop.realtime.audio.source import Clock
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.midi.clock_generator import STOP, MidiClock
from samplechop.realtime.midi.messages import GATE_SECONDS, all_notes_off
from samplechop.realtime.midi.ports import MidiPort
from samplechop.realtime.midi.sounding_notes import Notes, ReconnectingPort, SoundingNotes, notes_of
from samplechop.realtime.outputs.scheduler import Scheduler, Timer

PULSE_SPIN_SECONDS = 0.0003  # pulses are many, and who follows them evens them out
LATE_SECONDS = 0.001
LONG_GATE_SECONDS = 1.0
"""An end waits no longer for a note to end by itself: it gets what notes last by default."""
HOPELESS_SECONDS = 0.5
"""A pulse so late, as after a machine's sleep, is not caught up with: the clock stops."""


@dataclass(slots=True)
class Counters:
    """What became of the notes: sent, of these late by more than a millisecond, and dropped for want of a port.

    pulses: of the MIDI clock, sent.
    """

    sent: int = 0
    late: int = 0
    dropped: int = 0
    pulses: int = 0


class MidiSender:
    """A sink that sends events as notes, each at `clock.time_of(event.sample + event.latency)`.

    Notes of events with one note end gate_seconds later.

    port: where to; the sender closes it at the end. latency: of the session, in samples at sample_rate Hz, for the MIDI
        clock and for events that bring none of their own. channel: 1..16.
    reopen: opens the port again after it vanished. Notes due meanwhile are dropped; the clock stops.
    beat_clock: the MIDI clock to send, if any; `beat()` steers it, and its pulses are as late as the notes.
    channels: the channel of a kind of event, where it is not `channel`.
    timer: the time that `clock` speaks of; the machine's if None.
    """

    broken = False

    def __init__(
        self,
        port: MidiPort,
        clock: Clock,
        latency: int,
        sample_rate: int,
        channel: int,
        gate_seconds: float = GATE_SECONDS,
        reopen: Callable[[], MidiPort] | None = None,
        beat_clock: MidiClock | None = None,
        channels: Mapping[str, int] = {},
        timer: Timer | None = None,
    ) -> None:
        """Get ready; nothing is sent before `start()`."""
        if latency < 0:
            raise ValueError(f"latency must be at least 0 samples, got {latency}")
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        if not 0 < gate_seconds <= 60:
            raise ValueError(f"gate_seconds must be in 0..60, more than 0, got {gate_seconds}")
        self.counters = Counters()
        self._panic = [all_notes_off(one) for one in sorted({channel, *channels.values()})]
        self._port = ReconnectingPort(port, reopen, self._panic)
        self._latency = latency
        self._sample_rate = sample_rate
        self._channel, self._channels = channel, dict(channels)
        self._beat_clock = beat_clock
        self._gate = max(1, round(gate_seconds * sample_rate))
        self._scheduler = Scheduler("midi sender", clock, timer or Timer())
        self._sounding = SoundingNotes(self._port)
        self._longest = latency  # that any event has had
        self._waiting = 0  # notes
        self._ended = False
        self._lock = threading.Lock()

    @property
    def connected(self) -> bool:
        """Whether there is a port now."""
        return self._port.connected

    def start(self) -> None:
        """[main] Start sending."""
        self._scheduler.start()
        self._port.start()

    def write(self, event: Event) -> None:
        """[any thread] Queue what an event plays, if anything, and let a beat steer the clock."""
        if event.kind == BEAT:
            self.beat(event)
        if event.note is not None or (event.notes is not None and event.velocity is not None):
            self.send(event)

    def send(self, event: Event) -> None:
        """[any thread] Queue an event, which must have a velocity and a note, or notes that last until the next one.

        What comes after `stop()` is dropped.
        """
        notes = notes_of(event, self._channels.get(event.kind, self._channel))
        latency = self._latency if event.latency is None else event.latency
        with self._lock:
            if self._ended:
                self.counters.dropped += len(notes.notes)
                return
            self._longest = max(self._longest, latency)
            self._waiting += len(notes.notes)
            self._scheduler.at(event.sample + latency, partial(self._play, notes))

    def beat(self, event: Event) -> None:
        """[analysis] Let a beat steer the MIDI clock, if there is one; a beat that knows no tempo does not."""
        clock = self._beat_clock
        if clock is None or not event.tempo:
            return
        with self._lock:
            stood = clock.next is None
            clock.follow(event)
            if stood:
                self._queue_pulse(clock)

    def stop(self, drain: bool = True) -> None:
        """[main] End what sounds and close the port; twice is harmless.

        drain: first send what becomes due within the longest latency and one gate, unless it is long, from now. The
            rest is dropped.
        """
        with self._lock:
            first, self._ended = not self._ended, True
        gate = self._gate / self._sample_rate
        if gate > LONG_GATE_SECONDS:
            gate = GATE_SECONDS
        self._scheduler.stop(self._longest / self._sample_rate + gate if drain else 0.0)
        if first and self._scheduler.started:
            self._sounding.end()
            if self._beat_clock is not None and self._beat_clock.next is not None:
                self._port.send(STOP)
            for message in self._panic:
                self._port.send(message)
        if first:
            self.counters.dropped += self._waiting
        self._port.close()

    def close(self) -> None:
        """[main] Let what is queued sound, then end all notes and close the port."""
        self.stop()

    def _queue_pulse(self, clock: MidiClock) -> None:
        if clock.next is not None:
            position = clock.next[0] + self._latency
            self._scheduler.at(position, self._send_pulse, spin_seconds=PULSE_SPIN_SECONDS)

    def _send_pulse(self, position: int) -> None:
        assert self._beat_clock is not None and self._beat_clock.next is not None
        lateness = self._scheduler.lateness(position)
        sent = self._port.send(self._beat_clock.next[1])
        self.counters.pulses += sent
        with self._lock:
            self._beat_clock.advance()
            if not sent or lateness > HOPELESS_SECONDS:
                self._beat_clock.lose()
            self._queue_pulse(self._beat_clock)

    def _play(self, notes: Notes, position: int) -> None:
        sent, missing = self._sounding.play(notes)
        with self._lock:
            self._waiting -= len(notes.notes)
            self.counters.dropped += missing
        if not sent:
            return
        self.counters.sent += sent
        self.counters.late += sent * (self._scheduler.lateness(position) > LATE_SECONDS)
        if notes.kind is None:
            self._scheduler.at(position + self._gate, lambda _: self._sounding.release(notes), first=True)
