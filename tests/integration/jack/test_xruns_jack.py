"""What a session says was lost is what is missing in its recording, counted in what an independent client played."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from samplechop.offline.sessions.reading import read_session
from samplechop.realtime.audio.xruns import SETTLE_SECONDS
from tests.support.signals import RATE
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True))),
]
PERIOD = 256
SECONDS = 5
SCALE = 2.0**-20
"""Of a signal whose every sample says where it is."""


def audio_process(program: subprocess.Popen[str]) -> int:
    """Give the process that holds the audio device: the child with a thread of JACK."""
    for child in Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split():
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise AssertionError("no audio process")


def played(folder: Path, block_size: int, stop: bool) -> tuple[list[tuple[int, int]], int, list[dict], str, Path]:
    """Play a count to a recorded session, and stop its audio process for 0.3 s if so asked.

    Gives what is missing in the recording, (sample, samples), how exactly that can be said, the xruns in its log,
    standard error, its folder.
    """
    with JackServer(RATE, PERIOD, synchronous=False, realtime=realtime_is_allowed()) as server:
        command = [sys.executable, "-m", "samplechop", "live", "--device", "system", "--quiet", "--detect", "drums"]
        command += ["--record", str(folder), "--record-format", "float", "--blocksize", str(block_size)]
        said = folder / "said"
        with server.client("turntable") as client, said.open("w") as screen:
            program = server.popen(command, stderr=screen, env={"XDG_CONFIG_HOME": str(folder / "none")})
            try:
                inputs = sorted(client.wait_for_port("^samplechop-audio.*:in_", count=2))
                start = client.play(np.arange(1, SECONDS * RATE, dtype=np.float32) * SCALE, inputs[:2])
                client.wait_until(start + 2 * RATE)
                if stop:
                    audio = audio_process(program)
                    os.kill(audio, signal.SIGSTOP)
                    client.wait_until(client.now() + round(0.3 * RATE))
                    os.kill(audio, signal.SIGCONT)
                    wait_until(lambda: "sound was lost" in said.read_text(), program)  # at once, not at the end
                client.wait_until(start + (SECONDS - 1) * RATE)
                program.send_signal(signal.SIGINT)
                assert program.wait(PATIENCE) == 0, said.read_text()
            finally:
                program.kill()
                program.wait()
    (session,) = (path for path in folder.iterdir() if path.is_dir())
    count = np.rint(soundfile.read(session / "audio.wav", dtype="float64")[0][:, 0] / SCALE).astype(int)
    first, last = np.flatnonzero(count)[[0, -1]]
    steps = np.diff(count[first : last + 1]) - 1
    lines = [json.loads(line) for line in (session / "events.jsonl").read_text().splitlines()]
    xruns = [line for line in lines if line["kind"] == "xrun" and first < line["sample"] <= last]
    gaps = [(int(first + at + 1), int(steps[at])) for at in np.flatnonzero(steps > 0)]
    # What comes twice to a client that is late may be a half of one cycle and a half of the next.
    tolerance = PERIOD * int((steps < 0).sum())
    return gaps, tolerance, xruns, said.read_text(), session


@pytest.mark.parametrize("block_size", [64, 256])
def test_a_client_that_stood_still_says_what_it_lost(tmp_path: Path, block_size: int) -> None:
    gaps, tolerance, xruns, said, session = played(tmp_path, block_size, stop=True)
    lost = sum(length for _, length in gaps)
    assert lost >= 0.25 * RATE
    assert sum(xrun["lost"] for xrun in xruns) == pytest.approx(lost, abs=PERIOD + tolerance)
    where = max(gaps, key=lambda gap: gap[1])[0]
    near = PERIOD + block_size
    assert any(-near <= where - xrun["sample"] <= SETTLE_SECONDS * RATE + near for xrun in xruns if xrun["lost"])
    assert "samples" in said and "--blocksize" in said
    assert read_session(session).lost >= sum(xrun["lost"] for xrun in xruns)
    assert 1 <= said.count("sound was lost") <= read_session(session).counts["xrun"]


def test_an_ordinary_session_lost_nothing_and_says_so(tmp_path: Path) -> None:
    gaps, tolerance, xruns, said, session = played(tmp_path, PERIOD, stop=False)
    lost = sum(length for _, length in gaps)
    assert sum(xrun["lost"] for xrun in xruns) == pytest.approx(lost, abs=tolerance)
    assert ("sound was lost" in said) == (read_session(session).lost > 0)
