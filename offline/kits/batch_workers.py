"""Pieces of work in processes of this machine or of a Dask cluster, through joblib. A worker that dies loses nothing.

Each piece has a file, where all workers see it, that gets a byte when a worker begins it: after a death it tells which
pieces were being worked on. Beside it lies the result, as JSON, once there is one: what was done and could not be
reported is not done again.
"""

import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import without_interrupts

Task = tuple[int, Callable[[], Any], Path]
"""A piece of work: its number, what to call, and the file of its attempts. Picklable; the result is plain, for JSON."""
Done = tuple[int, Any]
"""Number and result of a piece; None if its worker died each time it was tried."""
ATTEMPTS = 2
"""Deaths after which a piece is given up. Dask's scheduler gives up after 4, and joblib then waits for ever."""
CONNECT_SECONDS = 10

# A worker of a cluster may have many threads; the libraries that pieces call, and warnings, are made for one.
_one_at_a_time = threading.Lock()


def _attempt(task: Task) -> Done:
    """[worker] Do a piece of work."""
    number, call, begun = task
    with _one_at_a_time:
        there = begun.with_suffix(".json")
        if there.exists():
            return number, json.loads(there.read_text(encoding="utf-8"))
        if _attempts(begun) >= ATTEMPTS:
            return number, None
        with begun.open("ab") as file:
            file.write(b".")
        result = call()
        part = begun.with_suffix(".part")
        part.write_text(json.dumps(result), encoding="utf-8")
        part.replace(there)
        begun.unlink(missing_ok=True)
        return number, result


def _attempts(begun: Path) -> int:
    return begun.stat().st_size if begun.exists() else 0


def _leave_interrupts(task: Task) -> Done:
    """[worker] Do a piece of work; Ctrl-C reaches all processes, but is for the one that gave it, which ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _attempt(task)


def in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    """Do the work in so many processes; results come as they are ready.

    When one dies, joblib takes all of them down. What they were working on is then tried one by one, so that only the
    piece that kills its worker again is given up, and the rest goes on as before.
    """
    left = {task[0]: task for task in tasks}
    while left:
        try:
            for done in _parallel(list(left.values()), jobs):
                del left[done[0]]
                yield done
        except BrokenProcessPool:
            for task in [task for task in left.values() if _attempts(task[2])]:
                del left[task[0]]
                yield _alone(task)


def _parallel(tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    from joblib import Parallel, delayed

    # joblib would do the work of one job in this process, which must survive: so two, of which one is kept busy.
    pool = Parallel(
        n_jobs=max(jobs, 2), backend="loky", batch_size=1, pre_dispatch=jobs, return_as="generator_unordered"
    )
    with without_interrupts():
        results = pool(delayed(_leave_interrupts)(task) for task in tasks)
    yield from results


def _alone(task: Task) -> Done:
    try:
        return next(iter(list(_parallel([task], 1))))
    except BrokenProcessPool:
        return task[0], None


def on_cluster(tasks: Sequence[Task], scheduler: str) -> Iterator[Done]:
    """Do the work with the workers of a Dask cluster; results come as they are ready.

    scheduler: its address, such as "tcp://host:8786". What a worker worked on when it died, others do again.
    Raises UserError if dask is not installed, or the scheduler or its workers cannot be reached.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs dask, which is not installed: pip install 'samplechop[dask]', or use --jobs"
        ) from None
    from joblib import Parallel, delayed, parallel_config

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"no Dask scheduler can be reached at {scheduler!r}: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise UserError(
                f"the Dask scheduler {scheduler!r} has no workers: start some with `dask worker {scheduler}`"
            )
        with parallel_config(backend="dask", client=client):
            pool = Parallel(n_jobs=-1, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator_unordered")
        yield from pool(delayed(_attempt)(task) for task in tasks)
