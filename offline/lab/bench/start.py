"""`samplechop bench start`: what it costs until something happens, and what grows with the hours.

CPU times of whole processes, the least of several, and beside them that of a Python which only imports numpy: their
ratio says the same on a slow and on a busy machine.
"""

import os
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from samplechop.offline.kits import redundancy, selection
from samplechop.offline.kits.analysis import descriptors
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.plan import MOST_CANDIDATES
from samplechop.offline.lab.bench import LATER, Figure, best_cpu_seconds, cpu_seconds_of
from samplechop.realtime.core.events import BEAT, CHOP, Event
from samplechop.realtime.midi.file import MidiFileSink

RATE = 44_100
PROGRAM = (sys.executable, "-m", "samplechop")
COMMANDS = {
    "--help": (("--help",), 0.3),
    "--version": (("--version",), 0.3),
    "live --help": (("live", "--help"), None),
    "chop --help": (("chop", "--help"), None),
    "train --help": (("train", "--help"), None),
}
"""Arguments, and the most CPU time that is aimed at, s."""
LISTENING = ("live", "--demo", "--fast", "--duration", "0.5", "--quiet")
"""Start and process half a second of a file: what comes after the first frame takes 1 ms."""
HOURS = (1, 3)
PER_HOUR = 8000
"""Chops, and beats, in an hour of music."""


def commands(repeats: int = 5) -> Iterator[Figure]:
    """Give the CPU time of commands that compute nothing."""
    bare = cpu_seconds_of([sys.executable, "-c", "import numpy"], repeats)
    yield Figure("Python and numpy alone", bare, "s of CPU")
    for name, (arguments, goal) in COMMANDS.items():
        took = cpu_seconds_of([*PROGRAM, *arguments], repeats)
        yield Figure(name, took, "s of CPU").at_most(goal)
        yield Figure(f"{name} ÷ Python and numpy", took / bare, "×")


def listening(detect: Sequence[str] = ("chops", "chops,beats,drums,harmony"), repeats: int = 3) -> Iterator[Figure]:
    """Give the CPU time until it listens, with nothing compiled before and with all of it."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    try:
        for detectors in detect:
            command = [*PROGRAM, *LISTENING, "--detect", detectors]
            cpu_seconds_of(command, 1)  # whoever installed it has its modules compiled, though not yet its functions
            with tempfile.TemporaryDirectory() as empty:
                os.environ["NUMBA_CACHE_DIR"] = empty
                first = cpu_seconds_of(command, 1)
                cpu_seconds_of(LATER, 1)
                warm = cpu_seconds_of(command, repeats)
            yield Figure(f"{detectors}: first start ever, until it listens", first, "s of CPU").at_most(10)
            yield Figure(f"{detectors}: later starts", warm, "s of CPU").at_most(1)
            yield Figure(f"{detectors}: first start ÷ later ones", first / warm, "×")
        with tempfile.TemporaryDirectory() as empty:
            os.environ["NUMBA_CACHE_DIR"] = empty
            later = cpu_seconds_of(LATER, 1)
        yield Figure("compiled in the background after a first start", later, "s of CPU")
    finally:
        os.environ.pop("NUMBA_CACHE_DIR")
        if before is not None:
            os.environ["NUMBA_CACHE_DIR"] = before


def growth(hours: Sequence[int] = HOURS) -> Iterator[Figure]:
    """Give what --midi-file keeps of so many hours of events, and how much longer a longer record's kit is chosen."""
    for beats in (False, True):
        kept = [_kept(count, beats) for count in hours]
        name = f"--midi-file, {'with' if beats else 'without'} beats"
        yield Figure(f"{name}: memory each further hour", (kept[-1] - kept[0]) / (hours[-1] - hours[0]) / 1e6, "MB")
    took = [best_cpu_seconds(lambda: _choose(min(count * PER_HOUR, MOST_CANDIDATES)), 3) for count in hours]  # noqa: B023 (called at once)
    ratio = Figure(f"choosing in {hours[-1]} h ÷ in {hours[0]} h", took[-1] / took[0], "×")
    yield ratio.at_most(1.2 * hours[-1] / hours[0])


def _kept(hours: int, beats: bool) -> int:
    """Give the bytes that the MIDI file holds after so many hours of events."""
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        try:
            sink = MidiFileSink(Path(folder, "long.mid"), RATE, beats=beats)
            for number in range(hours * PER_HOUR):
                sample = number * 3600 * RATE // PER_HOUR
                if beats:
                    sink.write(Event(BEAT, sample, 0, 0.9, str(number % 4 + 1), tempo=PER_HOUR / 60))
                sink.write(Event(CHOP, sample, 0, 0.9, note=36 + number % 16, velocity=100))
            sink.grow()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return held


def _choose(count: int) -> None:
    """Choose a kit among so many made candidates, and judge it."""
    luck = np.random.default_rng(0)
    found = [Candidate(index * RATE // 2, float(p)) for index, p in enumerate(luck.uniform(0.4, 1.0, count))]
    harmonic = (luck.random((count, descriptors.SEMITONES)) ** 3).astype(np.float32)
    timbre = luck.random((count, descriptors.MFCCS)).astype(np.float32)
    described = Descriptors("slice", RATE, harmonic, harmonic, timbre, np.zeros(count, np.float32))
    chosen = selection.select(found, described, ChopOptions(), (), (), RATE)
    redundancy.figures(found, timbre, chosen, np.arange(16) * RATE, timbre[:16], RATE)
