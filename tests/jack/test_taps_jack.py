"""Taps as a user makes them: a file plays on an audio device, and somebody else's pad is hit to what is heard.

Positions are checked by an independent client, which records what sounds; the pad sends at known frames of the server.
"""

import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import correlate

from offline.bench.jack_server import JackServer
from tests.signals import RATE, record

pytestmark = [pytest.mark.jack, pytest.mark.usefixtures("jack_server", "only_jack")]

TOLERANCE = 0.025
"""Seconds, of the median tap, where the server is punctual: a MIDI message waits for the next period of 5.8 ms."""
TAPS = 12


def written(file: Path) -> int:
    """Count the taps on disk so far; the file comes when the program has begun, which a busy machine puts off."""
    return len(file.read_text().splitlines()) if file.exists() else 0


MONITORS = ("direct", "aligned")


@dataclass(frozen=True)
class Tapped:
    """A session with taps: its code and what it said, the lines of its file of taps, the frame of each hit, what the
    ear heard from frame `first` on, float32 (n,), and (frame, seconds) of each of the server's cycles meanwhile."""

    code: int
    said: str
    taps: list[dict[str, Any]]
    struck: list[int]
    heard: NDArray[np.float32]
    first: int
    cycles: NDArray[np.float64]


def tapped(server: JackServer, audio: NDArray[np.float32], folder: Path, monitor: str) -> Tapped:
    """Play a record, hit a pad TAPS times, and end the program with a SIGTERM once all taps are on disk."""
    folder.mkdir()
    soundfile.write(folder / "song.wav", audio, RATE)
    command = [sys.executable, "-m", "offline.cli", "live", str(folder / "song.wav"), "--quiet"]
    command += ["--monitor", monitor, "--tap", "--tap-port", "virtual"]
    here = Path(__file__).parent
    rng = np.random.default_rng(3)
    waits = (RATE * (1.0 + 0.25 * np.arange(TAPS)) + rng.integers(0, RATE // 8, TAPS)).astype(int).tolist()
    with server.client("ear") as ear:
        program = server.popen(command, stderr=-1, env={"XDG_CONFIG_HOME": str(folder)})
        try:
            port = ear.wait_for_port("^samplechop-pad.*:taps", 60.0)[0]
            outputs = sorted(ear.wait_for_port("^PortAudio.*:out_", 60.0))
            first = ear.record(outputs[:2], seconds=20.0)
            pad = server.popen([sys.executable, str(here / "tap.py"), port], stdin=-1, stdout=-1)
            frames, _ = pad.communicate(json.dumps(waits) + "\n", timeout=60)
            struck = json.loads(frames)
            ear.wait_until(struck[-1] + RATE // 4)
            heard = ear.recording()[:, 0]
            deadline = time.monotonic() + 20
            file = folder / "song.taps.jsonl"
            while written(file) < TAPS and time.monotonic() < deadline:
                ear.wait_until(ear.now() + server.block_size)
            cycles = np.array([cycle for cycle in ear.report().clock if struck[0] <= cycle[0] <= struck[-1]])
        finally:
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=60)
    taps = [json.loads(line) for line in file.read_text().splitlines()]
    return Tapped(program.returncode, said, taps, struck, heard, first, cycles)


@pytest.fixture(scope="module")
def audio() -> NDArray[np.float32]:
    return record(12.0)[0]


@pytest.fixture(scope="module")
def sessions(
    jack_server: JackServer, audio: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Tapped]:
    """Give a session for each monitor, held at the same time, each on a server of its own: they mostly wait."""
    folder = tmp_path_factory.mktemp("taps")
    with JackServer() as beside, ThreadPoolExecutor(2) as pool:
        held = {
            monitor: pool.submit(tapped, server, audio, folder / monitor, monitor)
            for monitor, server in zip(MONITORS, (jack_server, beside), strict=True)
        }
        return {monitor: session.result() for monitor, session in held.items()}


@pytest.mark.parametrize("monitor", MONITORS)
def test_taps_lie_where_the_record_was_heard_and_a_stop_loses_none(
    sessions: dict[str, Tapped], audio: NDArray[np.float32], monitor: str
) -> None:
    one = sessions[monitor]
    assert one.code == 0, one.said
    assert "Traceback" not in one.said
    assert len(one.taps) == TAPS
    # What sounded around each hit is looked for in the file: a busy machine's lost cycles move what follows them.
    around = RATE // 4
    errors = []
    for tap, frame in zip(one.taps, one.struck, strict=True):
        piece = one.heard[max(0, frame - one.first - around) : max(0, frame - one.first + around)]
        if len(piece) < 2 * around:  # the pad began before the ear did
            continue
        place = int(np.argmax(correlate(audio, piece, "valid"))) + around
        errors.append((tap["sample"] - place) / RATE)
    assert len(errors) >= TAPS // 2
    off, spread = np.median(errors), np.std(errors)
    # After lost cycles the server's own time is off, and with it what PortAudio tells of when a block sounds.
    moments = one.cycles[:, 1] - one.cycles[:, 0] / RATE
    unpunctual = float(np.ptp(np.percentile(moments, (5, 95))))
    print(f"{monitor}: off by {1e3 * off:+.1f} ms, spread {1e3 * spread:.1f} ms, server {1e3 * unpunctual:.1f} ms")
    assert abs(off) < TOLERANCE + unpunctual
