"""Keeping Python itself from holding up a note that is due."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCH_SECONDS = 0.0005


@contextmanager
def scheduling_hints() -> Iterator[None]:
    """[main] Let threads take turns sooner, and garbage collection leave alone what is loaded by now."""
    # The default of 5 ms is how long a busy thread, the screen say, may keep the others from a due note.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
