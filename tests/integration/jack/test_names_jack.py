"""What the server calls us, and that the MIDI port stays while the audio input comes and goes."""

import os
import signal
from pathlib import Path

import pytest

from samplechop.offline.lab.bench.jack import running
from samplechop.offline.lab.bench.jack_server import JackServer, missing
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True))),
    pytest.mark.usefixtures("only_jack"),
]


def spawned(pid: int) -> list[int]:
    """Give the processes that a Python program has spawned for work. Only on Linux."""
    listed = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    pids = [int(child) for one in listed for child in one.split()]
    return [one for one in pids if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def test_clients_are_called_samplechop_and_midi_stays_while_the_input_comes_and_goes(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with running(jack_server, tmp_path) as live:
        ours = {port.split(":")[0] for port in live.client.ports() if not port.startswith(("system", "turntable"))}
        assert ours <= {"samplechop", "samplechop-audio"}
        midi = live.client.ports("^samplechop.*:chops")
        (audio,) = spawned(live.process.pid)
        os.kill(audio, signal.SIGKILL)
        wait_until(lambda: not live.client.ports("^samplechop-audio"))
        assert live.client.ports("^samplechop.*:chops") == midi
        live.client.wait_for_port("^samplechop-audio.*:in_")
        assert live.client.ports("^samplechop.*:chops") == midi
        assert live.end() == 0
