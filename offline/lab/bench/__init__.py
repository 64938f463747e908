"""How fast and how exact samplechop is on this machine; every figure that is claimed comes from here."""

import gc
import json
import os
import platform
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rich.table import Table

LATER = (
    *(sys.executable, "-m", "samplechop.realtime.core.compile_later"),
    *("samplechop.realtime.nets.compiled_step", "wait"),
)
"""The command that compiles what a first start leaves for later ones, or waits for that which it began."""


def best_seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """Run work several times; give the shortest time, the one least disturbed by what else runs."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def best_cpu_seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """As `best_seconds`, in CPU time of this process, which other processes do not add to."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def least_in_turns(measures: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """Take each of several measures again and again, in turns: what disturbs one disturbs all. Gives the least."""
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return [min(found) for found in zip(*rounds, strict=True)]


def as_installed() -> dict[str, str]:
    """Give the environment of programs that are measured: Python keeps there what it makes of modules.

    So it does for whoever installed samplechop, whatever is set here: without, each start would read all its source.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu_seconds_of(command: Sequence[str], repeats: int, code: int = 0) -> float:
    """Run a command several times; give the least CPU time that it took.

    Raises CalledProcessError if it ends otherwise than with the exit code.
    """

    def run() -> None:
        done = subprocess.run(command, check=False, capture_output=True, env=as_installed())
        if done.returncode != code:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)

    return min(cpu_seconds_of_programs(run) for _ in range(repeats))


def cpu_seconds_to_a_line(command: Sequence[str], repeats: int) -> float:
    """Run a command several times; give the least CPU time until it has written a line. Raises RuntimeError if not."""

    def run() -> None:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=as_installed()
        ) as program:
            line = program.stdout.readline() if program.stdout else b""
            program.kill()
        if not line:
            raise RuntimeError(f"nothing was written by {command}")

    return min(cpu_seconds_of_programs(run) for _ in range(repeats))


def cpu_seconds_of_programs(work: Callable[[], object]) -> float:
    """Give the CPU time of the programs that work runs, and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


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
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()  # which empties Python's lists of small objects for reuse, too
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / frames, float(peak - before)


@dataclass(frozen=True, slots=True)
class Figure:
    """name: what was measured. unit: of value. goal: the bound aimed at, in words; reached: whether value holds it."""

    name: str
    value: float
    unit: str
    goal: str = ""
    reached: bool | None = None

    def with_goal(self, goal: str, reached: bool) -> "Figure":
        """Give the same figure with a bound."""
        return replace(self, goal=goal, reached=reached)

    def at_most(self, goal: float | None) -> "Figure":
        """Give the same figure with an upper bound, if there is one."""
        return self if goal is None else self.with_goal(f"≤ {goal:g}", bool(self.value <= goal))

    def at_least(self, goal: float | None) -> "Figure":
        """Give the same figure with a lower bound, if there is one."""
        return self if goal is None else self.with_goal(f"≥ {goal:g}", bool(self.value >= goal))


def machine() -> dict[str, object]:
    """Name what the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def as_json(figures: Sequence[Figure]) -> str:
    """Write one JSON object: the machine, and a list of figures."""
    records = [
        {"name": f.name, "value": f.value, "unit": f.unit, "goal": f.goal, "reached": f.reached} for f in figures
    ]
    return json.dumps({"machine": machine(), "figures": records}, indent=2, ensure_ascii=False)


def as_table(title: str, figures: Sequence[Figure]) -> "Table":
    """Lay figures out for a terminal, one per line, with a mark where a goal was reached or missed."""
    from rich.table import Table

    table = Table(title=f"{title} ({machine()['cores']} cores, {machine()['machine']})", title_justify="left")
    table.add_column("what")
    table.add_column("here", justify="right")
    table.add_column("")
    table.add_column("goal")
    for figure in figures:
        mark = {None: "", True: " ✓", False: " ✗ missed"}[figure.reached]
        whole = float(figure.value).is_integer()  # of what is counted every digit is meant
        value = f"{figure.value:,.0f}" if whole else f"{figure.value:,.4g}"
        table.add_row(figure.name, value, figure.unit, figure.goal + mark)
    return table
