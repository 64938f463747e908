"""Many alike pieces of work, in several processes or in this one. Processes are spawned: they share nothing."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Call = Callable[[], Result]
"""Work without arguments, such as functools.partial gives; picklable."""


def ignore_interrupt() -> None:
    """[worker] Leave Ctrl-C, which reaches all processes, to the one that gave the work: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _begin(initializer: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    ignore_interrupt()
    if initializer is not None:
        initializer(*arguments)


def _import(modules: Sequence[str]) -> None:
    for module in modules:
        import_module(module)


@contextmanager
def _pool(jobs: int, initializer: Callable[..., object] | None, *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """Give a pool; what it is at when an error comes is waited for, what it has not begun is left."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (initializer, arguments)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def second_process(*modules: str) -> Iterator[ProcessPoolExecutor]:
    """Give one process that works at the same time as this one, and imports modules before anything is asked of it.

    What it is at when an error comes is waited for; what it has not begun is left.
    """
    with _pool(1, _import, modules) as pool:
        pool.submit(int)  # or it would start with the first real work only
        yield pool


def submit(executor: Executor | None, work: Callable[..., Result], *arguments: Any) -> "Future[Result]":
    """Have a piece of work done by an executor, or, without one, do it now."""
    if executor is not None:
        return executor.submit(work, *arguments)
    done: Future[Result] = Future()
    done.set_result(work(*arguments))
    return done


def in_order(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """Give what `work` makes of each item, in order. One job needs no other process."""
    if jobs == 1:
        yield from map(work, items)
        return
    with _pool(jobs, None) as pool:
        yield from pool.map(work, items, chunksize=4)


def as_ready(
    calls: Sequence[Call[Result]], jobs: int, initializer: Callable[..., object] | None = None, *arguments: Any
) -> Iterator[Result]:
    """Give the results of calls as they are ready. One job needs no other process.

    initializer: is called once in each process, with the arguments, before any work.
    """
    if jobs == 1:
        if initializer is not None:
            initializer(*arguments)
        for call in calls:
            yield call()
        return
    with _pool(jobs, initializer, *arguments) as pool:
        for future in as_completed([pool.submit(call) for call in calls]):
            yield future.result()
