from dataclasses import replace

import numpy as np
import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.engine.engine import Engine
from tests.contract.example_detector import LoudDetector


class Broken(LoudDetector):
    """Raises once it has heard a second."""

    def process(self, block, start, emit):
        if start + len(block) > ANALYSIS_RATE:
            raise RuntimeError("out of luck")
        super().process(block, start, emit)


class Patient(LoudDetector):
    """Needs so many samples more."""

    def __init__(self, wait: int) -> None:
        self.wait = wait

    def prepare(self, spec):
        super().prepare(spec)
        self.latency += self.wait


class PromptAfter(Patient):
    immediate = True


class Listener(LoudDetector):
    """Keeps what it hears."""

    def reset(self):
        super().reset()
        self.heard: list[np.ndarray] = []

    def process(self, block, start, _emit):
        assert start == sum(map(len, self.heard))
        assert block.dtype == np.float32 and block.ndim == 1 and not block.flags.writeable
        self.heard.append(block.copy())


def clicks(rate: int, places: list[int], length: int, channels: int = 2) -> np.ndarray:
    samples = np.zeros((length, channels), np.float32)
    for place in places:
        samples[place : place + rate // 100] = 0.9
    return samples


def run(engine: Engine, samples: np.ndarray, size: int) -> list[Event]:
    events: list[Event] = []
    for first in range(0, len(samples), size):
        engine.process(samples[first : first + size], events.append)
    engine.flush(events.append)
    return events


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_events_are_placed_at_the_rate_of_the_input(rate: int) -> None:
    places = [rate // 4, rate // 2 + 17, rate - 200]
    engine = Engine({"loud": LoudDetector()}, rate, 2, 256)
    events = run(engine, clicks(rate, places, rate), 256)
    assert np.abs(np.array([event.sample for event in events]) - places).max() <= rate / 4_000
    assert all(event.emitted - event.sample <= engine.latency for event in events)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_events_do_not_depend_on_the_blocks_of_the_input(rate: int) -> None:
    samples = clicks(rate, [1000, rate // 3, rate // 2], rate)
    expected = run(Engine({"loud": LoudDetector()}, rate, 2, 8193), samples, 256)
    assert len(expected) == 3
    for size in (1, 65, 8193, 20_000):
        assert run(Engine({"loud": LoudDetector()}, rate, 2, 8193), samples, size) == expected


def test_a_detector_that_raises_is_switched_off_and_the_others_go_on() -> None:
    engine = Engine({"bad": Broken(), "good": LoudDetector()}, ANALYSIS_RATE, 1, 512)
    samples = clicks(ANALYSIS_RATE, [100, 60_000], 2 * ANALYSIS_RATE, channels=1)
    events = run(engine, samples, 512)
    assert engine.faults == {"bad": "RuntimeError: out of luck"}
    assert [event.sample for event in events] == [100, 100, 60_000]


class Holding(LoudDetector):
    """Holds a chord from its first block to a silent one, and raises once it has heard a second."""

    def process(self, block, start, emit):
        if start == 0:
            emit(Event("chord", 0, len(block), 1.0, label="A:min", velocity=80, notes=(57, 60, 64)))
        if start > 0 and not block.any():
            emit(Event("chord", start, start + len(block), 1.0, label="N", velocity=80, notes=()))
        if start >= ANALYSIS_RATE:
            raise RuntimeError("out of luck")


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_a_detector_holds_ends_where_it_is_switched_off(rate: int) -> None:
    engine, events = Engine({"bad": Holding(), "good": LoudDetector()}, rate, 1, 256), []
    for _ in range(0, 2 * rate, 256):
        engine.process(np.full((256, 1), 0.1, np.float32), events.append)
    first, last = events
    assert (first.label, last.label, last.notes, last.latency) == ("A:min", "N", (), first.latency)
    assert abs(last.sample - rate) < 1024


@pytest.mark.parametrize(
    "wrong",
    [
        {"note": 128},
        {"notes": (60, -1)},
        {"velocity": np.int64(3)},
        {"sample": np.int64(0)},
        {"strength": np.float32(1)},
        {"strength": float("nan")},
        {"strength": 1.01},
        {"sample": -1},
        {"sample": 257},
        {"sample": "here"},
        {"kind": ""},
        {"kind": "a/b"},
        {"kind": None},
        {"notes": 60},
        {"label": 3},
        {"tempo": float("inf")},
    ],
)
def test_a_detector_whose_events_nobody_could_write_is_switched_off(wrong: dict[str, object]) -> None:
    class Wrong(LoudDetector):
        def process(self, _block, start, emit):
            emit(replace(Event("loud", start, start, 1.0), **wrong))

    engine, events = Engine({"wrong": Wrong()}, ANALYSIS_RATE, 1, 256), []
    engine.process(np.zeros((256, 1), np.float32), events.append)
    assert events == [] and engine.faults["wrong"].startswith("ValueError")


def test_what_is_no_event_is_named() -> None:
    class Wordy(LoudDetector):
        def process(self, _block, _start, emit):
            emit("clap")

    engine = Engine({"wordy": Wordy()}, ANALYSIS_RATE, 1, 256)
    engine.process(np.zeros((256, 1), np.float32), lambda _: None)
    assert engine.faults == {"wordy": "TypeError: detectors emit Event, got str"}


def test_an_event_later_than_promised_is_told_once_and_played() -> None:
    class Late(LoudDetector):
        def process(self, _block, start, emit):
            if start >= 44_032:
                emit(Event("loud", start - 40_000, start, 1.0))

    engine = Engine({"late": Late(), "good": LoudDetector()}, ANALYSIS_RATE, 1, 256)
    events = run(engine, clicks(ANALYSIS_RATE, [100], 44_544, channels=1), 256)
    assert len(events) == 4 and engine.faults == {}
    assert engine.late == {"late": "detector late emitted an event 913 ms late, it states a latency of 6 ms"}


@pytest.mark.parametrize("latency", [256.0, "256", None, True])
def test_a_latency_that_is_no_whole_number_is_refused(latency: object) -> None:
    class Vague(LoudDetector):
        def prepare(self, spec):
            super().prepare(spec)
            self.latency = latency

    with pytest.raises(UserError, match=r"'vague' must have a whole number"):
        Engine({"vague": Vague()}, ANALYSIS_RATE, 1, 256)


def test_a_detector_that_cannot_be_prepared_is_named() -> None:
    class Unready(LoudDetector):
        def prepare(self, _spec):
            raise KeyError("weights")

    with pytest.raises(UserError, match=r"'unready' cannot be prepared: KeyError: 'weights'"):
        Engine({"unready": Unready()}, ANALYSIS_RATE, 1, 256)


def test_a_detector_that_cannot_begin_anew_is_switched_off() -> None:
    class Worn(LoudDetector):
        def reset(self):
            super().reset()
            self.turns = getattr(self, "turns", 0) + 1
            if self.turns > 2:
                raise RuntimeError("worn out")

    engine, events = Engine({"worn": Worn()}, ANALYSIS_RATE, 1, 256), []
    engine.reset(1000)
    engine.process(np.ones((256, 1), np.float32), events.append)
    assert engine.faults == {"worn": "RuntimeError: worn out"} and events == []


def test_what_is_held_at_a_gap_ends_there_once() -> None:
    engine, events = Engine({"holding": Holding()}, ANALYSIS_RATE, 1, 256), []
    engine.process(np.full((256, 1), 0.1, np.float32), events.append)
    engine.flush(events.append)
    for _ in range(2):
        engine.release(events.append)
    assert [(event.label, event.sample) for event in events] == [("A:min", 0), ("N", 256)]


@pytest.mark.parametrize(("rate", "stretch"), [(44_100, 1.0), (48_000, 48_000 / 44_100), (22_050, 0.5)])
def test_an_immediate_detector_keeps_its_own_latency_and_the_others_share_the_largest(
    rate: int, stretch: float
) -> None:
    ears = {"one": Patient(1000), "two": Patient(4000), "drums": PromptAfter(600), "harmony": PromptAfter(9000)}
    engine = Engine(ears, rate, 1, 256)
    alone = {name: Engine({name: ear}, rate, 1, 256).latency for name, ear in ears.items()}
    assert engine.latency == alone["two"]
    assert engine.latencies == {**alone, "one": alone["two"]}
    assert alone["harmony"] - alone["drums"] == pytest.approx(8400 * stretch, abs=1)
    events = run(engine, clicks(rate, [rate // 4, rate // 2], rate, channels=1), 100)
    assert sorted(event.latency for event in events) == sorted([*engine.latencies.values()] * 2)


def test_where_all_are_immediate_the_session_is_as_late_as_the_slowest() -> None:
    engine = Engine({"drums": PromptAfter(600), "harmony": PromptAfter(9000)}, ANALYSIS_RATE, 1, 256)
    assert (engine.latency, engine.latencies) == (9256, {"drums": 856, "harmony": 9256})


def test_together_all_are_as_late_as_the_slowest() -> None:
    ears = {"one": Patient(1000), "drums": PromptAfter(600), "harmony": PromptAfter(9000)}
    engine = Engine(ears, ANALYSIS_RATE, 1, 256, together=True)
    assert (engine.latency, engine.latencies) == (9256, dict.fromkeys(ears, 9256))
    assert engine.immediate == set()


def test_the_end_waits_for_the_latest_though_it_is_immediate() -> None:
    listener = Listener()
    engine = Engine({"late": PromptAfter(5000), "listener": listener}, ANALYSIS_RATE, 1, 256)
    engine.process(np.zeros((1000, 1), np.float32), lambda _: None)
    engine.flush(lambda _: None)
    assert sum(map(len, listener.heard)) >= 1000 + 5000


def test_channels_are_averaged_and_broken_samples_are_zeros() -> None:
    listener = Listener()
    engine = Engine({"listener": listener}, ANALYSIS_RATE, 2, 4)
    engine.process(np.array([[1, 0], [np.nan, 0.5], [0.5, np.inf]], np.float32), lambda _: None)
    assert np.concatenate(listener.heard).tolist() == [0.5, 0.25, 0.25]


def test_positions_go_on_after_a_reset() -> None:
    engine = Engine({"loud": LoudDetector()}, 48_000, 1, 256)
    engine.reset(1_000_000)
    events = run(engine, clicks(48_000, [4_800], 48_000, channels=1), 256)
    assert [abs(event.sample - 1_004_800) < 12 for event in events] == [True]


def test_nothing_is_found_in_the_silence_after_the_end() -> None:
    class Late(LoudDetector):
        def process(self, _block, start, emit):
            emit(Event(kind="late", sample=start, emitted=start, strength=1.0))

    engine = Engine({"late": Late()}, ANALYSIS_RATE, 1, 100)
    events = run(engine, np.zeros((250, 1), np.float32), 100)
    assert [event.sample for event in events] == [0, 100, 200]


def test_peaks_are_the_largest_since_they_were_last_taken() -> None:
    engine = Engine({}, ANALYSIS_RATE, 2, 8)
    engine.process(np.array([[0.5, -0.25], [-0.75, 0]], np.float32), lambda _: None)
    assert engine.downmix.take_peaks() == (0.75, 0.25)
    assert engine.downmix.take_peaks() == (0.0, 0.0)


@pytest.mark.parametrize("field", ["sample_rate", "max_block_size"])
def test_an_impossible_stream_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        ProcessSpec(**{"sample_rate": 44_100, "max_block_size": 256, field: 0})


class Led(LoudDetector):
    """Keeps what it is given, and where."""

    lead_in = True

    def reset(self):
        super().reset()
        self.given: list[tuple[int, np.ndarray]] = []

    def process(self, block, start, emit):
        self.given.append((start, block.copy()))
        emit(Event("edge", start, start + len(block), 1.0))


HIT = np.geomspace(1, 1e-4, ANALYSIS_RATE).astype(np.float32)[:, np.newaxis]


def led(start: int, opening: np.ndarray | None) -> tuple[Led, Listener, list[Event]]:
    """Run both over a decaying second from `start` on."""
    detector, listener, events = Led(), Listener(), []
    engine = Engine({"led": detector, "listener": listener}, ANALYSIS_RATE, 1, 512)
    engine.reset(start, opening)
    for at in range(0, len(HIT), 512):
        engine.process(HIT[at : at + 512], events.append)
    return detector, listener, events


def test_a_recording_that_begins_with_a_sound_is_led_in_by_silence_at_negative_positions() -> None:
    detector, listener, events = led(0, HIT)
    before = [(start, block) for start, block in detector.given if start < 0]
    assert before[0][0] == -sum(len(block) for _, block in before) == -2 * ANALYSIS_RATE
    assert not any(block.any() for _, block in before)
    assert all(block.all() for start, block in detector.given if start >= 0)
    assert all(block.all() for block in listener.heard)  # who did not ask for it gets none
    assert min(event.sample for event in events) == 0


@pytest.mark.parametrize("opening", [None, np.ones_like(HIT), np.zeros_like(HIT), HIT[:0], HIT[::-1]])
def test_nothing_leads_into_a_device_or_a_recording_that_goes_on_or_begins_later(opening) -> None:
    assert led(0, opening)[0].given[0][0] == 0


@pytest.mark.parametrize("size", [64, 700, 4096])
def test_at_the_end_the_sound_fades_out_without_a_step(size: int) -> None:
    listener = Listener()
    engine = Engine({"listener": listener}, ANALYSIS_RATE, 1, size)
    bass = (0.5 * np.cos(np.arange(3 * 4096) / 200)).astype(np.float32)[:, np.newaxis]
    for at in range(0, len(bass), size):
        engine.process(bass[at : at + size], lambda _: None)
    engine.flush(lambda _: None)
    heard = np.concatenate(listener.heard)
    assert np.array_equal(heard[: len(bass)], bass[:, 0])
    assert np.abs(np.diff(heard[: len(bass) + min(size, 2000)])).max() < 0.004
