"""`samplechop bench atlas`: how fast a pile of sounds becomes a map, and what it takes to add some."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import soundfile

from samplechop.offline.atlas.collect.collect import CollectSettings, collect
from samplechop.offline.atlas.features.spectrogram_fingerprints import FingerprintSettings, compute, fingerprint
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.grid import assign, rectangle
from samplechop.offline.atlas.map.tsne import EmbedSettings, embed
from samplechop.offline.atlas.store.atlas import Atlas, Sound
from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.sounds_by_rule import GROUPS, LONGEST, RATE, sound
from samplechop.offline.lab.bench.timing import allocations, best_seconds

FILES, NEW = 1000, 100
"""Files that are collected, and sounds that are placed into a map."""
TOGETHER = 1000
"""Sounds held in memory."""
MAP_SECONDS, GRID_SECONDS, COUNT = 60.0, 90.0, 10_000
"""The goals, for so many sounds; more may take longer."""


def collecting() -> Iterator[Figure]:
    """Collect files and make fingerprints of them, with all libraries loaded."""
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        files, target = Path(scratch, "files"), Path(scratch, "atlas")
        files.mkdir()
        for number in range(FILES):
            soundfile.write(files / f"{_name(number)}.wav", sound(number), RATE, "PCM_16")
        list(compute(sound(0)[None], RATE, FingerprintSettings()))  # so that no library is loaded meanwhile
        took = _seconds(lambda: collect(target, [files], CollectSettings(), _nothing, jobs))
        again = _seconds(lambda: fingerprint(Atlas(target), FingerprintSettings(), _nothing, jobs))
    yield Figure(f"{FILES:,} files collected", FILES / took, "a second")
    yield Figure(f"{FILES:,} sounds fingerprinted", FILES / again, "a second")
    rate = FILES / (took + again)
    yield Figure("collected and fingerprinted", rate, "a second", "≥ 300", rate >= 300)


def mapping(count: int) -> Iterator[Figure]:
    """Lay out a map of so many sounds, make a grid of it, and place some more."""
    jobs = os.cpu_count() or 1
    larger = max(1.0, count / COUNT)
    with tempfile.TemporaryDirectory() as scratch:
        atlas = Atlas.begin(Path(scratch, "atlas"), RATE, round(LONGEST * RATE))
        _add(atlas, count)
        fingerprint(atlas, FingerprintSettings(), _nothing, jobs)
        took = _seconds(lambda: embed(atlas, EmbedSettings(), _nothing, jobs))
        yield _at_most(f"a map of {count:,}", took, MAP_SECONDS * larger)
        points = map_files.read_map(atlas)
        seconds: list[float] = []
        cells = rectangle(count)
        _, memory = allocations(lambda: seconds.append(_seconds(lambda: assign(points, *cells))), 1)
        yield _at_most(f"a grid of {count:,}", seconds[0], GRID_SECONDS * larger**2)
        yield Figure(f"a grid of {count:,}: largest memory", memory / 1e6, "MB")
        _add(atlas, NEW)
        fingerprint(atlas, FingerprintSettings(), _nothing, jobs)
        took = _seconds(lambda: embed(Atlas(atlas.folder), EmbedSettings(), _nothing, jobs))
        yield _at_most(f"{NEW} new placed among {count:,}", took, 2.0)


def _at_most(name: str, took: float, goal: float) -> Figure:
    return Figure(name, took, "s", f"≤ {goal:g}", took <= goal)


def _add(atlas: Atlas, count: int) -> None:
    last = len(atlas) + count
    while len(atlas) < last:
        numbers = range(len(atlas), min(len(atlas) + TOGETHER, last))
        made = [sound(number) for number in numbers]
        rows = [
            Sound(_name(n), "", 0.0, len(wave) / RATE, len(wave), 1.0, GROUPS[n % len(GROUPS)], "", *([0.0] * 6))
            for n, wave in zip(numbers, made, strict=True)
        ]
        atlas.append(rows, made)


def _name(number: int) -> str:
    return f"{GROUPS[number % len(GROUPS)]}_{number}"


def _nothing(what: str, done: int, of: int) -> None:
    """Show no progress: the benchmark shows its own."""


def _seconds(work: Callable[[], object]) -> float:
    return best_seconds(work, 1)
