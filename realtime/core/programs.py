"""Other programs that do a part of the work, such as ffmpeg and fluidsynth."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Found before any process is made: between fork and exec as little as possible may happen.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def ends_with_us() -> Callable[[], None] | None:
    """Give a preexec_fn for subprocess: the program is killed when the thread that starts it ends, however it ends.

    None where the system has no such thing: there a program ends when its own limits are reached.
    """
    if _prctl is None:
        return None
    prctl, us = _prctl, os.getpid()

    def before() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:  # gone meanwhile
            os._exit(1)

    return before
