"""Several detectors in one session: what the host makes of their events, whatever the input does."""

from collections.abc import Iterator

import numpy as np
import pytest

from samplechop.realtime.audio.source import Chunk, Counters
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE as RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.pad_allocation import PadAssigner
from samplechop.realtime.runner import Host
from samplechop.realtime.ui.terminal import NoView
from tests.integration.test_live import Kept

BLOCK = 4410


class Drums:
    """Hears a kick at the begin of every second block of the stream."""

    immediate = True

    def prepare(self, spec):
        self.latency = 600 + spec.max_block_size

    def reset(self):
        """Nothing to forget."""

    def process(self, block, start, emit):
        if start // len(block) % 2 == 0:
            emit(Event("drum", start, start + 600, 0.5, "kick", note=36, velocity=64))


class Harmony(Drums):
    """Hears a chord once, at the begin."""

    def prepare(self, spec):
        self.latency = 8000 + spec.max_block_size

    def process(self, _block, start, emit):
        if start == 0:
            emit(Event("chord", 0, 8000, 0.9, "C:5", velocity=80, notes=(48, 55)))
            emit(Event("pitches", 0, 8000, 0.9, "C,G", notes=(60, 67)))
            emit(Event("key", 0, 8000, 0.9, "C:maj"))


class Input:
    """Silence in blocks, with a gap of two blocks after the third, and a state for each look."""

    name, sample_rate, channels, block_size, most, length = "input", RATE, 1, BLOCK, BLOCK, None
    realtime = False
    warnings = ()

    def __init__(self, gap: int = 0, states: tuple[str, ...] = ("playing",)) -> None:
        self.states = list(states)
        silence = np.zeros((BLOCK, 1), np.float32)
        self.chunks: Iterator[Chunk] = iter(
            [Chunk(n * BLOCK, silence) for n in range(3)]
            + [Chunk(n * BLOCK + gap, silence, gap if n == 3 else 0) for n in range(3, 6)]
        )

    @property
    def state(self) -> str:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def read(self) -> Chunk | None:
        return next(self.chunks, None)

    def counters(self) -> Counters:
        return Counters(0, 0, 0, 0)


def host_of(source: Input, **options) -> tuple[Host, Kept]:
    chop = ChopDetector()
    engine = Engine({"chop": chop, "drums": Drums(), "harmony": Harmony()}, RATE, 1, BLOCK)
    kept = Kept()
    return Host(source, engine, chop, PadAssigner("cycle"), [kept], [], NoView(), **options), kept


def test_a_view_is_told_of_drums_and_harmony_apart_from_chops() -> None:
    host, _ = host_of(Input())
    host.run()
    told = host.snapshot()
    assert told.chops == () and told.chop_count == 0
    assert told.drum_counts["kick"] == 3
    assert 0 < told.drums["kick"] < 64 / 127
    assert (told.harmony, told.chord.label, told.key.label) == (True, "C:5", "C:maj")
    assert told.latencies == {"drums": 600 + BLOCK, "harmony": 8000 + BLOCK}
    assert told.latency > 8000 + BLOCK


def test_events_carry_the_latency_of_their_detector() -> None:
    host, kept = host_of(Input())
    host.run()
    assert {event.kind: event.latency for event in kept.events} == {
        "drum": 600 + BLOCK,
        **dict.fromkeys(("chord", "pitches", "key"), 8000 + BLOCK),
    }


def test_at_a_gap_what_is_held_ends() -> None:
    host, kept = host_of(Input(gap=2 * BLOCK))
    host.run()
    chords = [(event.sample, event.label, event.notes) for event in kept.events if event.kind == "chord"]
    pitches = [(event.sample, event.label, event.notes) for event in kept.events if event.kind == "pitches"]
    end = 3 * BLOCK
    # The detector begins anew after the gap, and so does its chord.
    assert chords == [(0, "C:5", (48, 55)), (end, "N", ()), (end + 2 * BLOCK, "C:5", (48, 55))]
    assert pitches == [(0, "C,G", (60, 67)), (end, "", ()), (end + 2 * BLOCK, "C,G", (60, 67))]


@pytest.mark.parametrize(("harmony", "played"), [("chord", {"chord"}), ("pitches", {"pitches"}), ("off", set())])
def test_what_is_held_is_chosen(harmony: str, played: set[str]) -> None:
    host, kept = host_of(Input(), harmony_notes=harmony)
    host.run()
    assert {event.kind for event in kept.events if event.notes and event.velocity} == played


def test_the_sum_counts_every_kind() -> None:
    host, _ = host_of(Input())
    assert host.run().events == {"drum": 3, "chord": 1, "pitches": 1, "key": 1}


def test_nothing_is_held_while_the_input_is_gone() -> None:
    class Waiting(Input):
        def read(self) -> Chunk | None:
            rested_enough.wait(20)
            return super().read()

    import threading

    rested_enough = threading.Event()
    host, _ = host_of(Waiting(states=("playing", "waiting for 'input'")), rest=[rested_enough.set])
    host.run()
    assert rested_enough.is_set()
