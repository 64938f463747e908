"""That numba compiles, which takes long: a place for it before, and how far it is meanwhile."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from samplechop.realtime.core.compile_cache import anything_kept, ensure_compile_cache, is_temporary
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import no_garbage

COMPILING = "samplechop: compiling"
COMPILED_PARTS = 24
"""Functions that are compiled for all detectors, not counting those that they call."""
_said = False


def prepare_compiling() -> None:
    """[main] Have a place for what numba compiles; ends the program with one sentence if there is none."""
    try:
        ensure_compile_cache()
    except UserError as error:
        print(f"samplechop: {error}", file=sys.stderr)
        sys.exit(2)


@contextmanager
def compiling_shown(show: Callable[[int, int], None]) -> Iterator[None]:
    """[main] Call with how many functions have been compiled, and about how many there are: nothing where none is.

    First with 0, when the first of them is begun, and with as many as there are at the end of the block.
    """
    with no_garbage():
        from numba.core import event  # Ctrl-C must be ours before anything that takes long is imported

    class Listener(event.Listener):
        depth = done = 0

        def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            self.depth += 1
            if self.depth == 1 and not self.done:
                show(0, COMPILED_PARTS)

        def on_end(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            self.depth = max(0, self.depth - 1)
            if not self.depth:
                self.done += 1
                show(min(self.done, COMPILED_PARTS - 1), COMPILED_PARTS)

    listener = Listener()
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
        if listener.done:
            show(COMPILED_PARTS, COMPILED_PARTS)


def show_compiling(done: int, parts: int) -> None:
    """[main] Show on stderr what takes so long: on a terminal how far it has come, elsewhere one sentence."""
    with suppress(OSError, ValueError, AttributeError):  # nobody may be there to read it
        if sys.stderr.isatty():
            text = f"{COMPILING} for this processor: part {done} of up to {parts}" if done < parts else ""
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif not done and not is_temporary():  # where that is said by itself
            global _said
            if not _said:  # once a process; and where other commands have compiled before, it takes less
                text = "more" if anything_kept() else "for this processor, once, up to half a minute"
                print(f"{COMPILING} {text}; later starts are quick ...", file=sys.stderr, flush=True)
            _said = True
