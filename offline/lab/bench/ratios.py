"""`samplechop bench ratios`: whether anything became dear, told by counts and ratios, which hold on every machine.

Counted is what Python does for each block. Computing is measured in Fourier transforms of numpy, and starts in a Python
that imports numpy, both in turns, the least of several: what else the machine does slows both. No bound is in seconds.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.lab.bench import Figure, allocations, best_cpu_seconds, cpu_seconds_of, least_in_turns
from samplechop.offline.lab.bench.live import TOGETHER
from samplechop.offline.lab.bench.start import LISTENING, NUMPY, PROGRAM
from samplechop.realtime import detectors
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.nets.temporal_net import TemporalNet
from samplechop.realtime.session_parts import BLOCK

SECONDS = 20
FRAME, HOP = 1024, 256
"""Of the transforms that computing is measured in."""
SETTLED = 2 * ANALYSIS_RATE
"""Samples after which a block does what all later ones do."""
CHOPS, ALL = ("chop",), TOGETHER
# Bounds lie about a third above what was measured when they were set.
CALLS = {CHOPS: 49.0, ALL: 142.0}
"""Calls of functions for a live block, of Python and from Python, in the mean, at most."""
LEFT = 4.0
"""Bytes that a live block may leave allocated, in the mean: events that wait to be given, and no array."""
LIVE, FILE = {CHOPS: 9.6, ALL: 23.5}, {CHOPS: 2.8, ALL: 8.6}
"""Computing for some audio, at most, in transforms of the same audio, one frame each hop."""
BY_RUNTIME = {"calls": 35.0, "live": 9.0, "a file": 1.4}
"""How much more each of them may be where the runtime computes the net's steps, as on a machine's first start."""
STARTS = {("--help",): 1.8, ("chop", "--help"): 3.8, LISTENING: 6.0}
"""CPU time of a command, at most, in Pythons that import numpy."""


def counts(mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Count, for live blocks, calls of functions and the bytes that are left allocated. mono: float32 (n,)."""
    blocks = _blocks(mono, BLOCK)
    settled, more = SETTLED // BLOCK, _more("calls")
    for names, most in CALLS.items():
        engine = _engine(names, BLOCK)
        _run(engine, blocks[:settled])
        later = blocks[settled:]
        work = partial(_run, engine, later)
        calls = calls_of(work) / len(later)
        yield Figure(f"{_title(names)}, a live block: calls of functions", calls, "").at_most(most + more)
        left, _ = allocations(work, len(later))
        yield Figure(f"{_title(names)}, a live block: left allocated", left, "bytes").at_most(LEFT)


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
        blocks, more = _blocks(mono, block), _more(where)
        for names, most in bounds.items():
            works = partial(_run, _engine(names, block), blocks), transforms
            took, unit = least_in_turns([partial(best_cpu_seconds, work, 1) for work in works], repeats)
            ratio = Figure(f"{_title(names)}, {where}: computing ÷ FFTs of it", took / unit, "×")
            yield ratio.at_most(most + more)


def starts(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of commands, once everything is compiled, over that of a Python that imports numpy."""
    cpu_seconds_of([*PROGRAM, *LISTENING], 1)
    commands = [NUMPY, *([*PROGRAM, *arguments] for arguments in STARTS)]
    bare, *took = least_in_turns([partial(cpu_seconds_of, command, 1) for command in commands], repeats)
    for (arguments, most), seconds in zip(STARTS.items(), took, strict=True):
        yield Figure(f"{' '.join(arguments)} ÷ Python and numpy", seconds / bare, "×").at_most(most)


def _more(what: str) -> float:
    """Give what bounds are higher by here, see BY_RUNTIME."""
    return 0.0 if TemporalNet(models.load("chop")).is_compiled else BY_RUNTIME[what]


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
