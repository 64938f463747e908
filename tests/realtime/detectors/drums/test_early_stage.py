"""Drums that the early stage of a streaming net detects."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samplechop.models import Manifest, ModelError
from samplechop.realtime.core.events import DRUMS, Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings
from samplechop.realtime.nets.streaming import ActivationStream
from tests.support.shared_nets import EARLY, written
from tests.support.signals import record

CHOICE = {"threshold": 0.01, "relative": 0.2, "gap": 0.05, "calibration": []}
DECISION = {"early": {"drums": dict.fromkeys(("kick", "hat"), CHOICE), "memory_seconds": 6.0}}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    pytest.importorskip("tensorflow")
    return written((1,), tmp_path_factory.mktemp("models") / "shared", DECISION)


def run(model: Manifest, block: int, **given: Any) -> tuple[DrumDetector, list[Event]]:
    detector, events = DrumDetector(DrumSettings(str(model.path))), []
    detector.prepare(ProcessSpec(ANALYSIS_RATE, block, **given))
    audio = record(3.0)[0]
    padded = np.concatenate([audio, np.zeros(detector.latency, np.float32)])
    for start in range(0, len(padded), block):
        detector.process(padded[start : start + block], start, events.append)
    return detector, events


def test_its_hits_come_within_25_ms(model: Manifest) -> None:
    detector, events = run(model, 256)
    assert detector.latency <= 25 * ANALYSIS_RATE / 1000
    assert events
    assert {event.label for event in events} <= {"kick", "hat"}
    for event in events:
        assert event.emitted is not None
        assert 0 <= event.emitted - event.sample <= detector.latency


def test_its_hits_are_where_the_stream_says_so(model: Manifest) -> None:
    _, events = run(model, 256)
    stream = ActivationStream(model, 65_536 * 3)
    stream.push(record(3.0)[0])
    kick = stream.early[:, EARLY.index("early_kick")]
    frames = [(event.emitted - stream.early_latency) // 256 for event in events if event.label == "kick"]
    assert all(kick[frame] >= 0.01 for frame in frames if frame < len(kick))


def test_the_size_of_blocks_changes_nothing(model: Manifest) -> None:
    last = 3 * ANALYSIS_RATE  # behind it blocks of another size end elsewhere
    found = [
        [(one.label, one.sample, one.velocity) for one in run(model, block)[1] if one.sample < last]
        for block in (256, 700)
    ]
    assert found[0] == found[1]


def test_the_net_is_shared_with_those_who_read_the_rest(model: Manifest) -> None:
    shared: dict[Any, Any] = {}
    run(model, 256, shared=shared)
    (stream,) = shared.values()
    spec = ProcessSpec(ANALYSIS_RATE, 256, shared=shared)
    assert PulseStream.shared(model, spec) is stream


def test_a_net_without_an_early_stage_is_refused() -> None:
    with pytest.raises(ModelError, match="has an early stage"):
        DrumDetector(DrumSettings("chop-61")).prepare(ProcessSpec(ANALYSIS_RATE, 256))


def test_a_model_that_decides_on_no_drums_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    made = written((1,), tmp_path / "shared")
    with pytest.raises(ModelError, match="decides on no early drums"):
        DrumDetector(DrumSettings(str(made.path))).prepare(ProcessSpec(ANALYSIS_RATE, 256))


def test_every_drum_has_an_early_head() -> None:
    assert {f"early_{name}" for name in DRUMS} <= set(EARLY)
