"""Taps as a user makes them: a file plays on an audio device, and somebody else's pad is hit to what is heard.

Positions are checked by an independent client, which records what sounds; the pad sends at known frames of the server.
"""

import json
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate

from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.signals import RATE, record

pytestmark = [pytest.mark.jack, pytest.mark.usefixtures("jack_server", "only_jack")]

OFFSET, SPREAD = 0.016, 0.006
"""Seconds, mostly 8 and 2 of them: a message comes with the period it lies in, and what a server plays it passes on a
period before it sounds."""
QUIET, EVEN = 0.5, 0.004
"""A hit counts where, for so many seconds before it, the server's cycles came this even: none was lost."""
TAPS = 12


def written(file: Path) -> int:
    """Count the taps on disk so far; the file comes when the program has begun, which a busy machine puts off."""
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.parametrize("monitor", ["direct", "aligned"])
def test_taps_lie_where_the_record_was_heard_and_a_stop_loses_none(
    jack_server: JackServer, tmp_path: Path, monitor: str
) -> None:
    audio = record(12.0)[0]
    soundfile.write(tmp_path / "song.wav", audio, RATE)
    command = [sys.executable, "-m", "samplechop", "live", str(tmp_path / "song.wav"), "--quiet"]
    command += ["--monitor", monitor, "--tap", "--tap-port", "virtual"]
    here = Path(__file__).parent
    rng = np.random.default_rng(3)
    waits = (RATE * (1.0 + 0.25 * np.arange(TAPS)) + rng.integers(0, RATE // 8, TAPS)).astype(int).tolist()
    with jack_server.client("ear") as ear:
        program = jack_server.popen(command, stderr=-1, env={"XDG_CONFIG_HOME": str(tmp_path)})
        try:
            port = ear.wait_for_port("^samplechop-pad.*:taps", 60.0)[0]
            outputs = sorted(ear.wait_for_port("^PortAudio.*:out_", 60.0))
            first = ear.record(outputs[:2], seconds=20.0)
            pad = jack_server.popen([sys.executable, str(here / "tap.py"), port], stdin=-1, stdout=-1)
            frames, _ = pad.communicate(json.dumps(waits) + "\n", timeout=60)
            struck = json.loads(frames)
            ear.wait_until(struck[-1] + RATE // 4)
            heard = ear.recording()[:, 0]
            deadline = time.monotonic() + 20
            file = tmp_path / "song.taps.jsonl"
            while written(file) < TAPS and time.monotonic() < deadline:
                ear.wait_until(ear.now() + jack_server.block_size)
            frames_of, seconds_of = np.array(ear.report().clock).T
        finally:
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=60)
    assert program.returncode == 0, said
    assert "Traceback" not in said
    taps = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(taps) == TAPS
    # What sounded around each hit is looked for in the file: a busy machine's lost cycles move what follows them.
    around = RATE // 4
    errors = []
    for tap, frame in zip(taps, struck, strict=True):
        piece = heard[max(0, frame - first - around) : max(0, frame - first + around)]
        before = (frame - QUIET * RATE < frames_of) & (frames_of <= frame)
        if len(piece) == 2 * around and np.ptp(seconds_of[before] - frames_of[before] / RATE) < EVEN:
            place = int(np.argmax(correlate(audio, piece, "valid"))) + around
            errors.append((tap["sample"] - place) / RATE)
    print(f"{monitor}, ms: {np.round(1e3 * np.array(errors), 1)}")
    if len(errors) >= TAPS // 2:
        assert abs(np.median(errors)) < OFFSET
        assert np.median(np.abs(errors - np.median(errors))) < SPREAD
