"""A live block leaves nothing allocated, whatever its size."""

import tracemalloc

import numpy as np
import pytest

from samplechop.realtime import detectors
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import Engine

SECONDS = 14
"""Until every curve that a view may show is as long as it gets."""
PASSING = 20_000
"""Bytes: the outputs of a net, which the runtime copies, and little more."""


@pytest.mark.parametrize("block", [64, 256])
def test_the_chain_of_chops_and_beats_keeps_no_memory_of_a_block(block: int) -> None:
    engine = Engine({name: detectors.make(name) for name in ("chop", "beats", "drums")}, ANALYSIS_RATE, 2, block)
    noise = 0.01 * np.random.default_rng(0).standard_normal((SECONDS * ANALYSIS_RATE, 2))
    samples = noise.astype(np.float32)
    blocks = [samples[i : i + block] for i in range(0, len(samples) - block, block)]

    def run(some: list[np.ndarray]) -> None:
        for one in some:
            engine.process(one, lambda _: None)

    last = blocks[-SECONDS * ANALYSIS_RATE // block // 2 :]
    tracemalloc.start()
    try:
        run(blocks)  # traced, as what takes the place of memory of before counts as new
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run(last)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(last) < 1
    assert peak - before < PASSING
