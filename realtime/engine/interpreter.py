"""The Python interpreter beside audio: hints so that it holds up no note that is due, and a notice when it compiles."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

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


def say_when_compiling(say: Callable[[str], None]) -> None:
    """[main] Say once, even where nothing else is shown, what takes so long when something is compiled from now on."""
    event.register("numba:compile", _Listener(say))


class _Listener(event.Listener):
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._told = say, False

    def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
        if not self._told:
            self._say("samplechop: compiling for this processor, once, up to half a minute; later starts are quick ...")
        self._told = True

    def on_end(self, event: Any) -> None:
        """Say nothing when it is over."""
