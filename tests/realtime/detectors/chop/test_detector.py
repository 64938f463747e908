"""What the chop detector makes of its settings and of models that do not fit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.models import ModelError
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings

SPEC = ProcessSpec(ANALYSIS_RATE, 4096)


@pytest.mark.parametrize("model", ["chop", "chop-61"])
def test_a_threshold_of_the_users_is_the_one_that_is_shown(model: str) -> None:
    detector = ChopDetector(ChopSettings(model, threshold=0.65))
    detector.prepare(SPEC)
    assert detector.threshold == 0.65


@pytest.mark.parametrize("model", ["chop", "chop-61"])
def test_a_chop_that_was_held_for_long_still_has_its_spectrum(model: str) -> None:
    audio, _ = soundfile.read(DEMO, dtype="float32", always_2d=True, frames=8 * ANALYSIS_RATE)
    mono = np.ascontiguousarray(audio.mean(axis=1))

    def spectra(hold: float) -> dict[int, np.ndarray]:
        detector = ChopDetector(ChopSettings(model, min_gap_seconds=0.1, hold_seconds=hold, spectra=True))
        detector.prepare(ProcessSpec(ANALYSIS_RATE, 256))
        found: list[Event] = []
        for start in range(0, len(mono), 256):
            detector.process(mono[start : start + 256], start, found.append)
        return {event.sample: event.spectrum for event in found}

    at_once, waiting = spectra(0.0), spectra(2.0)
    assert len(waiting) > 3
    assert set(waiting) & set(at_once)
    for sample in set(waiting) & set(at_once):
        np.testing.assert_array_equal(waiting[sample], at_once[sample])


def test_a_streaming_model_that_hears_no_beats_is_named(tmp_path: Path) -> None:
    released = models.load("chop").path
    for file in (released, released.with_name("chop-early.tflite")):
        shutil.copy(file, tmp_path)
    record = json.loads(released.with_suffix(".json").read_text())
    heads = record["features"]["heads"]
    record["features"]["heads"] = ["pulse" if head == "beat" else head for head in heads]
    manifest = tmp_path / "chop.json"
    manifest.write_text(json.dumps(record))
    with pytest.raises(ModelError, match="'chop' detects no beats"):
        ChopDetector(ChopSettings(str(manifest))).prepare(SPEC)
