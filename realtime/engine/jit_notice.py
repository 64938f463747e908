"""Telling that something is being compiled: numba keeps what it compiled, so mostly nothing is."""

from collections.abc import Callable
from typing import Any

from numba.core import event


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
        """Nothing is told when it is over."""
