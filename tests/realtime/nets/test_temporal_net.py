"""A streaming net gives the same bits one step at a time and many at once."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplechop import models
from samplechop.realtime.nets.causal_net import CHUNK
from samplechop.realtime.nets.temporal_net import TemporalNet

ROWS = 3 * CHUNK
RELEASED = ("chop", "drums")


def push(net: TemporalNet, rows: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    net.reset()
    found, early, first, turn = [], [], 0, 0
    while first < len(rows):
        size = sizes[turn % len(sizes)]
        found.append(net.push(rows[first : first + size]).copy())
        early.append(net.early.copy())
        first, turn = first + size, turn + 1
    return np.concatenate(found), np.concatenate(early)


def rows_for(net: TemporalNet, n_features: int) -> np.ndarray:
    shape = ROWS, n_features // net.rows_per_frame
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def n_features(name: str) -> int:
    features = models.load(name).features
    assert isinstance(features, models.StreamFeatures | models.DrumFeatures)
    return features.n_features


@pytest.mark.parametrize("name", RELEASED)
def test_many_steps_at_once_give_what_single_steps_give(name: str) -> None:
    manifest = models.load(name)
    single, many = TemporalNet(manifest), TemporalNet(manifest, ROWS)
    rows = rows_for(single, n_features(name))
    np.testing.assert_array_equal(push(many, rows, [ROWS])[0], push(single, rows, [1])[0])


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(1, 2 * CHUNK), min_size=1, max_size=5))
def test_it_does_not_matter_how_many_steps_come_at_a_time(sizes: list[int]) -> None:
    net = TemporalNet(models.load("chop"), ROWS)
    rows = rows_for(net, n_features("chop"))
    np.testing.assert_array_equal(push(net, rows, sizes)[0], push(net, rows, [ROWS])[0])


@pytest.mark.parametrize("more", [-1, 1])
def test_rows_of_another_width_are_refused(more: int) -> None:
    net = TemporalNet(models.load("chop"), 4)
    with pytest.raises(ValueError):
        net.push(np.zeros((4, rows_for(net, n_features("chop")).shape[1] + more), np.float32))


@pytest.mark.parametrize("members", [1, 2])
def test_a_net_with_an_early_stage_gives_the_same_in_chunks(members: int, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from tests.support.shared_nets import BOTH, SHAPE, written

    manifest = written(BOTH[:members], tmp_path / "shared")
    single, many = TemporalNet(manifest), TemporalNet(manifest, ROWS)
    rows = rows_for(single, SHAPE.n_features)
    wanted = push(single, rows, [1])
    for sizes in ([ROWS], [CHUNK + 1], [9, 1, 14]):
        for got, expected in zip(push(many, rows, sizes), wanted, strict=True):
            np.testing.assert_array_equal(got, expected)


def test_a_file_of_single_steps_alone_is_run_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = models.load("chop")
    many = TemporalNet(manifest, ROWS)
    rows = rows_for(many, n_features("chop"))
    monkeypatch.setattr("samplechop.realtime.nets.causal_net.CHUNK_SIGNATURE", "none of this name")
    np.testing.assert_array_equal(push(TemporalNet(manifest, ROWS), rows, [ROWS])[0], push(many, rows, [ROWS])[0])
