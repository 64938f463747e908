"""`samplechop bench kit`: how fast kits are made, in how much memory, how little they repeat, which drums are named."""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.atlas.descriptions import usual_synonyms
from samplechop.offline.audio.reading import SUFFIXES
from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.common.paths import ends_in
from samplechop.offline.kits import pipeline, plan, redundancy, selection
from samplechop.offline.kits.analysis import candidates, content, content_detection, descriptors, drum_tag
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.lab.bench import (
    Figure,
    as_installed,
    best_cpu_seconds,
    best_seconds,
    cpu_seconds_of_programs,
    peers,
)
from samplechop.offline.lab.bench.growth import LINEAR
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

MANY = 2000
RATE = 44_100
OPTIONS = ChopOptions()
CLASSIC = ChopOptions(classic=True)
"""The choice of 2017."""
LONGEST_NAME = 20


def diversification() -> Iterator[Figure]:
    """Choose 16 of 2,000 made-up candidates: clean-up, distances, ranks, ban and the greedy choice, after features."""
    luck = np.random.default_rng(0)
    found = [Candidate(index * RATE // 4, float(p)) for index, p in enumerate(luck.uniform(0.4, 1.0, MANY))]
    harmonic = (luck.random((MANY, descriptors.SEMITONES)) ** 3).astype(np.float32)
    level_db, timbre = np.zeros(MANY, np.float32), np.zeros((MANY, descriptors.MFCCS), np.float32)
    described = Descriptors("slice", RATE, harmonic, harmonic, timbre, level_db)
    took = 1e3 * best_cpu_seconds(lambda: selection.select(found, described, OPTIONS, (), (), RATE))
    yield Figure(f"16 of {MANY:,} candidates", took, "ms").at_most(50)


def redundancies(paths: Sequence[Path]) -> Iterator[Figure]:
    """Judge the kit of each record, and what else could be made of the same candidates; then the mean of all.

    Raises UserError for what cannot be read.
    """
    found: list[redundancy.Figures] = []
    for path in paths:
        with tempfile.TemporaryDirectory() as scratch:
            record = open_record(path, Path(scratch))
            among = plan.choice(record, OPTIONS, 0, record.length)
            starts = np.array([place.sample for place in among.places], np.int64)
            stops = np.append(starts, record.length)[1:]
            took = best_cpu_seconds(partial(descriptors.describe, record, starts, stops), 2)
        name = path.stem if len(path.stem) <= LONGEST_NAME else path.stem[: LONGEST_NAME - 1] + "…"
        yield Figure(f"{name}: candidates", len(among.found.candidates), "")
        yield Figure(f"{name}: features", record.length / record.sample_rate / took, "× real time")
        judged = among.figures(among.selected(OPTIONS), {"classic": among.selected(CLASSIC)})
        if judged:
            yield from _beside(name, judged)
            found.append(judged)
    if len(found) > 1:
        ways = {
            way: {what: float(np.mean([judged[way][what] for judged in found])) for what in _WORDS} for way in found[0]
        }
        yield from _beside("all", ways)
        yield from _goals(ways)


def _beside(name: str, judged: redundancy.Figures) -> Iterator[Figure]:
    for what, words in _WORDS.items():
        for way, values in judged.items():
            yield Figure(f"{name}: {words}, {way}", values[what], "")


def _goals(judged: Mapping[str, Mapping[str, float]]) -> Iterator[Figure]:
    """Say by how much the kit is better than random picks, and what that costs; on many records, as each is luck."""
    kit, top, luck = judged["kit"], judged["strongest"], judged["random"]
    fewer = 100 * (1 - kit["repeats"] / max(luck["repeats"], 1e-9))
    yield Figure("all: fewer repeats than random picks", fewer, "%").at_least(20)
    farther = 100 * (kit["distance"] / max(luck["distance"], 1e-9) - 1)
    yield Figure("all: farther from the nearest than random", farther, "%").at_least(20)
    loss = 100 * (1 - kit["probability"] / max(top["probability"], 1e-9))
    yield Figure("all: probability lost", loss, "%").at_most(5)


_WORDS = {"repeats": "repeats", "distance": "distance to the nearest", "probability": "mean probability"}


MINUTES = 3.0
RUNS = 3


def making(path: Path) -> Iterator[Figure]:
    """Chop three minutes of a recording, repeated as often as it takes, into 16 slices in the default formats.

    Once everything is loaded, and as a command of its own, from its call to its end, the best of three each; and in CPU
    time, beside what other programs take to find onsets in it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wav = _repeated(path, Path(scratch, "three.wav"), 60 * MINUTES)
        folder, options = Path(scratch, "kits"), ChopOptions()
        once = best_seconds(lambda: pipeline.make_kit(wav, folder / "three", options, force=True), RUNS)
        whole = best_seconds(lambda: _command(wav, folder), RUNS)
        program = [sys.executable, "-m", "samplechop", "chop", str(wav), "-o", str(folder), "--force", "--no-cache"]
        cpu = list(peers.beside(f"{MINUTES:g} minutes", " to a kit, all processes", program, wav, RUNS))
        record = open_record(wav, Path(scratch))
        detected = best_cpu_seconds(lambda: candidates.find(record, options, 0, record.length), RUNS)
        parts = [(0, record.length)]
        content = {
            "drums": best_cpu_seconds(lambda: content_detection.detect_hits(record, parts), RUNS),
            "chords": best_cpu_seconds(lambda: content_detection.detect_chords(record, parts), RUNS),
        }
    yield Figure(f"{MINUTES:g} minutes to a kit, loaded", once, "s")
    yield Figure(f"{MINUTES:g} minutes to a kit, the command", whole, "s").at_most(3)
    yield from cpu
    speed = 60 * MINUTES / detected
    yield Figure("chops and beats detected", speed, "× real time")
    for what, took in content.items():
        yield Figure(f"{what} detected, all of it", 60 * MINUTES / took, "× real time")


AGAIN_MINUTES = 60.0
AGAIN = {
    "density .5": ChopOptions(density=0.5),
    "density 1": ChopOptions(density=1.0),
    "count 64": ChopOptions(count=64),
    "diversity .7": ChopOptions(diversity=0.7),
    "another set": ChopOptions(reroll=1),
}
"""Other kits of a record that was chopped before."""


def again(path: Path) -> Iterator[Figure]:
    """Plan other kits of an hour of a recording, repeated, once what is found in it is known; without the slices."""
    minutes = AGAIN_MINUTES
    with tempfile.TemporaryDirectory() as scratch:
        wav = _repeated(path, Path(scratch, "hour.wav"), 60 * minutes)
        record = open_record(wav, Path(scratch)).with_cache(ArrayCache(Path(scratch, "cache")))
        first = best_cpu_seconds(partial(plan.planned, record, OPTIONS, 0, record.length), 1)
        yield Figure(f"{minutes:g} minutes planned", first, "s of CPU")
        for what, options in AGAIN.items():
            took = 1e3 * best_cpu_seconds(partial(plan.planned, record, options, 0, record.length))
            yield Figure(f"{minutes:g} minutes planned again, {what}", took, "ms").at_most(100)


def hours(path: Path, count: float) -> Iterator[Figure]:
    """Chop so many hours of a recording, repeated, and tell the command's largest memory; and beside it one hour."""
    cpu: list[float] = []
    for length in (1.0, count) if count > 1 else (count,):
        took, spent, most = _hours(path, length)
        cpu.append(spent)
        yield Figure(f"{length:g} hours to a kit", took, "s")
        yield Figure(f"{length:g} hours to a kit: largest memory", most, "MB").at_most(500)
    if len(cpu) > 1:
        yield Figure(f"{count:g} hours to a kit ÷ 1 hour", cpu[1] / cpu[0], "×").at_most(LINEAR * count)


def _hours(path: Path, count: float) -> tuple[float, float, float]:
    """Chop so many hours; give the seconds it takes, the CPU time, s, and the largest memory, MB."""
    most: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        wav = _repeated(path, Path(scratch, "hours.wav"), 3600 * count)
        began = time.perf_counter()
        spent = cpu_seconds_of_programs(lambda: most.append(_command(wav, Path(scratch, "kits"))))
        return time.perf_counter() - began, spent, most[0]


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
    command = [sys.executable, "-m", "samplechop", "chop", str(wav), "-o", str(folder), "--force", "--no-cache"]
    whole = [sys.executable, "-c", _MEASURED, *command]
    done = subprocess.run(whole, capture_output=True, text=True, check=False, env=as_installed())
    if done.returncode:
        raise RuntimeError(f"samplechop chop failed: {done.stderr}")
    return round(int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


KIT = ("kick", "snare", "hat")
NONE = "none"
_NAMES = {"crash": "cymbal", "ride": "cymbal", "splash": "cymbal", "openhat": "hat"}


def one_shots(folder: Path) -> Iterator[Figure]:
    """Tag every sound below a folder as a slice of a kit, and count the tags of those of each drum, and of no drum.

    Raises UserError where there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if ends_in(path, SUFFIXES))
    if not paths:
        raise UserError(f"there is no recording in {str(folder)!r}")
    tags: dict[str, Counter[str]] = {name: Counter() for name in (*DRUMS, NONE)}
    for path in paths:
        tags[_named(path)][_tagged(path) or NONE] += 1
    for name, counts in tags.items():
        total = sum(counts.values())
        for tag, count in counts.most_common():
            yield Figure(f"{name}, {total} of them: tagged {tag}", count, "")
    for names in (*((name,) for name in KIT), KIT):
        total = sum(sum(tags[name].values()) for name in names)
        right = sum(tags[name][name] for name in names) / max(total, 1)
        figure = Figure(f"{', '.join(names)}: share tagged right", right, "")
        if total:
            yield figure.at_least(0.85) if names == KIT else figure


def _named(path: Path) -> str:
    """Name the drum a file is by the name of its folder, else by its own."""
    synonyms = {**usual_synonyms(), **_NAMES}
    for text in (path.parent.name, path.stem):
        for word in re.split("[^a-z]+", text.lower()):
            if (name := synonyms.get(word, word)) in DRUMS:
                return name
    return NONE


def _tagged(path: Path) -> str | None:
    with tempfile.TemporaryDirectory() as scratch:
        record = open_record(path, Path(scratch))
        piece = Piece(0, record.length, 0.0)
        parts = [content.judged(0, record.length, record.sample_rate)]
        hits = content_detection.detect_hits(record, parts)
        detected = DetectedContent(record.sample_rate, content_detection.levels(record, parts), hits, None)
        return drum_tag.name_drums(record, detected, [piece])[0]
