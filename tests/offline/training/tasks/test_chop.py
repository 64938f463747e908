"""The streaming net: over sequences, as one step, and on disk."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.common.progress import silent
from samplechop.offline.training import dataset, keras_models, tcn
from samplechop.offline.training.keras_models import Calibrated
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import ChopOptions
from samplechop.offline.training.streaming import start_from
from samplechop.offline.training.streaming_targets import Annotation, Record, record_of
from samplechop.offline.training.tasks import chop
from samplechop.offline.training.tasks.chop_targets import COARSE, COARSE_LOOKAHEAD, SHARED
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.features import N_FEATURES
from samplechop.realtime.nets.streaming import ActivationStream
from tests.support.signals import record

HEADS = COARSE.names
SHAPE = tcn.Shape(N_FEATURES, len(HEADS), (1, 2, 4), 6)


def audio(seconds: float = 3.0) -> np.ndarray:
    return record(seconds)[0]


@pytest.fixture(scope="module")
def nets() -> list[object]:
    made = [tcn.build(SHAPE, seed) for seed in (1, 2)]
    rng = np.random.default_rng(0)
    for net in made:  # a normalisation that has seen something
        net.get_layer("norm_1").set_weights([rng.uniform(0.5, 2, SHAPE.channels) for _ in range(4)])
    return made


def test_one_frame_at_a_time_says_what_the_sequence_says(nets: list, tmp_path: Path) -> None:
    layers = [tcn.layers_of(net, SHAPE) for net in nets]
    described = StreamFeatures(
        44_100, 512, N_FEATURES, COARSE_LOOKAHEAD, HEADS, SHAPE.dilations, SHAPE.channels, len(nets)
    )
    made = Calibrated(tcn.step(layers, SHAPE).to_tflite(), described, {})
    manifest = keras_models.write(tmp_path / "two", made, {})
    samples = audio()
    taken = record_of(COARSE, samples, Annotation({}, {}))
    logits = np.mean([net(np.asarray(taken.x, np.float32)[None], training=False).numpy()[0] for net in nets], axis=0)
    activations = ActivationStream(manifest, 700)
    padded = np.concatenate([samples, np.zeros(activations.latency, np.float32)])
    live = np.concatenate([activations.push(padded[i : i + 700]).copy() for i in range(0, len(padded), 700)])
    wanted = (1 / (1 + np.exp(-logits)))[COARSE_LOOKAHEAD:]
    n = min(len(wanted), len(live))
    assert n > 200
    np.testing.assert_allclose(live[:n], wanted[:n], atol=3e-3)  # the shards keep features in half precision


def test_weights_survive_the_disk_and_start_the_same_net(nets: list, tmp_path: Path) -> None:
    layers = tcn.layers_of(nets[0], SHAPE)
    tcn.save_weights(tmp_path / "net.npz", [layers])
    (again,) = tcn.load_weights(tmp_path / "net.npz")
    x = np.random.default_rng(1).standard_normal((1, 50, N_FEATURES)).astype(np.float32)
    begun = tcn.build(SHAPE, 3, layers=again)
    np.testing.assert_allclose(begun(x, training=False), nets[0](x, training=False), atol=1e-4)


def test_weights_of_another_net_are_refused(nets: list, tmp_path: Path) -> None:
    layers = tcn.layers_of(nets[0], SHAPE)
    described = StreamFeatures(44_100, 512, N_FEATURES, COARSE_LOOKAHEAD, HEADS, SHAPE.dilations, SHAPE.channels, 1)
    made = Calibrated(tcn.step([layers], SHAPE).to_tflite(), described, {})
    net = str(keras_models.write(tmp_path / "net", made, {}).path)
    tcn.save_weights(tmp_path / "net.npz", [layers])
    assert start_from(net, StreamFeatures, lookahead=COARSE_LOOKAHEAD).shape == SHAPE
    tcn.save_weights(tmp_path / "net.npz", [layers[:-1]])
    with pytest.raises(UserError, match=r"net\.npz beside it holds the weights of another net"):
        start_from(net, StreamFeatures)
    with pytest.raises(UserError, match="its lookahead is 15, this version trains 14"):
        start_from(net, StreamFeatures, lookahead=14)


def test_the_released_model_can_be_begun_from() -> None:
    begin = start_from("chop", StreamFeatures, lookahead=SHARED.answers.lookahead, heads=SHARED.names)
    assert len(begin.members) == models.load("chop").features.members


@pytest.mark.parametrize("licence", ["CC BY-NC-SA 4.0", "non-commercial use only", "MIT", "CC BY 4.0"])
def test_a_model_for_non_commercial_use_is_no_teacher(tmp_path: Path, licence: str) -> None:
    released = models.load("chop")
    for file in models.FOLDER.glob("chop*"):
        shutil.copy(file, tmp_path)
    record = json.loads((tmp_path / "chop.json").read_text())
    (tmp_path / "chop.json").write_text(json.dumps({**record, "license": licence}))
    name, free = str(tmp_path / "chop.json"), licence in ("MIT", "CC BY 4.0")
    for option in ("--from", "--teacher"):
        with nullcontext() if free else pytest.raises(UserError, match=f"^{option} .*forbids commercial use"):
            assert start_from(name, StreamFeatures, option).manifest.sha256 == released.sha256
    if not free:
        with pytest.raises(UserError, match=r"^--from .*forbids commercial use"):
            chop.train([tmp_path], ChopOptions(start=name, steps=0), Run("chop", tmp_path / "x", tmp_path, "", silent))


@pytest.mark.parametrize("content", [b"PK nothing", b"PK\x03\x04 cut short", b""])
def test_no_weights_is_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.npz").write_bytes(content)
    with pytest.raises(UserError, match="no weights to start from"):
        tcn.load_weights(tmp_path / "net.npz")


def test_shards_give_back_what_they_were_given(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def record(n: int) -> Record:
        return Record(*(rng.random((n, width)).astype(np.float16) for width in (4, 2, 2)))

    first, second, third = record(5), record(7), record(3)
    rows = dataset.write_shard(tmp_path, 0, [("a", "train", first), ("b", "validation", second)])
    rows += dataset.write_shard(tmp_path, 1, [("c", "train", third)])
    assert not dataset.is_made_of(tmp_path, "these")
    dataset.write_index(tmp_path, rows, "these")
    assert dataset.is_made_of(tmp_path, "these")
    assert not dataset.is_made_of(tmp_path, "others")
    found = dataset.read(tmp_path, "train")
    for wanted, got in zip((first, third), found, strict=True):
        np.testing.assert_array_equal(wanted.x, got.x)
        np.testing.assert_array_equal(wanted.weight, got.weight)


def test_features_that_are_made_anew_are_unfinished_until_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        soundfile.write(tmp_path / f"{name}.wav", audio(1.0), 44_100)
        (tmp_path / f"{name}.txt").write_text("0.5\n")
    dataset.prepare(COARSE, [tmp_path], tmp_path / "features", jobs=1)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(dataset, "write_shard", full)
    with pytest.raises(OSError, match="disk full"):
        dataset.prepare(COARSE, [tmp_path], tmp_path / "features", seed=2, jobs=1)
    with pytest.raises(UserError, match="no finished features"):
        dataset.read(tmp_path / "features", "train")


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished features"):
        dataset.read(tmp_path, "train")


def test_what_is_asked_comes_when_the_lookahead_has_been_heard() -> None:
    taken = record_of(COARSE, audio(), Annotation({"chop": [1.0]}, {}))
    rows = np.flatnonzero(taken.target[:, HEADS.index("chop")] == 1)
    assert rows.tolist() == [44_100 // 512 + COARSE_LOOKAHEAD]
