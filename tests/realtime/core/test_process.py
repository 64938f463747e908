"""The log: what is written, and that the console stays silent."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import logged_to
from tests.support.command import ROOT


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


def test_without_a_log_nothing_is_printed() -> None:
    program = (
        "import logging\nimport samplechop.realtime\nlogging.getLogger('samplechop.realtime.midi').error('gone')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
