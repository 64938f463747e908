"""Many alike pieces of work in several processes, or in this one; in the workers of a Dask cluster, too.

Processes are spawned: they share nothing, and end with the one that started them. When one dies, out of memory or
killed, Python takes all of its pool down. What they were given is then tried one by one in new pools: only what kills
its process again is given up.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

from samplechop.offline.common.compiled_files import share_compiled_code, take_turns_at_numba_cache
from samplechop.realtime.core.errors import UserError, install_extra
from samplechop.realtime.core.process import end_with_parent, ignore_terminal, no_garbage, without_interrupts

Item = TypeVar("Item")
Result = TypeVar("Result")
Call = Callable[[], Result]
"""Work without arguments, such as functools.partial gives; picklable."""
CONNECT_SECONDS = 10
# A worker of a cluster may have many threads; the libraries that pieces call, and warnings, are made for one.
_one_at_a_time = threading.Lock()


def cores() -> int:
    """Give how many processes work at once by default: one for each core this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(initializer: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    """[worker] Leave what a terminal sends to all processes to the one that gave the work: it ends the others."""
    end_with_parent()  # or it would wait for work forever where that one is killed
    ignore_terminal()
    share_compiled_code()
    if initializer is not None:
        initializer(*arguments)


def _import(modules: Sequence[str]) -> None:
    with no_garbage():
        for module in modules:
            import_module(module)


@contextmanager
def _pool(
    jobs: int, initializer: Callable[..., object] | None = None, *arguments: Any
) -> Iterator[ProcessPoolExecutor]:
    """Give a pool, whose processes are ended when an error comes."""
    with without_interrupts():
        begun = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (initializer, arguments))
    with begun as pool, ended_by_errors(pool):
        # All begin with the first work: one that begins later, just when another dies, is not ended by CPython (3.11,
        # 3.12), which then waits for it without end. What says so, _safe_to_dynamically_spawn_children of
        # ProcessPoolExecutor since 3.11, is private, so that its stubs do not have it.
        pool._safe_to_dynamically_spawn_children = False  # type: ignore[attr-defined]
        with without_interrupts():
            pool.submit(int)  # or they would begin with the first real work only
        take_turns_at_numba_cache()
        yield pool


@contextmanager
def ended_by_errors(executor: Executor | None) -> Iterator[None]:
    """End the processes of an executor when an error comes, before it is raised: what they write to may go then."""
    try:
        yield
    except BaseException:
        if isinstance(executor, ProcessPoolExecutor):
            for process in list((executor._processes or {}).values()):  # terminate_workers() of Python 3.14
                process.terminate()
            executor.shutdown(cancel_futures=True)  # waits: its thread, left alone, closes what Python's exit writes to
        raise


@contextmanager
def second_process(*modules: str) -> Iterator[ProcessPoolExecutor]:
    """Give one process that works at the same time as this one, and imports modules before anything is asked of it.

    It is ended when an error comes.
    """
    with _pool(1, _import, modules) as pool:
        yield pool


def submit(executor: Executor | None, work: Callable[..., Result], *arguments: Any) -> "Future[Result]":
    """Have a piece of work done by an executor, or, without one, do it now."""
    if executor is not None:
        return executor.submit(work, *arguments)
    done: Future[Result] = Future()
    done.set_result(work(*arguments))
    return done


def in_order(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int, scheduler: str | None = None
) -> Iterator[Result]:
    """Give what `work` makes of each item, in order. One job needs no other process.

    scheduler: of a Dask cluster whose workers do it instead. Raises UserError as `as_ready` and `on_cluster`.
    """
    if jobs == 1 and scheduler is None:
        yield from map(work, items)
        return
    calls = [partial(work, item) for item in items]
    ready: dict[int, Result] = {}
    turn = 0
    for number, result in _whole(calls, jobs) if scheduler is None else _whole_on_cluster(calls, scheduler):
        ready[number] = result
        while turn in ready:
            yield ready.pop(turn)
            turn += 1


def _whole(calls: Sequence[Call[Result]], jobs: int) -> Iterator[tuple[int, Result]]:
    for number, done in _done(calls, jobs):
        yield number, _result(done)


def _whole_on_cluster(calls: Sequence[Call[Result]], scheduler: str) -> Iterator[tuple[int, Result]]:
    for number, result in on_cluster(calls, scheduler):
        if result is None:
            raise UserError("a worker of the Dask cluster died at its work (out of memory?): give workers more of it")
        yield number, result


def as_ready(
    calls: Sequence[Call[Result]], jobs: int, initializer: Callable[..., object] | None = None, *arguments: Any
) -> Iterator[Result]:
    """Give the results of calls as they are ready. One job needs no other process.

    initializer: is called once in each process, with the arguments, before any work. Raises what a call raises, and
    UserError for one that kills its process.
    """
    if jobs == 1:
        if initializer is not None:
            initializer(*arguments)
        for call in calls:
            yield call()
        return
    for _, done in _done(calls, jobs, initializer, *arguments):
        yield _result(done)


def _result(done: "Future[Result]") -> Result:
    try:
        return done.result()
    except BrokenProcessPool:
        raise UserError("a process died at its work (out of memory?): try fewer --jobs") from None


def surviving(
    calls: Sequence[Call[Result]], jobs: int, scheduler: str | None = None
) -> Generator[tuple[int, Result | None]]:
    """Give number and result of each call as it is ready, None where it kills its process; never done in this one.

    scheduler: of a Dask cluster whose workers do it instead. Raises what a call raises, and as `on_cluster`.
    """
    if scheduler is not None:
        yield from on_cluster(calls, scheduler)
        return
    for number, done in _done(calls, jobs):
        yield number, None if isinstance(done.exception(), BrokenProcessPool) else done.result()


def _done(
    calls: Sequence[Call[Result]], jobs: int, initializer: Callable[..., object] | None = None, *arguments: Any
) -> Iterator[tuple[int, "Future[Result]"]]:
    """Give number and outcome of each call as it ends: BrokenProcessPool for those that kill their process."""
    left = deque(enumerate(calls))
    suspects: deque[tuple[int, Call[Result]]] = deque()  # one of them took a pool down
    while left or suspects:
        alone = bool(suspects)
        waiting, most = (suspects, 1) if alone else (left, 2 * jobs)
        with _pool(1 if alone else min(jobs, len(left)), initializer, *arguments) as pool:
            given: dict[Future[Result], tuple[int, Call[Result]]] = {}
            broken = False
            while given or (waiting and not broken):
                while waiting and len(given) < most and not broken:
                    try:
                        given[pool.submit(waiting[0][1])] = waiting[0]
                        waiting.popleft()
                    except BrokenProcessPool:
                        broken = True
                for future in wait(given, return_when=FIRST_COMPLETED).done:
                    number, call = given.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool) and not alone:
                        suspects.append((number, call))
                    else:
                        yield number, future
                    broken |= isinstance(future.exception(), BrokenProcessPool)


def _alone(call: Call[Result]) -> Result:
    """[worker of a cluster] Do a piece of work."""
    with _one_at_a_time:
        return call()


def on_cluster(calls: Sequence[Call[Result]], scheduler: str) -> Generator[tuple[int, Result | None]]:
    """Give number and result of each call, done by the workers of a Dask cluster, as it is ready.

    What a worker worked on when it died, others do again; None for what kills one after the other. scheduler: its
    address, such as "tcp://host:8786". Raises UserError if dask is not installed, or the scheduler or its workers
    cannot be reached.
    """
    try:
        from distributed import Client, as_completed
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise UserError(
            f"--scheduler needs dask, which is not installed: use --jobs, or {install_extra('dask')}"
        ) from None
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"no Dask scheduler can be reached at {scheduler!r}: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise UserError(
                f"the Dask scheduler {scheduler!r} has no workers: start some with `dask worker {scheduler}`"
            )
        client.register_worker_callbacks(share_compiled_code)  # in those that come later, too
        numbers = {client.submit(_alone, call, pure=False): number for number, call in enumerate(calls)}
        suspects = []
        for future in as_completed(list(numbers), loop=client.loop):
            number = numbers.pop(future)
            if isinstance(future.exception(), KilledWorker):
                suspects.append(number)
            else:
                yield number, future.result()
        for number in suspects:  # dask blames all that a worker had before it when it died: so each is tried alone
            again = client.submit(_alone, calls[number], pure=False) if len(suspects) > 1 else None
            if again is None or isinstance(again.exception(), KilledWorker):
                yield number, None
            else:
                yield number, again.result()
