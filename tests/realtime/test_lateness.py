"""All leaves at `sample + latency`, to one sample: notes and their ends, MIDI clock, OSC; in simulated time."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from samplechop.realtime.audio.source import Chunk, Counters
from samplechop.realtime.core.events import NO_CHORD, Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.clock_generator import CLOCK, PULSES, START, STEADY_BEATS, MidiClock
from samplechop.realtime.midi.messages import NOTE_OFF, NOTE_ON
from samplechop.realtime.midi.sender import MidiSender
from samplechop.realtime.outputs.osc import OscSender, message_of
from samplechop.realtime.session import Session
from samplechop.realtime.settings import LiveSettings
from tests.integration.test_live import Kept
from tests.support.simulated_time import SampleClock, SimulatedTimer

BLOCK = 1000
BLOCKS = 60
GATE_SECONDS = 0.03
BEAT_PERIOD = 5000
CHANNELS = {"beat": 3, "drum": 4, "chord": 5, "pitches": 5, "clap": 6}


class Regular:
    """Emits an event of each kind every so many samples, as late as it may."""

    def __init__(self, period: int, latency: int, *kinds: str) -> None:
        self.period, self.lookahead, self.kinds = period, latency, kinds

    def prepare(self, spec):
        self.latency = self.lookahead + spec.max_block_size
        self.tempo = 60 * spec.sample_rate / self.period

    def reset(self):
        """Nothing to forget."""

    def process(self, block, start, emit):
        for known in range(start, start + len(block)):
            sample = known - self.lookahead
            if sample >= 0 and sample % self.period == 0:
                for kind in self.kinds:
                    emit(event_of(kind, sample, known, self.tempo))


class Immediate(Regular):
    immediate = True


def event_of(kind: str, sample: int, known: int, tempo: float) -> Event:
    turn = sample // 1000 % 2
    match kind:
        case "beat":
            return Event(kind, sample, known, 0.9, "1", tempo=tempo)
        case "drum":
            return Event(kind, sample, known, 0.9, "kick", note=36, velocity=90)
        case "chord":
            return Event(kind, sample, known, 0.9, "C:5", velocity=80, notes=((48, 55), (50, 57))[turn])
        case "pitches":
            return Event(kind, sample, known, 0.9, "C,G", velocity=80, notes=((60, 67), (62, 69))[turn])
        case "key":
            return Event(kind, sample, known, 0.9, "C:maj")
        case "clap":
            return Event(kind, sample, known, 0.9, note=39, velocity=70)
    return Event(kind, sample, known, 0.9)


class Input(SampleClock):
    """Silence, in blocks that come when their last sample does."""

    name, channels, block_size, most, length = "input", 1, BLOCK, BLOCK, None
    realtime, state, warnings = False, "playing", ()

    def __init__(self, sample_rate: int, timer: SimulatedTimer) -> None:
        super().__init__(sample_rate)
        self._timer = timer
        self._starts: Iterator[int] = iter(range(0, BLOCKS * BLOCK, BLOCK))

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def read(self) -> Chunk | None:
        start = next(self._starts, None)
        if start is None:
            return None
        self._timer.advance(self.time_of(start + BLOCK))
        return Chunk(start, np.zeros((BLOCK, 1), np.float32))

    def counters(self) -> Counters:
        return Counters()


class TimedPort:
    """Notes down when each message came."""

    def __init__(self, timer: SimulatedTimer) -> None:
        self._timer = timer
        self.messages: list[tuple[bytes, float]] = []  # the second in seconds

    def send(self, message: bytes) -> None:
        self.messages.append((message, self._timer.now()))

    def notes(self, status: int, sample_rate: int) -> set[tuple[int, int, int]]:
        """Give (channel, note, sample) of each message of a status."""
        found = [(message, seconds) for message, seconds in self.messages if message[0] & 0xF0 == status]
        return {(message[0] % 16 + 1, message[1], round(seconds * sample_rate)) for message, seconds in found}

    def is_there(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing to close."""


def unlike(left: set[tuple], due: set[tuple]) -> list[tuple]:
    """Give what is not the same to one sample, which is the last of each tuple."""
    pairs = list(zip(sorted(left), sorted(due), strict=True))
    return [(a, b) for a, b in pairs if a[:-1] != b[:-1] or abs(a[-1] - b[-1]) > 1]


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("harmony", ["chord", "pitches"])
def test_every_kind_of_event_leaves_at_its_sample_and_latency(
    monkeypatch: pytest.MonkeyPatch, sample_rate: int, harmony: str
) -> None:
    timer = SimulatedTimer(threads=2)
    source, port = Input(sample_rate, timer), TimedPort(timer)
    messages: list[tuple[str, float]] = []

    def take(_: object, address: str, arguments: tuple) -> None:
        if "presence" not in address and arguments != (NO_CHORD,):  # what fades, and the chord's end at the close
            messages.append((address, timer.now()))

    monkeypatch.setattr(SimpleUDPClient, "send_message", take)
    detectors = {
        "chop": ChopDetector(),
        "plug-in": Regular(BEAT_PERIOD, 3250, "chop", "beat", "clap"),
        "drums": Immediate(2500, 650, "drum"),
        "harmony": Immediate(3000, 8150, "chord", "pitches", "key"),
    }
    latency = Engine(detectors, sample_rate, 1, BLOCK).latency
    sender = MidiSender(
        port,
        source,
        latency,
        sample_rate,
        1,
        GATE_SECONDS,
        beat_clock=MidiClock(sample_rate),
        channels=CHANNELS,
        timer=timer,
    )
    osc = OscSender("localhost:9000", source, sample_rate, 0.01, timer=timer)
    sender.start()
    osc.start()
    kept = Kept()
    monkeypatch.setattr(kept, "close", timer.run_on)  # the last sink is closed first: no event comes any more
    sinks = [sender, osc, kept]
    settings = LiveSettings(detect="chops,beats", pads="fixed", harmony_notes=harmony)
    Session(settings, source, detectors, sinks=sinks).run()
    events = [event for event in kept.events if event.notes != ()]  # those end what sounds at the end
    assert {event.kind for event in events} == {"chop", "beat", "clap", "drum", "chord", "pitches", "key"}

    played = [event for event in events if event.velocity is not None]
    due = {
        (CHANNELS.get(event.kind, 1), note, event.sample + event.latency)
        for event in played
        for note in event.notes or (event.note,)
    }
    assert unlike(port.notes(NOTE_ON, sample_rate), due) == []
    assert {channel for channel, _, _ in due} == {1, 3, 4, 5, 6}

    gate = round(GATE_SECONDS * sample_rate)
    due = {
        (CHANNELS.get(event.kind, 1), event.note, event.sample + event.latency + gate)
        for event in played
        if event.note is not None
    }
    held = [event for event in kept.events if event.kind == harmony]  # with those that end what sounds at the end
    due |= {
        (CHANNELS[harmony], note, after.sample + after.latency)
        for before, after in pairwise(held)
        for note in {*before.notes} - {*after.notes}
    }
    assert unlike(port.notes(NOTE_OFF, sample_rate), due) == []

    period = BEAT_PERIOD * sample_rate / ANALYSIS_RATE
    begins = (STEADY_BEATS - 1) * period + latency
    started, *pulses = [round(seconds * sample_rate) for message, seconds in port.messages if message in (START, CLOCK)]
    assert begins - 0.002 * sample_rate < started < begins
    assert len(pulses) > (BLOCKS * BLOCK / period - STEADY_BEATS) * PULSES
    assert pulses == pytest.approx([begins + k * period / PULSES for k in range(len(pulses))], abs=1)

    due = {(message_of(event)[0], event.sample + event.latency) for event in events if event.kind != "pitches"}
    left = {(address, round(seconds * sample_rate)) for address, seconds in messages}
    assert unlike(left, due) == []
