"""What is compiled for later starts, in the background: functions that something else, slower, can stand in for.

    python -m samplechop.realtime.core.compile_later MODULE [wait]

A process of its own, which Ctrl-C and a terminal that closes do not reach, calls MODULE.compile_now when nothing else
wants the processor. It holds the module's file, so that of several one compiles; `wait` waits for that one, and then
compiles what it did not. What is kept appears whole, or not at all.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from samplechop.realtime.core.compile_cache import ensure_compile_cache, is_lost

_begun: dict[str, subprocess.Popen[bytes]] = {}  # as long as this process runs: that one is waited for by nobody


def kept(function: Any, signature: Any) -> Callable[..., Any] | None:
    """[main] Give a function of numba's, with cache=True and no signature yet, that was compiled for one; else None."""
    if not function.signatures:
        found = function._cache.load_overload(signature, function.targetctx)
        if found is None:
            return None
        function.add_overload(found)
        function.disable_compile()
    ready: Callable[..., Any] = function
    return ready


def compile_later(module: str) -> None:
    """[main] Begin to compile what a module's `compile_now` does, unless nothing that is compiled here is kept."""
    if module in _begun or is_lost():
        return
    nothing, flags = subprocess.DEVNULL, getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)
    command = [sys.executable, "-m", __name__, module]
    with suppress(OSError):  # then later starts try it
        begun = _begun[module] = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, creationflags=flags
        )
        begun.returncode = 0  # so that nobody asks how it ended, and its processor time is not counted as this one's


def main() -> None:
    """Compile."""
    module, *rest = sys.argv[1:]
    if not rest:
        _give_way()
    with suppress(ImportError, OSError):  # without it, several compile the same
        import fcntl

        spec = find_spec(module)
        assert spec is not None and spec.origin is not None
        held = os.open(spec.origin, os.O_RDONLY)  # until this process ends
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if rest else fcntl.LOCK_NB))
        except BlockingIOError:
            return
    ensure_compile_cache()
    import_module(module).compile_now()


def _give_way() -> None:
    """Let all others have the processor first."""
    if hasattr(os, "nice"):
        os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    main()
