"""The whole way: a crate, a model trained on it, that model at work, and moved towards a producer."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Project
from samplechop.offline.project.places import place_for
from samplechop.offline.project.store import editing
from samplechop.offline.training import measures
from samplechop.offline.training.shared_net import SharedShape
from samplechop.offline.training.tasks import chop, chop_targets
from samplechop.realtime.cli import DEMO
from tests.support.command import samplechop
from tests.support.crates import Crate
from tests.support.signals import record
from tests.support.tracing import tracing

pytestmark = pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")

WRITTEN = {".tflite", ".json", ".npz", ".md"}


@pytest.fixture(scope="module", autouse=True)
def small_net(untraced: None) -> Iterator[None]:  # noqa: ARG001 (how they are trained)
    """Train nets of two layers: a whole one takes half a minute to build."""

    def small(_channels: int) -> SharedShape:
        return replace(chop_targets.shared_shape(8), dilations=(1, 2), early_channels=8, early_dilations=(1, 3))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chop, "shared_shape", small)
        yield


@pytest.fixture(scope="module")
def own_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings with their labels, as a user has them."""
    folder = tmp_path_factory.mktemp("records")
    for name, seed in (("one", 1), ("two", 2)):
        samples, truth = record(8.0, seed)
        soundfile.write(folder / f"{name}.wav", samples, 44_100)
        (folder / f"{name}.txt").write_text("\n".join(f"{sample / 44_100:.6f}" for sample in truth))
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, own_records: Path) -> Path:
    out = tmp_path_factory.mktemp("trained") / "tiny"
    outcome = samplechop("train", own_records, "-o", out, "--steps", 2, "--members", 1, "--jobs", 1)
    assert outcome.code == 0, outcome
    return out


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures, each of which takes as long as a step: one test looks at them."""

    def close(figure: Any, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pyplot.close(figure)

    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(measures, "save_figure", close)


def test_a_model_trained_on_a_fresh_crate_chops_a_record(crate: Crate, tmp_path: Path) -> None:
    out = tmp_path / "tiny"
    with tracing(True):  # the whole way as it is
        made = samplechop("train", crate.folder, "-o", out, "--steps", 2, "--members", 1)
    assert made.code == 0, made
    ran = samplechop("live", DEMO, "--fast", "--model", f"{out}.json", "--threshold", 0.01, "--events", "-")
    assert ran.code == 0, ran
    assert all(json.loads(line)["kind"] == "chop" for line in ran.out.splitlines())


def test_one_record_has_nothing_held_out(own_records: Path, tmp_path: Path) -> None:
    for name in ("one.wav", "one.txt"):
        shutil.copy(own_records / name, tmp_path)
    shutil.copy(own_records / "one.wav", tmp_path / "again").rename(tmp_path / "one.aiff")  # of the same labels
    outcome = samplechop("train", tmp_path, "-o", tmp_path / "tiny", "--steps", 2, "--jobs", 1)
    assert (outcome.code, len(outcome.err.strip().splitlines())) == (2, 1), outcome
    assert "nothing is held out" in outcome.err and "at least two" in outcome.err
    assert not list(tmp_path.glob("tiny*.json"))


def test_training_leaves_model_weights_card_and_pictures(trained: Path) -> None:
    assert {path.suffix for path in trained.parent.glob("tiny.*")} == WRITTEN
    assert {path.name for path in (trained.parent / "tiny-report").iterdir()} == {
        "loss.png",
        "precision-recall.png",
        "reliability.png",
    }


@pytest.mark.usefixtures("no_pictures")
def test_the_same_seed_gives_the_same_model(trained: Path, own_records: Path, tmp_path: Path) -> None:
    again = samplechop("train", own_records, "-o", tmp_path / "tiny", "--steps", 2, "--members", 1, "--jobs", 1)
    assert again.code == 0
    first, second = (models.load(out.with_suffix(".json")) for out in (trained, tmp_path / "tiny"))
    assert first.sha256 == second.sha256
    assert first.decision == second.decision


@pytest.mark.usefixtures("no_pictures")
def test_a_model_is_moved_on_from_its_weights(trained: Path, own_records: Path, tmp_path: Path) -> None:
    outcome = samplechop(
        *("train", own_records, "-o", tmp_path / "moved", "--from", f"{trained}.json", "--steps", 2, "--jobs", 1),
        *("--calibrate-on", own_records),
    )
    assert outcome.code == 0, outcome
    with np.load(f"{trained}.npz") as before, np.load(tmp_path / "moved.npz") as after:
        change = [np.abs(before[name] - after[name]).max() for name in before.files]
        scale = [np.abs(before[name]).max() for name in before.files]
    assert 0 < max(change) < 0.2 * max(scale)
    first, head, before, now, *rest = outcome.out.splitlines()
    assert re.search(
        r"moved\.json in \d+ s: your chops are found with F [01]\.\d\d on 1 recording .*, [01]\.\d\d before", first
    )
    assert head.split() == ["F", "precision", "recall"]
    assert before.startswith("tiny, before") and now.startswith("moved") and len(before) == len(now)
    assert any("2 labelled recordings are few" in line and "10 or more" in line for line in rest)
    moved = models.load(tmp_path / "moved.json")
    assert isinstance(moved.features, StreamFeatures) and moved.features.early is not None
    assert moved.features.early.file == "moved-early.tflite"
    size = [
        replace(features, early=None)
        for features in (moved.features, models.load(Path(f"{trained}.json")).features)
        if isinstance(features, StreamFeatures)
    ]
    assert size[0] == size[1]
    assert moved.training["recordings_calibration"] == 2


@pytest.mark.usefixtures("no_pictures")
def test_decisions_of_projects_are_learned_and_a_model_that_is_no_better_takes_no_place(
    trained: Path, own_records: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        audio = tmp_path / f"{name}.wav"
        shutil.copy(own_records / audio.name, audio)
        with editing(place_for(audio), Project(audio_of(open_record(audio, tmp_path)))) as editor:
            for time in (own_records / f"{name}.txt").read_text().split()[:4]:
                editor.do({"do": "add", "at": round(float(time) * 44_100)})
    outcome = samplechop(
        *("train", "chop", "--from-projects", tmp_path, "-o", tmp_path / "mine" / "me"),
        *("--from", f"{trained}.json", "--steps", 2, "--jobs", 1),
    )
    assert outcome.code == 0, outcome
    place, tried = tmp_path / "mine" / "me.json", tmp_path / "mine" / "me-features" / "tried" / "me.json"
    kept = "nothing was written in the place of me" in outcome.out
    assert (place.exists(), tried.exists()) == (not kept, kept)
    assert outcome.out.startswith(str(tried if kept else place))
    assert models.load(tried if kept else place).training["recordings_train"] == 1


@pytest.mark.usefixtures("no_pictures")
def test_several_nets_teach_one(own_records: Path, tmp_path: Path) -> None:
    small = ("--steps", 1, "--jobs", 1, "--members", 2)
    outcome = samplechop("train", own_records, "-o", tmp_path / "one", *small, "--distil")
    assert outcome.code == 0, outcome
    made = models.load(tmp_path / "one.json")
    assert isinstance(made.features, StreamFeatures)
    assert made.features.members == 1
    assert made.training["members"] == 2
    assert made.training["distilled"] is True


@pytest.mark.usefixtures("no_pictures")
def test_a_net_learns_from_models_that_were_trained_before(trained: Path, own_records: Path, tmp_path: Path) -> None:
    teachers = ("--teacher", f"{trained}.json", "--teacher", "chop")
    given = ("--from", f"{trained}.json", "--all-heads", "--steps", 2, "--jobs", 1)
    outcome = samplechop("train", own_records, "-o", tmp_path / "taught", *given, *teachers)
    assert outcome.code == 0, outcome
    assert models.load(tmp_path / "taught.json").training["teachers"] == [trained.name, "chop"]


@pytest.mark.usefixtures("no_pictures")
def test_a_model_can_be_calibrated_alone(trained: Path, own_records: Path, tmp_path: Path) -> None:
    outcome = samplechop(
        "train", own_records, "-o", tmp_path / "sure", "--from", f"{trained}.json", "--steps", 0, "--jobs", 1
    )
    assert outcome.code == 0, outcome
    with np.load(f"{trained}.npz") as before, np.load(tmp_path / "sure.npz") as after:
        assert all(np.array_equal(before[name], after[name]) for name in before.files)


@pytest.mark.usefixtures("no_pictures")
def test_the_classic_net_is_trained_by_the_same_command(own_records: Path, tmp_path: Path) -> None:
    outcome = samplechop(
        "train", own_records, "-o", tmp_path / "classic", "--model-shape", "chop-61", "--steps", 1, "--jobs", 1
    )
    assert outcome.code == 0, outcome
    assert models.load(tmp_path / "classic.json").kind == "chop"


@pytest.mark.usefixtures("no_pictures")
def test_the_classic_net_can_be_calibrated(own_records: Path, tmp_path: Path) -> None:
    outcome = samplechop("train", own_records, "-o", tmp_path / "sure", "--from", "chop-61", "--steps", 0, "--jobs", 1)
    assert outcome.code == 0, outcome
    sure, classic = models.load(tmp_path / "sure.json"), models.load("chop-61")
    assert (sure.sha256, sure.threshold) == (classic.sha256, classic.threshold)
    assert sure.training["recordings_calibration"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "-o", "m"], "no folder"),
        (["-o", "m"], "name a folder of labelled recordings, or --from-projects one"),
        (["--from-projects", ".", "-o", "m"], "--from-projects moves a model: name it with --from"),
        (
            ["--from-projects", ".", "-o", "m", "--from", "chop"],
            "put name.chops.json, a project with decisions, beside",
        ),
        ([".", "-o", "m"], "no labelled recordings"),
        ([".", "-o", "m", "--model-shape", "chop-62"], "--model-shape must be one of"),
        ([".", "-o", "m", "--from", "chop-61"], "only a streaming net of this task"),
        ([".", "-o", "m", "--from", "nobody"], "nobody"),
        ([".", "-o", "m", "--steps", "0"], "--steps 0 trains nothing"),
        ([".", "-o", "m", "--all-heads"], "--all-heads goes on with a training: name the model with --from"),
        ([".", "-o", "m", "--teacher", "chop", "--from", "chop"], "with --from give --all-heads, too"),
        ([".", "-o", "m", "--teacher", "chop-61"], "--teacher chop-61: only a streaming net of this task"),
        ([".", "-o", "/proc/m"], "cannot be written"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = samplechop("train", *arguments)
    assert outcome.code == 2, outcome
    assert says in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
