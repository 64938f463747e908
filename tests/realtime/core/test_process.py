"""The log, what ends a process, and streams that take no output."""

import gc
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import logged_to, no_garbage
from tests.support.command import ROOT
from tests.support.waiting import wait_until


def test_lines_have_a_time_a_level_the_module_and_the_message(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("before\n")
    with logged_to(path):
        logging.getLogger("samplechop.realtime.audio").warning("xrun before sample %d", 512)
        logging.getLogger("samplechop.realtime.midi").debug("a detail")
    logging.getLogger("samplechop.realtime.midi").warning("too late")
    before, line = path.read_text().splitlines()
    assert before == "before"
    assert line.endswith(" WARNING samplechop.realtime.audio: xrun before sample 512")


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write the log to"), logged_to(tmp_path / "none" / "log.txt"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open, and has no such pipes and devices")
def test_a_log_that_is_deleted_begins_anew(tmp_path: Path) -> None:
    path, module = tmp_path / "log.txt", logging.getLogger("samplechop.realtime.midi")
    with logged_to(path):
        module.warning("before")
        wait_until(lambda: path.read_text())
        path.unlink()
        module.warning("after")
    assert path.read_text().endswith("after\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_costs_the_log_and_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with logged_to(Path("/dev/full")):
        for _ in range(3):
            logging.getLogger("samplechop.realtime.midi").warning("lost")
    said = capfd.readouterr().err
    assert said.startswith("samplechop: the log cannot be written to '/dev/full'") and len(said.splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_no_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="it is a pipe"), logged_to(tmp_path / "pipe"):
        pass


def test_without_a_log_nothing_is_printed() -> None:
    program = (
        "import logging\nimport samplechop.realtime\nlogging.getLogger('samplechop.realtime.midi').error('gone')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_garbage_is_not_looked_for_meanwhile_and_as_before_afterwards() -> None:
    looked = []
    for before in (True, False):
        (gc.enable if before else gc.disable)()
        try:
            with pytest.raises(KeyError), no_garbage(), no_garbage():
                looked.append(gc.isenabled())
                raise KeyError
            looked.append(gc.isenabled())
        finally:
            gc.enable()
    assert looked == [False, True, False, False]


AT_THE_END = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))
from samplechop.realtime.core.compile_cache import ease_numba
ease_numba()
print(gc.get_freeze_count() > 0)
"""


def test_at_the_end_nobody_looks_for_garbage_among_what_is_there() -> None:
    done = subprocess.run([sys.executable, "-c", AT_THE_END], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
