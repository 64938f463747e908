"""Work in other processes."""

import os
from functools import partial

import pytest

from samplechop.offline.common.process_pool import as_ready, in_order, second_process, submit


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
