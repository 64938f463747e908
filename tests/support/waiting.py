"""Waiting for what has to come, for as long as a busy machine may need."""

import subprocess
import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds after which it is sure that what was waited for will not come, however busy the machine is."""


def wait_until(
    condition: Callable[[], object], process: subprocess.Popen[str] | None = None, every: float = 0.01
) -> None:
    """Return once the condition holds; it is asked every so many seconds. A process given must run until then."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        assert process is None or process.poll() is None, "the program ended before"
        time.sleep(every)
