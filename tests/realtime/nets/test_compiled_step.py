"""Single steps of the shared net, compiled or not, equal those of the runtime to the last bit."""

import numpy as np
import pytest

from samplechop import models
from samplechop.realtime.nets.compiled_step import MOST, compile_now
from samplechop.realtime.nets.temporal_net import TemporalNet


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    compile_now()


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_single_steps_give_the_bits_of_the_runtime(scale: float) -> None:
    """Where the runtime rounds otherwise than compiled steps would, on some processors, it computes them itself."""
    net, reference = TemporalNet(models.load("chop")), TemporalNet(models.load("chop"))
    reference._compiled = None
    rows = scale * np.random.default_rng(1).standard_normal((60, 1, 125), np.float32)
    for row in rows:
        np.testing.assert_array_equal(net.push(row), reference.push(row))
        np.testing.assert_array_equal(net.early, reference.early)


def test_steps_side_by_side_give_the_bits_of_chunks_of_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(2).standard_normal((3 * MOST + 5, 125), np.float32)
    net = TemporalNet(models.load("chop"), len(rows))
    monkeypatch.setattr(TemporalNet, "_compile", lambda *_: None)
    reference = TemporalNet(models.load("chop"), len(rows))
    first = 0
    for size in (MOST + 1, 1, 2 * MOST, 3):
        block = rows[first : first + size]
        np.testing.assert_array_equal(net.push(block), reference.push(block))
        np.testing.assert_array_equal(net.early, reference.early)
        first += size


def test_a_net_that_is_built_otherwise_is_left_to_the_runtime() -> None:
    assert not TemporalNet(models.load("drums")).is_compiled
