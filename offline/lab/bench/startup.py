"""How long the program takes from its call to the first frame."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from samplechop.offline.lab.bench.figures import Figure

_FIRST_FRAME = ["live", "--demo", "--fast", "--duration", "0.5", "--quiet"]
"""Start, hear half a second of a file as fast as possible, and end: what comes after the first frame takes 1 ms."""


def _seconds(cache: str) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "samplechop", *_FIRST_FRAME]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
    return time.perf_counter() - began


def startup() -> Iterator[Figure]:
    """Start the program with an empty cache of compiled code, and again with the full one."""
    with tempfile.TemporaryDirectory() as cache:
        first = _seconds(cache)
        warm = min(_seconds(cache) for _ in range(3))
    yield Figure("start to first frame, first ever", first, "s", "≤ 20", first <= 20)
    yield Figure("start to first frame, warm", warm, "s", "≤ 3", warm <= 3)
