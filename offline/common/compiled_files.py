"""The files in which numba keeps what it compiled, which all processes of a pool read and write one at a time.

numba keeps what it has compiled, and what librosa has it compile, in files: for each function an index, and code for
each type. It writes one after the other. Of two processes that compile a function for two types at once, the index of
one can come to stand beside the code of the other, and whoever loads that crashes. So all processes of a pool, this
one included, take turns at these files. The lock of a process that dies ends with it.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs

from samplechop.realtime.core.compile_cache import ease_numba
from samplechop.realtime.core.import_hooks import Run, around_import
from samplechop.realtime.core.locks import locked
from samplechop.realtime.core.process import no_garbage

_COMPILES = "numba.core.dispatcher"  # nothing is compiled before it is imported

_turn = threading.RLock()
_depth = 0


def share_compiled_code() -> None:
    """[worker] Load what programs compiled, which they keep under names of their own, and take turns at its files."""
    ease_numba()
    take_turns_at_numba_cache()


def take_turns_at_numba_cache() -> None:
    """Let this process read and write numba's files only while no other of ours does.

    numba, which takes longer to import than many a piece of work, is not imported for it.
    """
    if _COMPILES not in sys.modules:
        around_import(_COMPILES, _with_turns)
    if _COMPILES in sys.modules:
        _take_turns()


def _with_turns(run: Run, module: ModuleType) -> None:
    run(module)
    _take_turns()


def _take_turns() -> None:
    with no_garbage():
        from numba.core.caching import IndexDataCacheFile

    for name in ("load", "save"):
        method = getattr(IndexDataCacheFile, name)
        if not hasattr(method, "in_turn"):
            setattr(IndexDataCacheFile, name, _in_turn(method))


def _in_turn(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def alone(*arguments: Any) -> Any:
        global _depth
        # What is loaded may import what loads more: that has its turn already.
        with _turn, nullcontext() if _depth else _cache_lock():
            _depth += 1
            try:
                return method(*arguments)
            finally:
                _depth -= 1

    alone.in_turn = True  # type: ignore[attr-defined]  # a function has no such name: it marks what takes turns
    return alone


@contextmanager
def _cache_lock() -> Iterator[None]:
    own = os.environ.get("NUMBA_CACHE_DIR")  # then they are there, whatever else can be written
    folder = Path(own) if own else platformdirs.user_cache_path("samplechop", appauthor=False)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "numba.lock") if os.access(folder, os.W_OK) else nullcontext():
        yield
