"""The shared net: over sequences, hop by hop, and what its early stage may know."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samplechop import models
from samplechop.models import ModelError, StreamFeatures
from samplechop.offline.training.streaming import shape_of, start_from
from samplechop.offline.training.streaming_targets import Annotation, record_of
from samplechop.offline.training.tasks.chop_targets import LOOKAHEAD, SHARED
from samplechop.realtime.nets.features import HOP_LENGTH, STACK
from samplechop.realtime.nets.fine_features import N_EARLY, PER_HOP
from samplechop.realtime.nets.streaming import ActivationStream
from tests.support.shared_nets import BOTH, EARLY, N_HEADS, SHAPE, untrained, written
from tests.support.signals import record


@pytest.fixture(scope="module")
def nets() -> list[Any]:
    pytest.importorskip("tensorflow")
    return untrained()


@pytest.mark.parametrize("members", [1, 2])
def test_hop_by_hop_it_says_what_it_says_of_the_whole_record(nets: list[Any], members: int, tmp_path: Path) -> None:
    manifest = written(BOTH[:members], tmp_path / "shared")
    samples = record(3.0)[0]
    taken = record_of(SHARED, samples, Annotation({}, {}))
    x = np.asarray(taken.x, np.float32)[None]
    logits = np.mean([net(x, training=False).numpy()[0] for net in nets[:members]], axis=0)
    whole = 1 / (1 + np.exp(-logits))
    activations = ActivationStream(manifest, 700)
    padded = np.concatenate([samples, np.zeros(activations.latency, np.float32)])
    rows, early = [], []
    for i in range(0, len(padded), 700):
        rows.append(activations.push(padded[i : i + 700]).copy())
        early.append(activations.early.copy())
    live, soon = np.concatenate(rows), np.concatenate(early)
    n = min(len(whole) - LOOKAHEAD, len(live))
    assert n > 200
    np.testing.assert_allclose(live[:n], whole[LOOKAHEAD:][:n, :N_HEADS], atol=5e-3)  # shards have half precision
    hops = whole[:, N_HEADS:].reshape(-1, len(EARLY))
    n = min(len(hops), len(soon))
    np.testing.assert_allclose(soon[:n], hops[:n], atol=5e-3)


def test_the_early_stage_knows_nothing_of_what_follows(nets: list[Any]) -> None:
    x = np.random.default_rng(2).standard_normal((1, 60, SHAPE.n_features)).astype(np.float32)
    changed = x.copy()
    changed[0, 30, PER_HOP:] += 1  # the second hop of a frame
    before, after = (
        net.numpy()[0, :, N_HEADS:].reshape(-1, len(EARLY))
        for net in (nets[0](one, training=False) for one in (x, changed))
    )
    differs = np.flatnonzero(np.any(before != after, axis=1))
    assert differs[0] == 30 * STACK + 1


def test_early_answers_need_no_constant_q(nets: list[Any]) -> None:
    x = np.random.default_rng(2).standard_normal((1, 60, SHAPE.n_features)).astype(np.float32)
    without = x.reshape(-1, PER_HOP).copy()
    without[:, N_EARLY:] = 0
    before, after = (nets[0](one, training=False).numpy()[..., N_HEADS:] for one in (x, without.reshape(x.shape)))
    np.testing.assert_array_equal(before, after)


def test_a_written_net_can_be_begun_from(nets: list[Any], tmp_path: Path) -> None:
    manifest = written(BOTH, tmp_path / "shared")
    begin = start_from(str(manifest.path), StreamFeatures, lookahead=LOOKAHEAD)
    assert begin.shape == SHAPE == shape_of(manifest.features)
    x = np.random.default_rng(1).standard_normal((1, 50, SHAPE.n_features)).astype(np.float32)
    begun = begin.shape.build(3, layers=begin.members[1])
    np.testing.assert_allclose(begun(x, training=False), nets[1](x, training=False), atol=1e-3)


def test_its_two_files_belong_together(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    manifest = written((1,), tmp_path / "shared")
    early = tmp_path / "shared-early.tflite"
    early.write_bytes(early.read_bytes() + b" ")
    with pytest.raises(ModelError, match=r"shared-early\.tflite is damaged or was exchanged"):
        models.load(manifest.path)
    early.unlink()
    with pytest.raises(ModelError, match=r"names 'shared-early\.tflite', which is not beside it"):
        models.load(manifest.path)


def test_a_hit_is_asked_for_early_as_the_drum_net_is() -> None:
    sample = 44_200
    asked = Annotation({"early_kick": [(sample + 0.5) / 44_100]}, {})
    taken = record_of(SHARED, np.zeros(2 * 44_100, np.float32), asked)
    column = EARLY.index("early_kick")
    (hop,) = np.flatnonzero(taken.target[:, N_HEADS:].reshape(-1, len(EARLY))[:, column] == 1)
    known = hop * HOP_LENGTH + 512 - sample
    assert 591 <= known <= 591 + 255
