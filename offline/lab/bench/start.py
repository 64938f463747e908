"""`samplechop bench start`: what it costs until something happens.

CPU times of whole processes, the least of several, and beside them that of a Python which only imports numpy: their
ratio says the same on a slow and on a busy machine.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial

from samplechop.offline.lab.bench import LATER, Figure, cpu_seconds_of, cpu_seconds_to_a_line, least_in_turns

PROGRAM = (sys.executable, "-m", "samplechop")
NUMPY = (sys.executable, "-c", "import numpy")
COMMANDS: dict[str, tuple[tuple[str, ...], float | None, int]] = {
    "--help": (("--help",), 0.3, 0),
    "--version": (("--version",), 0.3, 0),
    "a typo, chpo": (("chpo",), 0.3, 2),
    "live --help": (("live", "--help"), None, 0),
    "chop --help": (("chop", "--help"), None, 0),
    "train --help": (("train", "--help"), None, 0),
}
"""Arguments, the most CPU time that is aimed at, s, and the exit code."""
LISTENING = ("live", "--demo", "--fast", "--duration", "0.5", "--quiet")
"""Start and process half a second of a file: what comes after the first frame takes 1 ms."""
FIRST_EVENT = ("live", "--demo", "--fast", "--quiet", "--events", "-")
"""Print the events of a file."""


def commands(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of commands that compute nothing."""
    measures = [partial(cpu_seconds_of, [*PROGRAM, *words], 1, code) for words, _, code in COMMANDS.values()]
    bare, *took = least_in_turns([partial(cpu_seconds_of, NUMPY, 1), *measures], repeats)
    yield Figure("Python and numpy alone", bare, "s of CPU")
    for (name, (_, goal, _)), seconds in zip(COMMANDS.items(), took, strict=True):
        yield Figure(name, seconds, "s of CPU").at_most(goal)
        yield Figure(f"{name} ÷ Python and numpy", seconds / bare, "×")


def first_event(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time until the first event of a file is written, with all compiled, and beside a Python's start."""
    command = [*PROGRAM, *FIRST_EVENT]
    cpu_seconds_of(command, 1)
    cpu_seconds_of(LATER, 1)
    measures = partial(cpu_seconds_to_a_line, command, 1), partial(cpu_seconds_of, NUMPY, 1)
    took, bare = least_in_turns(measures, repeats)
    yield Figure("first event of a file, warm", took, "s of CPU").at_most(1)
    yield Figure("first event of a file, warm ÷ Python and numpy", took / bare, "×")


def listening(detect: Sequence[str] = ("chops", "chops,beats,drums,harmony"), repeats: int = 3) -> Iterator[Figure]:
    """Give the CPU time until it listens, with nothing compiled before and with all of it."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    try:
        for detectors in detect:
            command = [*PROGRAM, *LISTENING, "--detect", detectors]
            cpu_seconds_of(command, 1)  # whoever installed it has its modules compiled, though not yet its functions
            with tempfile.TemporaryDirectory() as empty:
                os.environ["NUMBA_CACHE_DIR"] = empty
                first = cpu_seconds_of(command, 1)
                cpu_seconds_of(LATER, 1)
                warm = cpu_seconds_of(command, repeats)
            yield Figure(f"{detectors}: first start ever, until it listens", first, "s of CPU").at_most(10)
            yield Figure(f"{detectors}: later starts", warm, "s of CPU").at_most(1)
            yield Figure(f"{detectors}: first start ÷ later ones", first / warm, "×")
        with tempfile.TemporaryDirectory() as empty:
            os.environ["NUMBA_CACHE_DIR"] = empty
            later = cpu_seconds_of(LATER, 1)
        yield Figure("compiled in the background after a first start", later, "s of CPU")
    finally:
        os.environ.pop("NUMBA_CACHE_DIR", None)
        if before is not None:
            os.environ["NUMBA_CACHE_DIR"] = before
