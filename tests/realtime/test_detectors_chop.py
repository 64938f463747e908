"""What the chop detector makes of its settings and of models that do not fit."""

import json
import shutil
from pathlib import Path

import pytest

import models
from models import ModelError
from realtime.detectors.chop import ChopDetector, ChopSettings
from realtime.spec import ANALYSIS_RATE, ProcessSpec

SPEC = ProcessSpec(ANALYSIS_RATE, 4096)


@pytest.mark.parametrize("model", ["chop", "chop-61"])
def test_a_threshold_of_the_users_is_the_one_that_is_shown(model: str) -> None:
    detector = ChopDetector(ChopSettings(model, threshold=0.65))
    detector.prepare(SPEC)
    assert detector.threshold == 0.65


def test_a_streaming_model_that_hears_no_beats_is_named(tmp_path: Path) -> None:
    released = models.load("chop").path
    shutil.copy(released, tmp_path)
    record = json.loads(released.with_suffix(".json").read_text())
    heads = record["features"]["heads"]
    record["features"]["heads"] = ["kick" if head == "beat" else head for head in heads]
    manifest = tmp_path / "chop.json"
    manifest.write_text(json.dumps(record))
    with pytest.raises(ModelError, match="'chop' must hear chop, beat, downbeat"):
        ChopDetector(ChopSettings(str(manifest))).prepare(SPEC)
