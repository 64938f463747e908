"""`samplechop bench start`: what it costs until something happens.

CPU times of whole processes, the least of several, and beside them that of a Python which only imports numpy: their
ratio says the same on a slow and on a busy machine.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence

from samplechop.offline.lab.bench import LATER, Figure, cpu_seconds_of

PROGRAM = (sys.executable, "-m", "samplechop")
COMMANDS = {
    "--help": (("--help",), 0.3),
    "--version": (("--version",), 0.3),
    "live --help": (("live", "--help"), None),
    "chop --help": (("chop", "--help"), None),
    "train --help": (("train", "--help"), None),
}
"""Arguments, and the most CPU time that is aimed at, s."""
LISTENING = ("live", "--demo", "--fast", "--duration", "0.5", "--quiet")
"""Start and process half a second of a file: what comes after the first frame takes 1 ms."""


def commands(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of commands that compute nothing."""
    bare = cpu_seconds_of([sys.executable, "-c", "import numpy"], repeats)
    yield Figure("Python and numpy alone", bare, "s of CPU")
    for name, (arguments, goal) in COMMANDS.items():
        took = cpu_seconds_of([*PROGRAM, *arguments], repeats)
        yield Figure(name, took, "s of CPU").at_most(goal)
        yield Figure(f"{name} ÷ Python and numpy", took / bare, "×")


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
        os.environ.pop("NUMBA_CACHE_DIR")
        if before is not None:
            os.environ["NUMBA_CACHE_DIR"] = before
