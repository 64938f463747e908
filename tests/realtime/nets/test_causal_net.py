"""What passes rows on to a causal net does the same compiled and not, for single steps and many at once."""

import numpy as np
import pytest

from samplechop.realtime.nets.causal_net import CHUNK, _compiled, _gather, _keep, earlier_rows

WIDTH, CHANNELS, OUTPUTS, DEPTH = 7, 5, 3, 300
DELAYS = np.array([1, 2, 40, 118], np.int64)


@pytest.mark.parametrize("steps", [1, CHUNK])
@pytest.mark.parametrize("time", [0, 117, 299, 1234])
def test_rows_are_passed_on_alike(steps: int, time: int) -> None:
    luck, n, layers = np.random.default_rng(time), max(1, steps - 3), len(DELAYS) - 1
    frames, recent = luck.random((n, WIDTH), np.float32), luck.random((DEPTH, WIDTH), np.float32)
    memory = luck.random((layers, DEPTH, CHANNELS), np.float32)
    earlier = [earlier_rows(delay, steps) for delay in DELAYS.tolist()]
    n_inputs = (steps + earlier[0]) * WIDTH + sum(earlier[1:]) * CHANNELS
    found = luck.random(steps * (OUTPUTS + layers * CHANNELS), np.float32)
    results = []
    for gather, keep in (_compiled(), (_gather, _keep)):
        given, outputs = np.zeros(n_inputs, np.float32), np.zeros((n, OUTPUTS), np.float32)
        states = recent.copy(), memory.copy()
        gather(frames, steps, *states, DELAYS, time, given)
        keep(found, n, steps, states[1], time, outputs)
        results.append((given, outputs, *states))
    for compiled, plain in zip(*results, strict=True):
        np.testing.assert_array_equal(compiled, plain)
