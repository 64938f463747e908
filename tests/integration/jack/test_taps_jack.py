"""Taps as a user makes them: a file plays on an audio device, and somebody else's pad is hit to what is heard.

Positions are checked by an independent client, which records what sounds; the pad sends at known frames of the server.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate

from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.signals import RATE, record
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.jack, pytest.mark.usefixtures("jack_server", "only_jack")]

OFFSET, SPREAD = 0.016, 0.006
"""Seconds, mostly 8 and 2 of them: a message comes with the period it lies in, and what a server plays it passes on a
period before it sounds."""
QUIET, AFTER, EVEN = 0.5, 0.03, 0.004
"""A hit counts where, for so many seconds before and after it, the server's cycles came this even: none was lost."""
TAPS = 12
FIRST = 127
"""Velocity of the hits by which the program is found to have begun; the others have 1, 2, ..."""


def taps_in(file: Path) -> dict[int, int]:
    """Give the sample of each tap on disk, by its velocity."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return {line["velocity"]: line["sample"] for line in lines}


def strike(pad: subprocess.Popen[str], hits: list[tuple[int, int]]) -> list[int]:
    """Have the pad hit after so many frames, with a velocity; gives the server's frames once all are done."""
    assert pad.stdin is not None and pad.stdout is not None
    pad.stdin.write(json.dumps(hits) + "\n")
    pad.stdin.flush()
    frames: list[int] = json.loads(pad.stdout.readline())
    return frames


@pytest.mark.parametrize("monitor", ["direct", "aligned"])
def test_taps_lie_where_the_record_was_heard_and_a_stop_loses_none(
    jack_server: JackServer, tmp_path: Path, monitor: str
) -> None:
    audio = record(30.0)[0]
    soundfile.write(tmp_path / "song.wav", audio, RATE)
    command = [sys.executable, "-m", "samplechop", "live", str(tmp_path / "song.wav"), "--quiet"]
    command += ["--monitor", monitor, "--tap", "--tap-port", "virtual"]
    here = Path(__file__).parent
    rng = np.random.default_rng(3)
    waits = (RATE * (0.5 + 0.25 * np.arange(TAPS)) + rng.integers(0, RATE // 8, TAPS)).astype(int).tolist()
    file = tmp_path / "song.taps.jsonl"
    with jack_server.client("ear") as ear:
        program = jack_server.popen(command, stderr=-1, env={"XDG_CONFIG_HOME": str(tmp_path)})
        try:
            port = ear.wait_for_port("^samplechop-pad.*:taps")[0]
            outputs = sorted(ear.wait_for_port("^samplechop-audio.*:out_", count=2))
            first = ear.record(outputs[:2], seconds=60.0)
            with jack_server.popen([sys.executable, str(here / "tap.py"), port], stdin=-1, stdout=-1) as pad:
                while not taps_in(file):
                    assert program.poll() is None
                    strike(pad, [(RATE // 20, FIRST)])
                struck = strike(pad, [(wait, number + 1) for number, wait in enumerate(waits)])
                ear.wait_until(struck[-1] + RATE // 4)
                heard = ear.recording()[:, 0]
                report = ear.report()
                assert pad.stdin is not None
                pad.stdin.close()
            frames_of, seconds_of = np.array(report.clock).T
        finally:
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, said
    assert "Traceback" not in said
    taps = taps_in(file)
    if not report.xruns and not report.skipped:  # a lost cycle takes the hits in it with it
        assert sorted(taps) == [*range(1, TAPS + 1), FIRST]
    # What sounded around each hit is looked for in the file: a busy machine's lost cycles move what follows them.
    around = RATE // 4
    errors = []
    for number, frame in enumerate(struck, 1):
        piece = heard[max(0, frame - first - around) : max(0, frame - first + around)]
        near = (frame - QUIET * RATE < frames_of) & (frames_of <= frame + AFTER * RATE)
        even = np.ptp(seconds_of[near] - frames_of[near] / RATE) < EVEN
        if number in taps and len(piece) == 2 * around and even:
            place = int(np.argmax(correlate(audio, piece, "valid"))) + around
            errors.append((taps[number] - place) / RATE)
    print(f"{monitor}, ms: {np.round(1e3 * np.array(errors), 1)}")
    if len(errors) >= TAPS // 2:
        assert abs(np.median(errors)) < OFFSET
        assert np.median(np.abs(errors - np.median(errors))) < SPREAD
