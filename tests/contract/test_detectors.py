"""What every detector must hold, whoever wrote it: the contract, checked as for plug-ins, and more of its own."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samplechop.realtime import detectors
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Detector, ProcessSpec
from samplechop.testing import contract_violations
from tests.contract.example_detector import LoudDetector
from tests.support.signals import record

MAX_BLOCK = 8193
NASTY = 22 * 2048  # about a second, and a whole number of analysis frames of every detector
SETTLED, ENDED = (
    9 * ANALYSIS_RATE // 4,
    19 * ANALYSIS_RATE // 4,
)  # between two of the test signal's sounds, and after all
MAKERS = {**detectors.BUILT_IN, "example": LoudDetector}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def detector(request: pytest.FixtureRequest) -> Detector:
    made = MAKERS[request.param]()
    made.prepare(ProcessSpec(ANALYSIS_RATE, MAX_BLOCK))
    return made


def run(detector: Detector, audio: np.ndarray, sizes: list[int], start: int = 0) -> list[Event]:
    """Feed audio in blocks of the given sizes, over and over; check that nothing is emitted late."""
    detector.reset()
    events: list[Event] = []
    padded = np.concatenate([audio, np.zeros(detector.latency, np.float32)])
    position = turn = 0
    while position < len(padded):
        block = padded[position : position + sizes[turn % len(sizes)]]
        block.flags.writeable = False
        before = len(events)
        detector.process(block, start + position, events.append)
        position += len(block)
        turn += 1
        for event in events[before:]:
            assert event.sample <= event.emitted <= start + position
            assert start + position - event.sample <= detector.latency
    return events


def places(events: list[Event]) -> dict[str, list[int]]:
    """Give where the events of each kind lie, once all has settled and before the end is near."""
    settled = [event for event in events if SETTLED < event.sample < ENDED]
    return {kind: [one.sample for one in settled if one.kind == kind] for kind in {one.kind for one in settled}}


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    return record()[0]


@pytest.fixture(scope="module")
def expected(detector: Detector, audio: np.ndarray) -> list[Event]:
    events = run(detector, audio, [256])
    assert events, "the test signal must give events"
    return events


def test_it_keeps_the_contract_that_plug_ins_are_checked_against(detector: Detector) -> None:
    assert contract_violations(type(detector)(), record(15.0)[0]) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, MAX_BLOCK), min_size=1, max_size=8).filter(lambda sizes: sum(sizes) >= 256))
def test_events_do_not_depend_on_how_the_stream_is_split(
    detector: Detector, audio: np.ndarray, expected: list[Event], sizes: list[int]
) -> None:
    assert run(detector, audio, sizes) == expected


def test_the_latency_is_a_constant_of_its_own_and_one_block(detector: Detector, expected: list[Event]) -> None:
    assert expected
    other = type(detector)()
    other.prepare(ProcessSpec(ANALYSIS_RATE, 256))
    assert detector.latency - MAX_BLOCK == other.latency - 256


def test_what_an_event_brings_can_be_played(expected: list[Event]) -> None:
    for event in expected:
        notes = (*(event.notes or ()), *(() if event.note is None else (event.note,)))
        assert all(0 <= note <= 127 for note in notes)
        assert list(event.notes or ()) == sorted(set(event.notes or ()))
        assert event.velocity is None or 1 <= event.velocity <= 127


def test_events_of_a_kind_come_in_order(expected: list[Event]) -> None:
    for kind in {event.kind for event in expected}:
        places = [event.sample for event in expected if event.kind == kind]
        assert places == sorted(places)


@pytest.mark.parametrize(
    "nasty",
    [
        np.full(NASTY, 1.0, np.float32),
        np.full(NASTY, np.nan, np.float32),
        np.full(NASTY, np.inf, np.float32),
        np.random.default_rng(0).uniform(-1, 1, NASTY).astype(np.float32),
    ],
    ids=["DC", "NaN", "infinity", "full-scale noise"],
)
def test_what_follows_a_nasty_second_is_still_found(detector: Detector, audio: np.ndarray, nasty: np.ndarray) -> None:
    events = run(detector, np.concatenate([nasty, audio]), [256])
    # A detector with a memory may take a second or two to recover, and be off by a fraction of a frame. Of two events
    # of one kind at one place, as two drums struck at once, the fainter may come or go.
    late = places([event.moved(event.sample - NASTY, event.emitted) for event in events])
    clean = places(run(detector, audio, [256]))
    assert clean and late.keys() == clean.keys()
    for kind, expected in clean.items():
        distances = np.abs(np.subtract.outer(late[kind], expected))
        assert max(distances.min(axis=0).max(), distances.min(axis=1).max()) <= 0.005 * ANALYSIS_RATE
    assert all(np.isfinite(event.strength) and 0 <= event.strength <= 1 for event in events)
