"""Many alike pieces of work, in several processes or in this one."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def ignore_interrupt() -> None:
    """[worker] Leave Ctrl-C, which reaches all processes, to the one that gave the work: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare(modules: Sequence[str]) -> None:
    ignore_interrupt()
    for module in modules:
        import_module(module)


@contextmanager
def beside(*modules: str) -> Iterator[ProcessPoolExecutor]:
    """Give one process that works at the same time as this one, and imports modules before anything is asked of it.

    What it is at when an error comes is waited for; what it has not begun is left.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _prepare, (modules,)) as pool:
        pool.submit(int)  # or it would start with the first real work only
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def begun(other: Executor | None, work: Callable[..., Made], *arguments: Any) -> "Future[Made]":
    """Have a piece of work done in the process beside this one, or do it now."""
    if other is not None:
        return other.submit(work, *arguments)
    done: Future[Made] = Future()
    done.set_result(work(*arguments))
    return done


def run(work: Callable[[Piece], Made], pieces: Sequence[Piece], jobs: int) -> Iterator[Made]:
    """Give what `work` makes of each piece, in order. One job needs no other process."""
    if jobs == 1:
        yield from map(work, pieces)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=ignore_interrupt) as pool:
        yield from pool.map(work, pieces, chunksize=4)
