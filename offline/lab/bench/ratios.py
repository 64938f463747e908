"""`samplechop bench ratios`: whether anything became dear, told by counts and ratios, which hold on every machine.

Counted is what Python does for each block. Computing is measured in Fourier transforms of numpy, and starts in a Python
that imports numpy, both in turns, the least of several: what else the machine does slows both. No bound is in seconds.
"""

import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench import Figure, allocations, best_in_turns, cpu_seconds_of
from samplechop.offline.lab.bench.live import TOGETHER
from samplechop.offline.lab.bench.start import LISTENING, PROGRAM
from samplechop.realtime import detectors
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.session_parts import BLOCK

SECONDS = 20
FRAME, HOP = 1024, 256
"""Of the transforms that computing is measured in."""
SETTLED = 2 * ANALYSIS_RATE
"""Samples after which a block does what all later ones do."""
CHOPS, ALL = ("chop",), TOGETHER
# Bounds lie about a third above what was measured when they were set.
CALLS = {CHOPS: 88.0, ALL: 188.0}
"""Calls of functions for a live block, of Python and from Python, in the mean, at most: also where the runtime computes
the net's steps, which takes some 25 calls more than compiled ones."""
LIVE, FILE = {CHOPS: 16.0, ALL: 40.0}, {CHOPS: 3.6, ALL: 12.0}
"""Computing for some audio, at most, in transforms of the same audio, one frame each hop."""
STARTS = {("--help",): 2.2, ("chop", "--help"): 5.0, LISTENING: 10.0}
"""CPU time of a command, at most, in Pythons that import numpy."""


def counts(mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Count, for live blocks, calls of functions and the bytes that are left allocated. mono: float32 (n,)."""
    blocks = _blocks(mono, BLOCK)
    settled = SETTLED // BLOCK
    for names, most in CALLS.items():
        engine = _engine(names, BLOCK)
        _run(engine, blocks[:settled])
        calls = calls_of(lambda: _run(engine, blocks[settled:])) / len(blocks[settled:])  # noqa: B023 (called at once)
        yield Figure(f"{_title(names)}, a live block: calls of functions", calls, "").at_most(most)
        left, _ = allocations(lambda: _run(engine, blocks[settled:]), len(blocks[settled:]))  # noqa: B023 (called at once)
        yield Figure(f"{_title(names)}, a live block: left allocated", left, "bytes").at_most(16)


def calls_of(work: Callable[[], object]) -> int:
    """Count the calls of functions of Python, and of compiled ones from Python, that work makes in this thread."""
    found = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def computing(mono: NDArray[np.float32], repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of detectors over that of numpy's transforms of the same audio."""
    window = np.hanning(FRAME).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(mono, FRAME)[::HOP]

    def transforms() -> None:
        for first in range(0, len(frames), 64):
            np.fft.rfft(frames[first : first + 64] * window)

    for where, block, bounds in (("live", BLOCK, LIVE), ("a file", FAST_BLOCK, FILE)):
        blocks = _blocks(mono, block)
        for names, most in bounds.items():
            engine = _engine(names, block)
            took, unit = best_in_turns([lambda: _run(engine, blocks), transforms], repeats)  # noqa: B023 (called at once)
            yield Figure(f"{_title(names)}, {where} ÷ transforms", took / unit, "×").at_most(most)


def starts(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of commands, once everything is compiled, over that of a Python that imports numpy."""
    cpu_seconds_of([*PROGRAM, *LISTENING], 1)
    bare = cpu_seconds_of([sys.executable, "-c", "import numpy"], repeats)
    for arguments, most in STARTS.items():
        took = cpu_seconds_of([*PROGRAM, *arguments], repeats)
        yield Figure(f"{' '.join(arguments)} ÷ Python and numpy", took / bare, "×").at_most(most)


def _engine(names: Sequence[str], block: int) -> Engine:
    return Engine({name: detectors.make(name) for name in names}, ANALYSIS_RATE, 1, block)


def _blocks(mono: NDArray[np.float32], size: int) -> list[NDArray[np.float32]]:
    return [mono[first : first + size, None] for first in range(0, len(mono) - size + 1, size)]


def _run(engine: Engine, blocks: Sequence[NDArray[np.float32]]) -> None:
    for block in blocks:
        engine.process(block, _drop)


def _drop(_event: object) -> None:
    """Do nothing with an event."""


def _title(names: Sequence[str]) -> str:
    return " + ".join(names)
