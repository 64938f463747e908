"""The sender thread, with a port that writes down and a clock that the test holds."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from samplechop.realtime.audio.callback import exchange
from samplechop.realtime.audio.ring import Ring
from samplechop.realtime.audio.source import StreamClock
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi import sounding_notes
from samplechop.realtime.midi.clock_generator import CLOCK, START, STOP, MidiClock
from samplechop.realtime.midi.messages import all_notes_off, note_off, note_on
from samplechop.realtime.midi.sender import MidiSender
from tests.support.simulated_time import SampleClock, SimulatedTimer
from tests.support.waiting import PATIENCE, wait_until

RATE = 1000
PANIC = all_notes_off(1)
CHOP = Event("chop", 0, 0, 1.0, note=36, velocity=100)


class RecordingPort:
    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.arrived = threading.Condition()
        self.broken = False
        self.present = True
        self.closed = 0

    def send(self, message: bytes) -> None:
        if self.broken:
            raise OSError("gone")
        with self.arrived:
            self.messages.append(message)
            self.arrived.notify_all()

    def is_there(self) -> bool:
        return self.present

    def close(self) -> None:
        self.closed += 1

    def wait_for(self, message: bytes) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: message in self.messages, PATIENCE)


class HeldClock:
    """Sample 0 was at `zero`, the moment of its making."""

    def __init__(self) -> None:
        self.zero = time.perf_counter()

    def time_of(self, position: int) -> float:
        return self.zero + position / RATE


@pytest.fixture
def port() -> RecordingPort:
    return RecordingPort()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


def sender_of(port: RecordingPort, clock: HeldClock, **options) -> MidiSender:
    return MidiSender(port, clock, **({"latency": 0, "sample_rate": RATE, "channel": 1} | options))


def chop(sample: int, note: int = 36, velocity: int = 100) -> Event:
    return replace(CHOP, sample=sample, note=note, velocity=velocity)


def test_notes_leave_in_the_order_of_their_positions(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, gate_seconds=1.0)
    for sample in (30, 10, 40, 20):
        sender.send(chop(sample, note=sample))
    sender.start()
    sender.stop()
    ons = [message[1] for message in port.messages if message[0] == 0x90]
    assert ons == [10, 20, 30, 40]


def test_every_note_on_has_its_note_off_and_all_notes_off_comes_last(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, latency=100, gate_seconds=0.005, channel=10)
    for sample in range(-60, 0, 3):
        sender.send(chop(sample, note=40 + sample % 7))
    sender.start()
    sender.stop()
    assert sender.counters.sent == 20
    sounding: set[int] = set()
    for status, note, _ in port.messages[:-1]:
        if status == 0x99:
            assert note not in sounding
            sounding.add(note)
        else:
            assert status == 0x89
            sounding.remove(note)
    assert not sounding
    assert port.messages[-1] == all_notes_off(10)


def test_striking_a_sounding_note_ends_it_first(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, gate_seconds=0.03)
    sender.send(chop(0, velocity=50))
    sender.send(chop(10, velocity=60))
    sender.start()
    sender.stop()
    on, off = note_on(1, 36, 50), note_off(1, 36)
    assert port.messages == [on, off, note_on(1, 36, 60), off, PANIC]


def test_an_earlier_note_does_not_wait_for_a_later_one(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock)
    sender.start()
    sender.send(chop(3600 * RATE, note=40))
    sender.send(chop(20, note=41))
    assert port.wait_for(note_on(1, 41, 100))
    sender.stop(drain=False)
    assert sender.counters.dropped == 1


def test_a_clock_that_is_corrected_while_a_note_waits_is_followed(port: RecordingPort, clock: HeldClock) -> None:
    clock.zero += 3600
    sender = sender_of(port, clock)
    sender.start()
    sender.send(chop(0))
    clock.zero -= 3600
    assert port.wait_for(note_on(1, 36, 100))
    sender.stop(drain=False)


def test_a_note_that_comes_too_late_is_sent_and_counted(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock)
    sender.start()
    sender.send(chop(-50))
    assert port.wait_for(note_on(1, 36, 100))
    sender.stop()
    assert (sender.counters.sent, sender.counters.late) == (1, 1)


def test_stopping_without_draining_drops_what_waits_and_ends_what_sounds(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, gate_seconds=60.0)
    sender.start()
    sender.send(chop(0))
    sender.send(chop(3600 * RATE, note=40))
    assert port.wait_for(note_on(1, 36, 100))
    sender.stop(drain=False)
    assert port.messages == [note_on(1, 36, 100), note_off(1, 36), PANIC]
    assert (sender.counters.sent, sender.counters.dropped) == (1, 1)


def test_draining_waits_no_longer_than_latency_and_gate(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, latency=10)
    sender.start()
    sender.send(chop(3600 * RATE))
    sender.stop(drain=True)
    assert (port.messages, sender.counters.dropped) == ([PANIC], 1)


def test_a_long_gate_delays_no_end(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, gate_seconds=60.0)
    sender.start()
    sender.send(chop(0))
    assert port.wait_for(note_on(1, 36, 100))
    began = time.monotonic()
    sender.stop()
    assert time.monotonic() - began < 30
    assert port.messages == [note_on(1, 36, 100), note_off(1, 36), PANIC]


def test_stopping_twice_or_without_a_start_is_harmless(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock)
    sender.stop()
    sender.stop()
    assert port.closed == 1


def test_what_comes_after_the_end_is_dropped(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock)
    sender.start()
    sender.stop()
    sender.send(CHOP)
    assert (port.messages, sender.counters.dropped) == ([PANIC], 1)


@pytest.mark.parametrize("way", ["raises", "is no longer listed"])
def test_a_vanished_port_is_opened_again_and_notes_meanwhile_are_dropped(
    port: RecordingPort,
    clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(sounding_notes, "RETRY_SECONDS", 0.01)
    back, fresh, tries = threading.Event(), RecordingPort(), []

    def reopen() -> RecordingPort:
        tries.append(1)
        if not back.is_set():
            raise UserError("no MIDI port")
        return fresh

    sender = sender_of(port, clock, reopen=reopen)
    port.broken, port.present = way == "raises", way == "raises"
    sender.start()
    if way == "raises":
        sender.send(CHOP)
    wait_until(lambda: len(tries) >= 2)
    lost = sender.counters.dropped
    sender.send(CHOP)
    wait_until(lambda: sender.counters.dropped == lost + 1)
    back.set()
    wait_until(lambda: sender.connected)
    sender.send(chop(0, note=50))
    assert fresh.wait_for(note_on(1, 50, 100))
    sender.stop()
    assert fresh.messages == [PANIC, note_on(1, 50, 100), note_off(1, 50), PANIC]
    assert (port.closed, fresh.closed) == (1, 1)
    assert caplog.messages == ["MIDI port lost: notes are dropped until it is back", "MIDI port opened again"]


def test_a_port_that_vanishes_while_it_is_opened_again_is_closed(
    port: RecordingPort, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounding_notes, "RETRY_SECONDS", 0.01)
    opened: list[RecordingPort] = []

    def reopen() -> RecordingPort:
        opened.append(RecordingPort())
        opened[-1].broken = len(opened) < 3
        return opened[-1]

    sender = sender_of(port, clock, reopen=reopen)
    port.present = False
    sender.start()
    wait_until(lambda: sender.connected and len(opened) == 3)
    sender.stop()
    assert [one.closed for one in (port, *opened)] == [1, 1, 1, 1]


def test_an_event_without_a_note_is_refused(port: RecordingPort, clock: HeldClock) -> None:
    with pytest.raises(ValueError, match="needs a note and a velocity"):
        sender_of(port, clock).send(Event("chop", 0, 0, 1.0))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("latency", -1, "latency must be at least 0"),
        ("sample_rate", 0, "sample_rate must be at least 1"),
        ("channel", 17, r"channel must be in range 1\.\.16, got 17"),
        ("gate_seconds", 0.0, "gate_seconds must be"),
    ],
)
def test_settings_out_of_range_are_refused(port, clock, option, value, message) -> None:
    with pytest.raises(ValueError, match=message):
        sender_of(port, clock, **{option: value})


@pytest.mark.parametrize("block_size", [64, 128, 256, 512, 1024])
def test_when_a_note_leaves_does_not_depend_on_the_block_size(port: RecordingPort, block_size: int) -> None:
    rate, began, sample, latency = 44_100, 5.0, 70_000, 10_000
    ring, clock = Ring(1, 1 << 17), StreamClock(rate)
    block = np.zeros(block_size, np.float32)
    for k in range(sample // block_size):  # PortAudio's time runs 3 s ahead of the machine's
        taken, now = began + k * block_size / rate, began + (k + 1) * block_size / rate
        times = np.array([taken + 3, now + 3, 0.0])
        exchange(ring.control, ring.clock, ring.samples, block, block[:0], block_size, times, now, 0)
        stamp = ring.stamp()
        assert stamp is not None
        (clock.update if k else clock.reset)(stamp.position, stamp.time)
    timer, left = SimulatedTimer(), []
    port.send = lambda message: (left.append(timer.now()), RecordingPort.send(port, message))
    sender = MidiSender(port, clock, latency, rate, 1, timer=timer)
    sender.send(chop(sample))
    sender.start()
    timer.advance(10.0)
    assert left[0] == pytest.approx(began + (sample + latency) / rate, abs=1e-6)
    sender.stop(drain=False)


def beat(sample: int, label: str) -> Event:
    return Event("beat", sample, sample, 0.9, label, tempo=60_000 / 120)


def test_the_clock_starts_pulses_as_late_as_the_notes_and_stops_at_the_end(port: RecordingPort) -> None:
    timer = SimulatedTimer()
    left: list[float] = []
    port.send = lambda message: (left.append(timer.now() * RATE), RecordingPort.send(port, message))
    sender = MidiSender(port, SampleClock(RATE), 60, RATE, 1, beat_clock=MidiClock(RATE), timer=timer)
    for k in range(9):
        sender.beat(beat(120 * k, str(k % 4 + 1)))
    sender.start()
    timer.advance(1.0)
    timer.run_on()
    sender.stop()
    assert port.messages[:2] == [START, CLOCK]
    assert port.messages[-2:] == [STOP, PANIC]
    assert set(port.messages[1:-2]) == {CLOCK}
    assert sender.counters.pulses == len(port.messages) - 2
    first = round(left[1] - 60) // 120  # of the beats that pulses began with
    expected = [120 * first + 60 + 5 * k for k in range(len(left) - 3)]
    assert left[1:-2] == pytest.approx(expected, abs=1.0)


def test_pulses_overdue_beyond_hope_are_not_caught_up_with(port: RecordingPort, clock: HeldClock) -> None:
    clock.zero -= 10
    sender = sender_of(port, clock, beat_clock=MidiClock(RATE))
    for k in range(9):
        sender.beat(beat(120 * k, str(k % 4 + 1)))
    sender.start()
    assert port.wait_for(STOP)
    sender.stop()
    assert port.messages == [START, STOP, PANIC]


def test_a_kind_of_event_has_its_own_channel_and_both_are_ended(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, channel=2, channels={"beat": 10})
    sender.send(chop(0))
    sender.send(Event("beat", 1, 1, 0.5, "1", note=36, velocity=50))
    sender.start()
    sender.stop()
    assert set(port.messages[:4]) == {note_on(2, 36, 100), note_off(2, 36), note_on(10, 36, 50), note_off(10, 36)}
    assert port.messages[4:] == [all_notes_off(2), all_notes_off(10)]


def test_beats_that_know_no_tempo_do_not_steer_the_clock(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock, beat_clock=MidiClock(RATE))
    sender.start()
    for k in range(9):
        sender.beat(replace(beat(120 * k - 480, str(k % 4 + 1)), tempo=None))
    sender.stop()
    assert port.messages == [PANIC]


def test_beats_without_a_clock_send_nothing(port: RecordingPort, clock: HeldClock) -> None:
    sender = sender_of(port, clock)
    sender.start()
    for k in range(9):
        sender.beat(beat(120 * k - 480, str(k % 4 + 1)))
    sender.stop()
    assert port.messages == [PANIC]


def chord(sample: int, *notes: int, latency: int = 0) -> Event:
    return Event("chord", sample, sample, 1.0, "C:maj", velocity=80, notes=notes, latency=latency)


def harmony_of(port: RecordingPort, clock: HeldClock, **options) -> MidiSender:
    return sender_of(port, clock, **({"channels": {"chord": 2, "drum": 10}} | options))


PANICS = [all_notes_off(channel) for channel in (1, 2, 10)]


def test_a_chord_is_held_until_the_next_and_what_both_have_sounds_on(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock, gate_seconds=0.001)
    for event in (chord(-30, 48, 60, 64), chord(-20, 48, 60, 65), chord(-10, 48, 60, 65), chord(0)):
        sender.send(event)
    sender.start()
    assert port.wait_for(note_off(2, 65))
    sender.stop()
    struck = [note_on(2, note, 80) for note in (48, 60, 64)]
    assert port.messages[:5] == [*struck, note_off(2, 64), note_on(2, 65, 80)]
    assert sorted(port.messages[5:8]) == [note_off(2, note) for note in (48, 60, 65)]
    assert port.messages[8:] == PANICS
    assert (sender.counters.sent, sender.counters.dropped) == (4, 0)


def test_two_kinds_hold_their_notes_apart(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock, channels={"chord": 2, "pitches": 3})
    sender.send(chord(-3, 60))
    sender.send(replace(chord(-2, 60, 64), kind="pitches"))
    sender.send(chord(-1))
    sender.start()
    assert port.wait_for(note_off(2, 60))
    assert note_off(3, 60) not in port.messages
    sender.stop()
    assert note_off(3, 60) in port.messages


def test_stopping_ends_what_is_held(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock)
    sender.start()
    sender.send(chord(0, 48, 60))
    assert port.wait_for(note_on(2, 60, 80))
    sender.send(chord(3600 * RATE, 50, 62))
    sender.stop(drain=False)
    assert port.messages[2:] == [note_off(2, 48), note_off(2, 60), *PANICS]
    assert (sender.counters.sent, sender.counters.dropped) == (2, 2)


def test_stopping_waits_for_the_longest_latency(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock, gate_seconds=0.001)
    sender.start()
    sender.send(chord(0, 60, latency=80))
    sender.stop()
    assert port.messages[:2] == [note_on(2, 60, 80), note_off(2, 60)]


def test_notes_without_a_velocity_are_not_played(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock)
    sender.start()
    for event in (replace(chord(0, 48), velocity=None), Event("key", 0, 0, 1.0, "C:maj"), chord(1, 60), chord(2)):
        sender.write(event)
    sender.close()
    assert port.messages == [note_on(2, 60, 80), note_off(2, 60), *PANICS]


def test_a_note_that_two_hold_ends_with_the_last_who_struck_it(port: RecordingPort, clock: HeldClock) -> None:
    sender = harmony_of(port, clock, channels={}, gate_seconds=0.001)
    sender.send(chord(-30, 36))
    sender.send(chop(-20))
    sender.send(chord(-10, 36))
    sender.send(chord(0))
    sender.start()
    sender.stop()
    on, off = note_on(1, 36, 80), note_off(1, 36)
    assert port.messages == [on, off, note_on(1, 36, 100), off, on, off, PANIC]


def test_a_chord_that_hung_on_a_vanished_port_is_struck_anew_with_the_next_one(
    port: RecordingPort, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounding_notes, "RETRY_SECONDS", 0.01)
    fresh = RecordingPort()
    sender = harmony_of(port, clock, reopen=lambda: fresh)
    sender.start()
    sender.send(chord(0, 48, 60))
    assert port.wait_for(note_on(2, 60, 80))
    port.present = False
    wait_until(lambda: fresh.messages == PANICS and sender.connected)
    sender.send(chord(1, 48, 62))
    assert fresh.wait_for(note_on(2, 62, 80))
    sender.stop()
    ons = [message[1] for message in fresh.messages if message[0] == 0x91]
    offs = [message[1] for message in fresh.messages if message[0] == 0x81]
    assert ons == [48, 62] and set(ons) <= set(offs)
    assert fresh.messages[-3:] == PANICS


def test_a_chord_without_a_velocity_is_refused(port: RecordingPort, clock: HeldClock) -> None:
    with pytest.raises(ValueError, match="needs a note and a velocity"):
        sender_of(port, clock).send(replace(chord(0, 60), velocity=None))
