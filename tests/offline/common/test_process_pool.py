"""Work in other processes."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from samplechop.offline.common import process_pool
from samplechop.offline.common.process_pool import as_ready, in_order, second_process, submit, surviving
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.programs import ends_with_us
from tests.support.command import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("spawned_workers")


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


def test_an_error_here_ends_all_of_a_pool_before_it_is_raised() -> None:
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt), second_process() as other:
        processes = [*other._processes.values()]
        raise KeyboardInterrupt
    assert set(threading.enumerate()) <= before
    assert not any(process.is_alive() for process in processes)


def test_no_process_begins_while_another_may_die() -> None:
    with process_pool._pool(3) as pool:
        there = set(pool._processes)
        assert len(there) == 3
        list(pool.map(abs, range(30)))
        assert set(pool._processes) == there


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
def test_what_kills_its_process_is_given_up_and_all_else_is_done(jobs: int) -> None:
    calls = [partial(str, 0), die_always, *(partial(str, number) for number in range(2, 9))]
    assert dict(surviving(calls, jobs)) == {number: None if number == 1 else str(number) for number in range(9)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_was_in_a_process_that_died_is_done_once_more(jobs: int, tmp_path: Path) -> None:
    calls = [partial(str, 0), partial(die_unless, tmp_path / "x"), *(partial(str, number) for number in range(2, 9))]
    assert dict(surviving(calls, jobs)) == {number: "done" if number == 1 else str(number) for number in range(9)}


def test_a_process_that_dies_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="died"):
        list(as_ready([die_always, die_always], 2))


def test_an_error_in_a_worker_ends_the_work_of_the_others() -> None:
    with pytest.raises(ZeroDivisionError):
        list(as_ready([partial(divmod, 1, 0), partial(signal.pause)], 2))


def begin_and_stay(began: Path) -> None:
    """[worker] Start a program that stays; say which processes these are."""
    program = subprocess.Popen(["sleep", "600"], preexec_fn=ends_with_us())
    (began / f"{os.getpid()}").touch()
    (began / f"{program.pid}").touch()
    program.wait()


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program end with the process that started it")
def test_workers_and_their_programs_end_where_the_one_that_gave_the_work_is_killed(tmp_path: Path) -> None:
    code = (
        "from functools import partial; from pathlib import Path; import sys\n"
        "from samplechop.offline.common.process_pool import surviving\n"
        "from tests.offline.common.test_process_pool import begin_and_stay\n"
        "if __name__ == '__main__':\n"
        "    list(surviving([partial(begin_and_stay, Path(sys.argv[1]))] * 2, 2))\n"
    )
    began = tmp_path / "began"
    began.mkdir()
    script = tmp_path / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, script, began], cwd=ROOT, env=environment, text=True)
    try:
        wait_until(lambda: len(list(began.iterdir())) == 4, parent)
    finally:
        parent.kill()
        parent.wait()
    others = [int(path.name) for path in began.iterdir()]
    wait_until(lambda: not any(map(runs, others)))
