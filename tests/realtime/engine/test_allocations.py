"""A live block leaves nothing allocated, whatever its size, and whatever is found in it."""

import gc
import tracemalloc

import numpy as np
import pytest
import soundfile

from samplechop.realtime import detectors
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.beats import octave_evidence
from samplechop.realtime.engine.engine import Engine

SECONDS = 14
"""Until every curve that a view may show is as long as it gets."""
PASSING = 30_000
"""Bytes: the outputs of a net, which the runtime copies, and little more."""


def sound(name: str) -> np.ndarray:
    """Give so many seconds of noise in which nothing is found, or of the demo record."""
    if name == "noise":
        return 0.01 * np.random.default_rng(0).standard_normal((SECONDS * ANALYSIS_RATE, 2)).astype(np.float32)
    audio, _ = soundfile.read(DEMO, SECONDS * ANALYSIS_RATE, dtype="float32", always_2d=True)
    return audio


@pytest.mark.parametrize("block", [64, 256])
@pytest.mark.parametrize("name", ["noise", "demo"])
def test_the_chain_of_all_detectors_keeps_no_memory_of_a_block(
    monkeypatch: pytest.MonkeyPatch, name: str, block: int
) -> None:
    monkeypatch.setattr(octave_evidence, "REMEMBERED", 4)  # beats: in their view's curve are hours of them
    engine = Engine({one: detectors.make(one) for one in detectors.BUILT_IN}, ANALYSIS_RATE, 2, block)
    samples, kinds = sound(name), set()
    blocks = [samples[i : i + block] for i in range(0, len(samples) - block, block)]

    def note(event: Event) -> None:
        kinds.add(event.kind)

    def run(some: list[np.ndarray]) -> None:
        for one in some:
            engine.process(one, note)

    last = blocks[-len(blocks) // 4 :]
    tracemalloc.start()
    try:
        run(blocks)  # traced, as what takes the place of memory of before counts as new
        gc.collect()  # which drops what Python and numpy keep of small objects for the next ones, too
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run(last)
        peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert not kinds if name == "noise" else {"chop", "beat", "drum", "confirmed", "chord", "key"} <= kinds
    assert (after - before) / len(last) < 1
    assert peak - before < PASSING
