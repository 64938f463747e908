"""`samplechop bench atlas`: how fast a pile of synthetic sounds becomes a map, and what it takes to add some."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.fingerprints import fingerprint, fingerprints_of
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.map_files import assign, rectangle
from samplechop.offline.atlas.map.tsne import embed
from samplechop.offline.atlas.settings import CollectSettings, EmbedSettings, FingerprintSettings
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.lab.bench import (
    Figure,
    allocations,
    best_cpu_seconds,
    best_seconds,
    cpu_seconds_of_programs,
    peers,
)

RATE = 44_100
SHORTEST, LONGEST = 0.05, 1.0
"""Seconds of a sound."""


def sound(number: int) -> NDArray[np.float32]:
    """Give the sound of a number, of the kind GROUPS[number % 7]: float32 (samples,), peak 1, RATE."""
    luck = np.random.default_rng(number)
    time = np.arange(round(luck.uniform(SHORTEST, LONGEST) * RATE)) / RATE
    wave = _KINDS[number % len(_KINDS)](time, luck)
    return (wave / np.abs(wave).max()).astype(np.float32)


def _decay(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    return np.exp(-time * luck.uniform(4, 60))


def _sine(cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * cycles)


def _kick(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    fall = luck.uniform(1, 8) * (1 - np.exp(-time * luck.uniform(15, 60)))
    return _sine(luck.uniform(35, 90) * time + fall) * _decay(time, luck)


def _hat(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    return np.diff(luck.standard_normal(len(time)), prepend=0.0) * _decay(time, luck)


def _snare(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    skin = luck.uniform(0.3, 2) * _sine(luck.uniform(150, 320) * time)
    return (luck.standard_normal(len(time)) + skin) * _decay(time, luck)


def _tone(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    pitch = 55 * 2 ** (luck.integers(48) / 12)
    partials = np.arange(1, 8)
    return (luck.random(7) / partials) @ _sine(pitch * partials[:, None] * time) * _decay(time, luck)


def _sweep(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    low, high = luck.uniform(60, 6000, 2)
    return _sine(low * time + (high - low) * time**2 / (2 * time[-1])) * np.exp(-3 * time)


def _rumble(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    walk = np.cumsum(luck.standard_normal(len(time)))
    return (walk - walk.mean()) * np.exp(-3 * time)


def _bell(time: NDArray[np.float64], luck: np.random.Generator) -> NDArray[np.float64]:
    pitch = luck.uniform(300, 3000)
    bent = luck.uniform(0.2, 1) * _sine(pitch * luck.uniform(0.3, 3) * time)
    return _sine(pitch * time + bent) * _decay(time, luck)


_KINDS = (_kick, _hat, _snare, _tone, _sweep, _rumble, _bell)
GROUPS = ("kick", "hat", "snare", "tone", "sweep", "rumble", "bell")
FILES, NEW, RUNS = 1000, 100, 3
"""Files that are collected, and sounds that are placed into a map; how often they are collected: the best counts."""
TOGETHER = 1000
"""Sounds held in memory."""
MAP_SECONDS, GRID_SECONDS, COUNT = 60.0, 90.0, 10_000
"""The goals, for so many sounds; more may take longer."""


def collecting() -> Iterator[Figure]:
    """Collect files and make fingerprints of them, with all libraries loaded; beside mel spectrograms by librosa."""
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch, "files")
        files.mkdir()
        for number in range(FILES):
            soundfile.write(files / f"{_name(number)}.wav", sound(number), RATE, "PCM_16")
        list(fingerprints_of(sound(0)[None], RATE, FingerprintSettings()))  # so that no library is loaded meanwhile

        def once(run: int) -> tuple[float, float, float]:
            """Give the seconds that collecting takes, and fingerprinting, and the CPU time of all processes, s."""
            target, took = Path(scratch, f"atlas {run}"), [0.0, 0.0]

            def work() -> None:
                took[0] = _seconds(lambda: collect(target, [files], CollectSettings(), _nothing, jobs))
                took[1] = _seconds(lambda: fingerprint(Atlas(target), FingerprintSettings(), _nothing, jobs))

            own = time.process_time()
            spent = cpu_seconds_of_programs(work)
            return took[0], took[1], spent + time.process_time() - own

        took, again, spent = (min(values) for values in zip(*map(once, range(RUNS)), strict=True))
        theirs = _by_librosa(files) if peers.LIBROSA in peers.there() else None
    yield Figure(f"{FILES:,} files collected", FILES / took, "a second")
    yield Figure(f"{FILES:,} sounds fingerprinted", FILES / again, "a second")
    rate = FILES / (took + again)
    yield Figure("collected and fingerprinted", rate, "a second").at_least(500)
    yield Figure("collected and fingerprinted, all processes", spent, "s of CPU")
    if theirs is not None:
        yield Figure("librosa.load and melspectrogram of the same files", theirs, "s of CPU")
        yield Figure("collected and fingerprinted ÷ librosa", spent / theirs, "×")


def _by_librosa(folder: Path) -> float:
    """Give the CPU time in which librosa reads files and makes a mel spectrogram of each, in one process, s."""
    import librosa

    def work() -> None:
        for path in folder.iterdir():
            samples, rate = librosa.load(path, sr=None)
            librosa.feature.melspectrogram(y=samples, sr=rate)

    return best_cpu_seconds(work, RUNS)


def mapping(count: int) -> Iterator[Figure]:
    """Lay out a map of so many sounds, make a grid of it, and place some more."""
    jobs = os.cpu_count() or 1
    larger = max(1.0, count / COUNT)
    with tempfile.TemporaryDirectory() as scratch:
        atlas = Atlas.begin(Path(scratch, "atlas"), RATE, round(LONGEST * RATE))
        _add(atlas, count)
        fingerprint(atlas, FingerprintSettings(), _nothing, jobs)
        took = _seconds(lambda: embed(atlas, EmbedSettings(), _nothing, jobs))
        yield Figure(f"a map of {count:,}", took, "s").at_most(MAP_SECONDS * larger)
        points = map_files.read_map(atlas)
        seconds: list[float] = []
        cells = rectangle(count)
        _, memory = allocations(lambda: seconds.append(_seconds(lambda: assign(points, *cells))), 1)
        yield Figure(f"a grid of {count:,}", seconds[0], "s").at_most(GRID_SECONDS * larger**2)
        yield Figure(f"a grid of {count:,}: largest memory", memory / 1e6, "MB")
        _add(atlas, NEW)
        fingerprint(atlas, FingerprintSettings(), _nothing, jobs)
        took = _seconds(lambda: embed(Atlas(atlas.folder), EmbedSettings(), _nothing, jobs))
        yield Figure(f"{NEW} new placed among {count:,}", took, "s").at_most(2.0)


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
