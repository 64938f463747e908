"""Confirmed drums: where they lie, and that they need no net of their own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import ModelError
from samplechop.offline.synthesis.drums import MADE
from samplechop.realtime.core.events import CONFIRMED, Event
from samplechop.realtime.core.plugin import ProcessSpec
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.detectors.drums.confirmed import ConfirmedDrumDetector, ConfirmedDrumSettings
from samplechop.realtime.engine.engine import Engine

RATE = 44_100
BEAT = RATE // 2
DRUM = {"threshold": 0.3, "relative": 0.4, "gap": 0.06, "calibration": []}


def written(folder: Path, **decision: dict[str, object]) -> str:
    """Write the manifest of the released net with another decision on drums; give its path."""
    released = models.load("chop")
    record = json.loads(released.path.with_suffix(".json").read_text())
    record["decision"]["confirmed"] = {**decision, "memory_seconds": 6.0}
    for path in released.path.parent.glob("chop*.tflite"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "chop.json").write_text(json.dumps(record))
    return str(folder / "chop.json")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the manifest of the released net, with kicks and snares that are decided on."""
    return written(tmp_path_factory.mktemp("model"), drums={"kick": DRUM, "snare": DRUM})


def groove() -> tuple[NDArray[np.float32], list[tuple[int, str]]]:
    """Give ten seconds of kick and snare in turn, and where they begin."""
    rng = np.random.default_rng(1)
    samples = 1e-4 * rng.standard_normal(10 * RATE).astype(np.float32)
    struck = [(BEAT * (2 + n), ("kick", "snare")[n % 2]) for n in range(16)]
    for at, drum in struck:
        sound = MADE[drum](3, 0.9, rng)[: len(samples) - at]
        samples[at : at + len(sound)] += 0.5 * sound
    return samples, struck


def confirmed(samples: NDArray[np.float32], model: str, block: int = 4096) -> list[Event]:
    engine = Engine({"confirmed": ConfirmedDrumDetector(ConfirmedDrumSettings(model))}, RATE, 1, block)
    found: list[Event] = []
    engine.reset(0, samples[: RATE // 10, np.newaxis])
    for start in range(0, len(samples), block):
        engine.process(samples[start : start + block, np.newaxis], found.append)
    engine.flush(found.append)
    assert not engine.faults
    return found


def test_kicks_and_snares_are_named_where_they_begin(model: str) -> None:
    samples, struck = groove()
    found = confirmed(samples, model)
    for at, drum in struck:
        assert any(one.label == drum and abs(one.sample - at) < RATE // 100 for one in found)
    assert {one.kind for one in found} == {CONFIRMED}
    assert {one.note for one in found} == {36, 38}


def test_hits_do_not_depend_on_the_block_size(model: str) -> None:
    samples, _ = groove()
    whole = confirmed(samples, model)
    assert [replace(one, latency=None) for one in confirmed(samples, model, 333)] == whole


def test_where_drums_alone_sound_their_own_thresholds_count(model: str, tmp_path: Path) -> None:
    samples, _ = groove()
    usual, never = {"kick": DRUM, "snare": DRUM}, dict.fromkeys(("kick", "snare"), DRUM | {"threshold": 1.0})
    alone, elsewhere = (
        confirmed(samples, written(tmp_path, drums=music, drums_alone=solo), block)
        for music, solo, block in ((never, usual, 333), (usual, never, 4096))
    )
    # That drums are alone is known after some seconds of them.
    assert elsewhere and alone and elsewhere[-1].sample < alone[0].sample
    assert [replace(one, latency=None) for one in (*elsewhere, *alone)] == [
        replace(one, latency=None) for one in confirmed(samples, model)
    ]


def test_they_are_as_late_as_the_chops(model: str) -> None:
    chop, drums = ChopDetector(), ConfirmedDrumDetector(ConfirmedDrumSettings(model))
    for detector in (chop, drums):
        detector.prepare(ProcessSpec(RATE, 256))
    assert 0 <= chop.latency - drums.latency <= RATE // 20


def test_a_model_that_decides_on_no_drums_is_refused() -> None:
    with pytest.raises(ModelError, match="confirms no drums"):
        ConfirmedDrumDetector(ConfirmedDrumSettings("drums")).prepare(ProcessSpec(RATE, 256))


def test_what_is_no_drum_has_no_threshold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="thresholds must be of"):
        ConfirmedDrumSettings(str(tmp_path), {"trumpet": 0.5})
