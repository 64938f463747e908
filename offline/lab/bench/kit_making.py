"""Making kits: how long the whole command takes, how fast it listens, how much memory hours of audio take."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import soundfile

from samplechop.offline.kits import pipeline
from samplechop.offline.kits.analysis import candidates, content_jobs
from samplechop.offline.kits.open import open_record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.timing import best_seconds

MINUTES = 3.0
RUNS = 3


def making(path: Path) -> Iterator[Figure]:
    """Chop three minutes of a recording, repeated as often as it takes, into 16 slices in all formats.

    Once everything is loaded, and as a command of its own, from its call to its end; the best of three each.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wav = _repeated(path, Path(scratch, "three.wav"), 60 * MINUTES)
        folder, options = Path(scratch, "kits"), ChopOptions()
        once = best_seconds(lambda: pipeline.make_kit(wav, folder / "three", options, force=True), RUNS)
        whole = best_seconds(lambda: _command(wav, folder), RUNS)
        record = open_record(wav, Path(scratch))
        heard = best_seconds(lambda: candidates.find(record, options, 0, record.length), RUNS)
        parts = [(0, record.length)]
        ears = {
            "drums": best_seconds(lambda: content_jobs.hits(record, parts), RUNS),
            "chords": best_seconds(lambda: content_jobs.chords(record, parts), RUNS),
        }
    yield Figure(f"{MINUTES:g} minutes to a kit, loaded", once, "s", "≤ 4", once <= 4)
    yield Figure(f"{MINUTES:g} minutes to a kit, the command", whole, "s", "≤ 4", whole <= 4)
    speed = 60 * MINUTES / heard
    yield Figure("chops and beats detected", speed, "× real time", "≥ 1000", speed >= 1000)
    for what, took in ears.items():
        yield Figure(f"{what} detected, all of it", 60 * MINUTES / took, "× real time")


def hours(path: Path, count: float) -> Iterator[Figure]:
    """Chop so many hours of a recording, repeated, and tell the command's largest memory."""
    with tempfile.TemporaryDirectory() as scratch:
        wav = _repeated(path, Path(scratch, "hours.wav"), 3600 * count)
        began = time.perf_counter()
        most = _command(wav, Path(scratch, "kits"))
        took = time.perf_counter() - began
    yield Figure(f"{count:g} hours to a kit", took, "s")
    yield Figure(f"{count:g} hours to a kit: largest memory", most, "MB", "≤ 500", most <= 500)


def _repeated(path: Path, target: Path, seconds: float) -> Path:
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    left = round(seconds * rate)
    with soundfile.SoundFile(target, "w", rate, samples.shape[1], "PCM_16", format="RF64") as out:
        while left > 0:
            out.write(samples[:left])
            left -= len(samples)
    return target


_MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Runs a command and prints its largest memory: a small program, as a child counts the memory of its parent too."""


def _command(wav: Path, folder: Path) -> float:
    """Run the command and give the largest memory of one of its processes, in MB."""
    command = [sys.executable, "-m", "samplechop", "chop", str(wav), "-o", str(folder), "--force"]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"samplechop chop failed: {done.stderr}")
    return round(int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)
