"""Events of the demo record are the same ones, however it is computed."""

import numpy as np
import pytest
import soundfile

from samplechop.realtime import detectors
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.nets.compiled_step import compile_now
from samplechop.realtime.nets.temporal_net import TemporalNet

SECONDS = 14
BLOCK = 256


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compile_now()


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    found, _ = soundfile.read(DEMO, SECONDS * ANALYSIS_RATE, dtype="float32", always_2d=True)
    return found


def detect(audio: np.ndarray, block: int) -> list[Event]:
    """Give what all detectors find together, sorted: with several in one block, which comes first is its affair."""
    engine = Engine({one: detectors.make(one) for one in detectors.BUILT_IN}, ANALYSIS_RATE, audio.shape[1], block)
    events: list[Event] = []
    for start in range(0, len(audio), block):
        engine.process(audio[start : start + block], events.append)
    engine.flush(events.append)
    return sorted(events, key=lambda one: (one.sample, one.kind, str(one.label)))


@pytest.fixture(scope="module")
def expected(audio: np.ndarray) -> list[Event]:
    events = detect(audio, BLOCK)
    assert {"chop", "beat", "drum", "confirmed", "chord", "key"} <= {one.kind for one in events}
    return events


def test_events_of_all_detectors_are_those_of_live_blocks_in_blocks_of_a_file(
    audio: np.ndarray, expected: list[Event]
) -> None:
    assert detect(audio, FAST_BLOCK) == expected


def test_events_are_those_of_nets_that_the_runtime_computes(
    monkeypatch: pytest.MonkeyPatch, audio: np.ndarray, expected: list[Event]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(TemporalNet, "_compile", lambda _, channels: asked.append(channels))
    assert detect(audio, BLOCK) == expected
    assert asked
