"""Single steps of the shared net, compiled or not, equal those of the runtime to the last bit."""

import numpy as np
import pytest
from numba import njit

from samplechop import models
from samplechop.realtime.nets.compiled_step import MOST, compile_now
from samplechop.realtime.nets.net_sums import BY_POLYNOMIAL, BY_TABLE, logistic, powers_of_two
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


@pytest.mark.parametrize("kind", [BY_TABLE, BY_POLYNOMIAL])
def test_each_sigmoid_of_the_runtime_is_one(kind: int) -> None:
    @njit
    def every(x, powers, out):
        for k in range(len(x)):
            out[k] = logistic(x[k], powers, kind)

    x = np.concatenate([np.linspace(-100, 100, 20_001), [0.0, -0.0]]).astype(np.float32)
    found = np.zeros_like(x)
    every(x, powers_of_two(), found)
    expected = np.where(x < np.float32(-87.33654), 0, 1 / (1 + np.exp(-x.astype(np.float64))))
    np.testing.assert_allclose(found, expected, rtol=4e-7, atol=1.5e-38)  # what is denormal may count as 0
