"""The thread that lets each note leave at its own moment: at `position + latency` on the sample clock.

                 emit                       due
    ──┬───────────┬──────────────────────────┬────────────┬──→ input samples
    sample      send()                sample + latency   + gate
                  └── waits ─────────────────┘            └ note-off

Events that bring several notes, such as chords, have no gate: their notes sound until the next event of their kind.

The thread sleeps until shortly before a message is due and then spins, as sleeping alone is late by the operating
system's grain. Everything due is kept in samples and turned into time anew at each look, so that a clock that is
refined or drifts while a note waits is followed.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from samplechop.realtime.audio.clock import Clock
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.clock_generator import STOP, MidiClock
from samplechop.realtime.midi.messages import all_notes_off
from samplechop.realtime.midi.ports import MidiPort
from samplechop.realtime.midi.reconnecting_port import KeptPort
from samplechop.realtime.midi.voices import Hold, Release, Sounding, Strike, Turn, Waiting, turn_of

SPIN_SECONDS = 0.0015
PULSE_SPIN_SECONDS = 0.0003  # pulses are many, and who follows them evens them out
STEP_SECONDS = 0.001
NEAR_SECONDS = 0.02  # a lock's timeout may be late by 16 ms on Windows, a sleep is not
LOOK_SECONDS = 0.25
LATE_SECONDS = 0.001
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
    max_lateness_ms: float = 0.0
    pulses: int = 0


class MidiSender:
    """Sends events as notes, each at `clock.time_of(event.sample + event.latency)`, with a note-off gate_seconds later.

    port: where to; the sender closes it at the end. latency: of the session, in samples at sample_rate Hz, for the MIDI
        clock and for events that bring none of their own. channel: 1..16.
    reopen: opens the port again after it vanished, see KeptPort. Notes due meanwhile are dropped; the clock stops.
    beat_clock: the MIDI clock to send, if any; `beat()` steers it, and its pulses are as late as the notes.
    channels: the channel of a kind of event, where it is not `channel`.
    lead_seconds: how much earlier than due to send, for a system known to deliver later (rtmidi's JACK ports deliver at
        the start of the next period: half a period on average).
    """

    def __init__(
        self,
        port: MidiPort,
        clock: Clock,
        latency: int,
        sample_rate: int,
        channel: int,
        gate_seconds: float = 0.1,
        reopen: Callable[[], MidiPort] | None = None,
        lead_seconds: float = 0.0,
        beat_clock: MidiClock | None = None,
        channels: Mapping[str, int] = {},
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
        self._port = KeptPort(port, reopen, self._panic)
        self._clock = clock
        self._latency = latency
        self._sample_rate = sample_rate
        self._channel, self._channels = channel, dict(channels)
        self._beat_clock = beat_clock
        self._gate = max(1, round(gate_seconds * sample_rate))
        self._lead = lead_seconds
        self._waiting, self._sounding = Waiting(), Sounding(self._port)
        self._longest = latency  # that any event has had
        self._held: dict[str, tuple[int, Hold]] = {}  # the last of each kind, with its due sample
        self._changed = threading.Condition()
        self._end: float | None = None
        self._thread = threading.Thread(target=self._run, name="midi sender", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether there is a port now."""
        return self._port.connected

    def start(self) -> None:
        """[main] Start sending."""
        self._thread.start()
        self._port.start()

    def send(self, event: Event) -> None:
        """[any thread] Queue an event, which must have a velocity and a note, or notes to hold to the next of its kind.

        What comes after `stop()` is dropped.
        """
        turn = turn_of(event, self._channels.get(event.kind, self._channel))
        latency = self._latency if event.latency is None else event.latency
        due = event.sample + latency
        with self._changed:
            if self._end is not None:
                self.counters.dropped += len(turn.notes)
                return
            self._longest = max(self._longest, latency)
            if isinstance(turn, Hold):
                self._held[turn.kind] = due, turn
            self._waiting.push(due, turn)
            self._changed.notify()

    def rest(self) -> None:
        """[any thread] Hold nothing any more, as when the input has gone: no event will come that ends the notes."""
        with self._changed:
            for kind, (due, hold) in self._held.items():
                if hold.notes:
                    self._held[kind] = due, replace(hold, notes=())
                    self._waiting.push(*self._held[kind])
            self._changed.notify()

    def beat(self, event: Event) -> None:
        """[analysis] Let a beat steer the MIDI clock, if there is one; a beat that knows no tempo does not."""
        if self._beat_clock is not None and event.tempo:
            with self._changed:
                self._beat_clock.hear(event)
                self._changed.notify()

    def stop(self, drain: bool = True) -> None:
        """[main] End what sounds and close the port; twice is harmless.

        drain: first send what becomes due within the longest latency and one gate from now. The rest is dropped.
        """
        with self._changed:
            if self._end is None:
                patience = (self._longest + self._gate) / self._sample_rate if drain else 0.0
                self._end = time.perf_counter() + patience
                self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._port.close()

    def _run(self) -> None:
        while self._wait_for_next():
            # This happens without the lock; an earlier message may come meanwhile, and then it is the one taken.
            while (remaining := self._due() - time.perf_counter()) > 0:
                spin = PULSE_SPIN_SECONDS if self._pulse_is_next() else SPIN_SECONDS
                if remaining > spin:
                    time.sleep(min(remaining - spin, STEP_SECONDS))
            if self._pulse_is_next():
                self._send_pulse()
                continue
            with self._changed:
                position, turn = self._waiting.pop()
            self._take(position, turn)
        with self._changed:
            self.counters.dropped += self._waiting.clear()
        self._sounding.end()
        if self._beat_clock is not None and self._beat_clock.next is not None:
            self._port.send(STOP)
        for message in self._panic:
            self._port.send(message)

    def _next(self) -> int | None:
        """Give the position at which the earliest message is due; None while nothing waits."""
        note = self._waiting.due
        pulse = None if self._beat_clock is None else self._beat_clock.next
        if pulse is None:
            return note
        return pulse[0] + self._latency if note is None else min(note, pulse[0] + self._latency)

    def _due(self) -> float:
        position = self._next()
        return math.inf if position is None else self._clock.time_of(position) - self._lead

    def _pulse_is_next(self) -> bool:
        pulse = None if self._beat_clock is None else self._beat_clock.next
        return pulse is not None and pulse[0] + self._latency == self._next()

    def _send_pulse(self) -> None:
        assert self._beat_clock is not None and self._beat_clock.next is not None
        lateness = time.perf_counter() - self._due()
        sent = self._port.send(self._beat_clock.next[1])
        self.counters.pulses += sent
        with self._changed:
            self._beat_clock.advance()
            if not sent or lateness > HOPELESS_SECONDS:
                self._beat_clock.lose()

    def _wait_for_next(self) -> bool:
        """Wait until the earliest message is nearly due; False once none is due before the end."""
        with self._changed:
            while True:
                due = self._due()
                if self._end is not None and due > self._end:
                    return False
                if due == math.inf:
                    self._changed.wait()
                    continue
                remaining = due - time.perf_counter()
                if remaining <= NEAR_SECONDS:
                    return True
                self._changed.wait(min(remaining - NEAR_SECONDS, LOOK_SECONDS))

    def _take(self, position: int, turn: Turn) -> None:
        if isinstance(turn, Release):
            self._sounding.release(turn.strike)
            return
        if isinstance(turn, Hold):
            sent, missing = self._sounding.hold(turn)
        else:
            sent = int(self._sounding.strike(turn))
            missing = 1 - sent
        self.counters.dropped += missing
        if not sent:
            return
        lateness = time.perf_counter() - (self._clock.time_of(position) - self._lead)
        self.counters.sent += sent
        self.counters.late += sent * (lateness > LATE_SECONDS)
        self.counters.max_lateness_ms = max(self.counters.max_lateness_ms, 1000 * lateness)
        if isinstance(turn, Strike):
            with self._changed:
                self._waiting.push(position + self._gate, Release(turn))
