"""samplechop live --tap as a program: the space bar in a terminal, and a clean end whatever ends it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.waiting import PATIENCE, wait_until

termios = pytest.importorskip("termios")


def tap_until(process: subprocess.Popen[str], terminal: int, file: Path, taps: int) -> None:
    """Hit the space bar until so many hits are on disk."""

    def tapped() -> bool:
        os.write(terminal, b" ")
        return file.exists() and len(file.read_text().splitlines()) >= taps

    wait_until(tapped, process, every=0.05)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_taps_survive_whatever_ends_the_session(terminal: tuple[int, int], tmp_path: Path, how: signal.Signals) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    file = tmp_path / "demo.taps.jsonl"
    command = [sys.executable, str(ROOT / "run_live.py"), "--demo", "--tap", "--monitor", "off"]
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdin=theirs, stderr=subprocess.PIPE, text=True)
    tap_until(process, ours, file, 5)
    assert termios.tcgetattr(theirs) != before
    process.send_signal(how)
    _, err = process.communicate(timeout=PATIENCE)
    taps = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(taps) >= 5
    assert all(tap["kind"] == "tap" and tap["source"] == "key" for tap in taps)
    assert [tap["sample"] for tap in taps] == sorted(tap["sample"] for tap in taps)
    if how != signal.SIGKILL:
        assert process.returncode == 0, err
        assert f"{len(taps)} taps in demo.taps.jsonl" in err
        assert termios.tcgetattr(theirs) == before
