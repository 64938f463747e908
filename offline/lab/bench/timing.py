"""Taking times and counting allocations."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray


def best_seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """Run work several times; give the shortest time, the one least disturbed by what else runs."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def each_microseconds(steps: Iterable[Callable[[], object]]) -> NDArray[np.float64]:
    """Time every step on its own, in µs, with the garbage collector at rest."""
    gc.collect()
    gc.disable()
    try:
        times = []
        for step in steps:
            began = time.perf_counter_ns()
            step()
            times.append(time.perf_counter_ns() - began)
    finally:
        gc.enable()
    return np.array(times) / 1e3


def allocations(work: Callable[[], object], frames: int) -> tuple[float, float]:
    """Give what `work` leaves allocated and what it allocates at most in passing, in bytes per frame and bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / frames, float(peak - before)
