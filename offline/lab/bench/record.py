"""What a kill -9 takes from a recording: a known file is recorded in real time, and the program killed at random."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.lab.bench import Figure

RATE, SECONDS = 44_100, 10.0
EARLIEST, LATEST = 0.1, 8.0
"""Seconds of the record played when the kill comes, drawn evenly."""
MOST_LOST = 1.0
_START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Killed:
    """What one kill left.

    recorded: seconds until the kill. readable: seconds that soundfile reads, None if it does not. ffprobe:
    whether ffprobe knows what it is, None without the program. exact: whether the samples are the record's.
    lines: whole lines in the log.
    """

    recorded: float
    readable: float | None
    ffprobe: bool | None
    exact: bool
    lines: int

    @property
    def lost(self) -> float:
        """Seconds recorded that cannot be read any more."""
        return self.recorded - (self.readable or 0.0)


def killed(folder: Path, moment: float, record_format: str = "wav24") -> Killed:
    """Record a file of noise into a new folder in `folder`, and kill -9 the program `moment` seconds into it.

    Raises RuntimeError if it does not begin.
    """
    noise = np.random.default_rng(0).integers(-(1 << 22), 1 << 22, (round(SECONDS * RATE), 2), dtype=np.int32) << 8
    source, target = folder / "noise.wav", folder / "sessions"
    if not source.exists():
        soundfile.write(source, noise, RATE, subtype="PCM_24")
    before = set(target.glob("*"))
    command = [sys.executable, "-m", "samplechop", "live", str(source), "--record", str(target), "--quiet"]
    process = subprocess.Popen(
        [*command, "--record-format", record_format],
        env={**os.environ, "XDG_CONFIG_HOME": str(folder)},  # the user's own settings are not what is measured
        stdin=subprocess.DEVNULL,
    )
    try:
        session, began = _begun(target, before, process)
        time.sleep(max(0.0, began + moment - time.time()))
        recorded = time.time() - began
    finally:
        process.kill()
        process.wait()
    audio = next(session.glob("audio.*"))
    readable, exact = None, False
    try:
        there = soundfile.read(audio, dtype="float64", always_2d=True)[0]
        readable, exact = len(there) / RATE, np.array_equal(there, noise[: len(there)] / 2**31)
    except (soundfile.LibsndfileError, ValueError):  # ValueError: a length nobody can hold
        pass
    lines = (session / "events.jsonl").read_text().split("\n")[:-1]
    return Killed(recorded, readable, _ffprobe(audio), exact, len([json.loads(line) for line in lines]))


def _begun(target: Path, before: set[Path], process: subprocess.Popen[bytes]) -> tuple[Path, float]:
    """Wait for the session's first line; give its folder and the moment it began, in seconds of time.time()."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for session in set(target.glob("*")) - before:
            log = session / "events.jsonl"
            if log.exists() and "\n" in (text := log.read_text()):
                return session, datetime.fromisoformat(json.loads(text.split("\n")[0])["date"]).timestamp()
        time.sleep(0.005)
    raise RuntimeError(f"no session began in {_START_SECONDS:g} s, exit code {process.poll()}")


def _ffprobe(audio: Path) -> bool | None:
    if shutil.which("ffprobe") is None:
        return None
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", str(audio)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() in ("pcm_s24le", "pcm_f32le", "flac")


def kills(times: int, seed: int, record_format: str) -> Iterator[Figure]:
    """Kill a recording so many times at random moments and report what was lost."""
    moments = np.random.default_rng(seed).uniform(EARLIEST, LATEST, times)
    with tempfile.TemporaryDirectory() as folder:
        runs = [killed(Path(folder), float(moment), record_format) for moment in moments]
    lost = [run.lost for run in runs]
    yield Figure(f"{record_format}: most lost of {times} kills", max(lost), "s").at_most(MOST_LOST)
    yield Figure(f"{record_format}: median lost", float(np.median(lost)), "s")
    for name, count in (
        ("readable by soundfile", sum(run.readable is not None for run in runs)),
        ("bit for bit the record", sum(run.exact for run in runs)),
    ):
        yield Figure(f"{record_format}: {name}", count, f"of {times}", "all", count == times)
    if shutil.which("ffprobe") is not None:
        count = sum(bool(run.ffprobe) for run in runs)
        yield Figure(f"{record_format}: readable by ffprobe", count, f"of {times}", "all", count == times)
