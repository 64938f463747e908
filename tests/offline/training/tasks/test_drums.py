"""What the drum net is asked, and the whole way to a model that hears."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.models import DrumFeatures
from samplechop.offline.training import tcn
from samplechop.offline.training.streaming_targets import record_of
from samplechop.offline.training.tasks import drums
from samplechop.offline.training.tasks.drum_augmentation import augment_audio
from samplechop.offline.training.tasks.drums import SPEC, VELOCITY, WAIT, annotation
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings
from tests.support.command import samplechop
from tests.support.signals import record

KICK = SPEC.names.index("kick")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings with their drums, as a user has them."""
    folder = tmp_path_factory.mktemp("records")
    for name, seed in (("one", 1), ("two", 2)):
        samples, truth = record(6.0, seed)
        soundfile.write(folder / f"{name}.wav", samples, 44_100)
        lines = [f"{sample / 44_100:.6f} {'snare' if i % 2 else 'kick'} 0.9" for i, sample in enumerate(truth)]
        (folder / f"{name}.drums.txt").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("sample", [44_100, 44_200, 44_355])
def test_a_hit_is_judged_once_enough_of_it_was_heard(sample: int, tmp_path: Path) -> None:
    labels = tmp_path / "a.drums.txt"
    labels.write_text(f"{(sample + 0.5) / 44_100:.8f} kick 0.7")
    taken = record_of(SPEC, np.zeros(2 * 44_100, np.float32), annotation(labels, labels))
    (row,) = np.flatnonzero(taken.target[:, KICK] == 1)
    complete = row * 256 + 512
    assert WAIT <= complete - sample <= WAIT + 255
    assert taken.weight[row - 1, KICK] == 0
    assert taken.target[row + 1, KICK] == drums.AFTER


def test_velocities_are_asked_where_a_drum_is_struck_only(tmp_path: Path) -> None:
    labels = tmp_path / "a.drums.txt"
    labels.write_text("1.0 kick 0.7")
    taken = record_of(SPEC, np.zeros(2 * 44_100, np.float32), annotation(labels, labels))
    column = SPEC.names.index("kick" + VELOCITY)
    asked = np.flatnonzero(taken.weight[:, column])
    assert len(asked) == 3
    np.testing.assert_allclose(taken.target[asked, column], 0.7, atol=1e-3)


def test_hardly_audible_hits_are_neither_asked_for_nor_denied(tmp_path: Path) -> None:
    labels = tmp_path / "a.drums.txt"
    labels.write_text("1.0 kick 0.1")
    taken = record_of(SPEC, np.zeros(2 * 44_100, np.float32), annotation(labels, labels))
    assert not taken.target[:, KICK].any()
    assert not taken.weight[SPEC.answers.frame_of(1.0), KICK]


def test_augmented_records_keep_their_length_and_level() -> None:
    samples, _ = record(1.0)
    for seed in range(12):
        changed, shift = augment_audio(samples, np.random.default_rng(seed))
        assert (len(changed), changed.dtype) == (len(samples) + shift, np.float32)
        assert 0.05 < np.max(np.abs(changed)) < 1.1


@pytest.mark.usefixtures("untraced")
def test_a_model_is_trained_calibrated_and_heard_with(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = tcn.Shape(drums.SHAPE.n_features, drums.SHAPE.n_heads, (1, 2), 8)
    monkeypatch.setattr(drums, "SHAPE", shape)  # a whole net takes half a minute to build
    small = ("--steps", 2, "--jobs", 1)
    made = samplechop("train", "drums", records, "-o", tmp_path / "mine", *small)
    assert made.code == 0, made
    assert {path.suffix for path in tmp_path.glob("mine.*")} == {".tflite", ".json", ".npz", ".md"}
    manifest = models.load(tmp_path / "mine.json")
    assert isinstance(manifest.features, DrumFeatures)
    assert set(manifest.decision["drums"]) == set(DRUMS)
    detector = DrumDetector(DrumSettings(str(tmp_path / "mine.json")))
    detector.prepare(ProcessSpec(ANALYSIS_RATE, 256))
    begun = ("--from", tmp_path / "mine.json", "--steps", 0, "--calibrate-on", records, "--jobs", 1)
    sure = samplechop("train", "drums", records, "-o", tmp_path / "sure", "--work", tmp_path / "mine-features", *begun)
    assert sure.code == 0, sure
    training = json.loads((tmp_path / "sure.json").read_text())["training"]
    assert training["recordings_calibration"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "-o", "m"], "no folder"),
        ([".", "-o", "m"], "put name.drums.txt"),
        ([".", "-o", "m", "--from", "chop"], "only a streaming net of this task"),
        ([".", "-o", "m", "--steps", "0"], "--steps 0 trains nothing"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = samplechop("train", "drums", *arguments)
    assert outcome.code == 2, outcome
    assert says in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
