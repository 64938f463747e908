"""Requests to end a program that is starting, or at work: no word, no traceback, the exit code that shells expect."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.support.clicks import RATE, clicks
from tests.support.command import ROOT

_PRESS = """
import os, runpy, signal, sys

class Press:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Press())
sys.argv = ["samplechop", "live", "--demo", "--fast"]
{run}
"""
_RUNS = {
    "samplechop": "from samplechop.offline.cli.main import main; main()",
    "python -m samplechop": "runpy.run_module('samplechop', run_name='__main__')",
    "python run_live.py": "sys.argv[1:2] = []; runpy.run_path('run_live.py', run_name='__main__')",
}


@pytest.mark.parametrize("how", _RUNS)
@pytest.mark.parametrize("module", ["samplechop.realtime.settings", "samplechop.realtime.session"])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no Ctrl-C that one process can send itself alone")
def test_ctrl_c_while_modules_are_loaded_ends_quietly(how: str, module: str) -> None:
    script = _PRESS.format(module=module, run=_RUNS[how])
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


_AT_WORK = """
import os, sys
from samplechop.offline.cli.main import main
from samplechop.offline.kits import pipeline

def planned(*_):
    os.kill(os.getpid(), {number})
    os.kill(os.getpid(), {number})

pipeline.planned = planned
main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such signals")
def test_a_chop_that_is_asked_to_end_twice_leaves_nothing(name: str, tmp_path: Path) -> None:
    song, number = tmp_path / "song.wav", int(getattr(signal, name))
    soundfile.write(song, clicks(), RATE)
    command = [sys.executable, "-c", _AT_WORK.format(number=number), "chop", song, "-o", tmp_path / "kits"]
    ended = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", "")
    assert [one.name for one in tmp_path.iterdir()] == ["song.wav"]
