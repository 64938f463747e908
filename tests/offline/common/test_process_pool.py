"""Work in other processes."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from numba.core.caching import IndexDataCacheFile

from samplechop.offline.common import process_pool
from samplechop.offline.common.process_pool import as_ready, in_order, second_process, submit, surviving
from samplechop.realtime.core.errors import UserError


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    assert list(in_order(abs, range(-20, 0), jobs)) == list(range(20, 0, -1))


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_call_is_answered_once(jobs: int) -> None:
    calls = [partial(pow, number, 2) for number in range(8)]
    assert sorted(as_ready(calls, jobs)) == [number**2 for number in range(8)]


def test_an_error_of_a_worker_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(as_ready([partial(divmod, 1, 0)] * 8, 2))


def test_the_second_process_is_another_one_and_without_it_work_is_done_here() -> None:
    with second_process() as other:
        assert submit(other, os.getpid).result() != os.getpid()
    assert submit(None, os.getpid).result() == os.getpid()


def die_unless(done: Path) -> str:
    """Take the process down, but for the second time."""
    if not done.exists():
        done.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die_always() -> None:
    """Take the process down."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_kills_its_process_is_given_up_and_all_else_is_done(jobs: int, tmp_path: Path) -> None:
    calls = [
        partial(str, 0),
        die_always,
        *(partial(str, number) for number in range(2, 9)),
        partial(die_unless, tmp_path / "x"),
    ]
    results = dict(surviving(calls, jobs))
    assert results == {0: "0", 1: None, **{number: str(number) for number in range(2, 9)}, 9: "done"}


def test_a_process_that_dies_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="died"):
        list(as_ready([die_always, die_always], 2))


def test_an_error_in_a_worker_ends_the_work_of_the_others() -> None:
    with pytest.raises(ZeroDivisionError):
        list(as_ready([partial(divmod, 1, 0), partial(signal.pause)], 2))


def test_numba_reads_and_writes_its_files_one_process_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    @contextmanager
    def lock() -> Iterator[None]:
        taken.append("locked")
        yield
        taken.append("free")

    monkeypatch.setattr(process_pool, "_cache_lock", lock)
    process_pool.take_turns_at_numba_cache()
    file = IndexDataCacheFile(str(tmp_path), "f", "stamp")
    monkeypatch.setattr(file, "_save_data", lambda *_: taken.append("written"))
    file.save("key", "code")
    assert taken == ["locked", "written", "free"]


def test_the_lock_is_there_and_free_again() -> None:
    for _ in range(2):
        with process_pool._cache_lock():
            pass
