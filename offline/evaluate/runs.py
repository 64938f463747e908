"""Judging systems on folders of recordings and on noise, in several processes, and the results as plain data."""

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from offline.crate.sounds import RATE, Sound, read
from offline.evaluate import listeners, measures, noises
from offline.evaluate.measures import Markers, Measures
from offline.evaluate.truths import Track
from offline.jobs import ignore_interrupt
from realtime.errors import UserError

SCHEMA = 1
ALL = "all"
OUTLINE = 600
Bins = list[tuple[int, int, float]]
Step = Callable[[int, int], None]
"""Hears (steps done, steps there are)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one system found in one recording, its measures, and its markers by tenths of strength."""

    markers: Markers
    measures: Measures
    bins: Bins


@dataclass(frozen=True, slots=True)
class Judged:
    """One recording with what each system made of it.

    seconds: its length. outline: float32 (OUTLINE,), 0..1, the peak of each part of it, the loudest being 1.
    """

    track: Track
    seconds: float
    heard: dict[str, Heard]
    outline: Sound


@dataclass(frozen=True, slots=True)
class Result:
    """Everything measured. noise: for each kind of noise and system, false markers per minute."""

    systems: list[str]
    judged: list[Judged]
    noise: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """Name the groups in alphabetical order."""
        return sorted({one.track.group for one in self.judged})

    def rows(self, group: str) -> list[Judged]:
        """Give the recordings of a group, or of all."""
        return [one for one in self.judged if group in (ALL, one.track.group)]

    def summary(self, system: str, group: str = ALL) -> Measures:
        """Average a system's measures over the recordings of a group; calibration error over all its markers."""
        heard = [one.heard[system] for one in self.rows(group)]
        pooled = pool([one.bins for one in heard])
        return {**measures.mean_of([one.measures for one in heard]), "ece": measures.calibration_error(pooled)}

    def reliability(self, system: str, group: str = ALL) -> Bins:
        """Add up a system's markers by tenths of strength."""
        return pool([one.heard[system].bins for one in self.rows(group)])


def pool(many: Iterable[Bins]) -> Bins:
    """Add up markers by tenths of strength."""
    total = [[0, 0, 0.0] for _ in range(measures.BINS)]
    for bins in many:
        for row, (count, right, strength) in zip(total, bins, strict=True):
            row[0] += count
            row[1] += right
            row[2] += strength
    return [(int(count), int(right), float(strength)) for count, right, strength in total]


def _judge(track: Track, systems: Sequence[str]) -> Judged:
    samples = read(track.path)
    seconds = len(samples) / RATE
    heard = {}
    for system in systems:
        markers = listeners.listener(system)(samples)
        bins = measures.reliability(*measures.verdicts(track.references, markers))
        heard[system] = Heard(markers, measures.measure(track.references, markers, seconds), bins)
    return Judged(track, seconds, heard, outline(samples))


def outline(samples: Sound) -> Sound:
    """Give the peaks of OUTLINE equal parts of a sound, float32 (OUTLINE,), the loudest being 1; zeros for silence."""
    padded = np.pad(np.abs(samples), (0, -len(samples) % OUTLINE))
    peaks = np.max(padded.reshape(OUTLINE, -1), axis=1, initial=0.0)
    return np.asarray(peaks / max(float(np.max(peaks)), 1e-9), np.float32)


def _count(kind: str, source: list[Sound] | Path, systems: Sequence[str]) -> tuple[str, dict[str, float]]:
    sounds = noises.played(source) if isinstance(source, Path) else source
    minutes = sum(len(sound) for sound in sounds) / RATE / 60
    return kind, {
        system: sum(len(listeners.listener(system)(sound).times) for sound in sounds) / minutes for system in systems
    }


def evaluate(
    tracks: Sequence[Track],
    systems: Sequence[str],
    noise_files: Sequence[Path] | None = None,
    jobs: int = 2,
    on_step: Step | None = None,
) -> Result:
    """Let every system hear every recording, and noise unless `noise_files` is None.

    systems: names as offline.evaluate.listeners.listener takes them. noise_files: recordings of empty grooves, beside
    the noise made by rule. jobs: processes. Raises UserError or ModelError for a recording or system that cannot be
    used.
    """
    sources: list[tuple[str, list[Sound] | Path]] = []
    if noise_files is not None:
        sources = [*noises.noises().items(), *((f"{path.stem} (real)", path) for path in noise_files)]
    # The longest first, so that no process is left with it at the end.
    order = sorted(range(len(tracks)), key=lambda index: -tracks[index].path.stat().st_size)
    calls: list[tuple[Any, ...]] = [(_judge, tracks[index], list(systems)) for index in order]
    calls += [(_count, kind, source, list(systems)) for kind, source in sources]
    judged: list[Judged] = []
    counted: dict[str, dict[str, float]] = {}
    for done, found in enumerate(_results(calls, jobs), 1):
        if isinstance(found, Judged):
            judged.append(found)
        else:
            counted[found[0]] = found[1]
        if on_step is not None:
            on_step(done, len(calls))
    judged.sort(key=lambda one: (one.track.group, one.track.name))
    return Result(list(systems), judged, {kind: counted[kind] for kind, _ in sources})


def _results(calls: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[Any]:
    if jobs == 1:
        for function, *arguments in calls:
            yield function(*arguments)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=ignore_interrupt) as pool_:
        futures = [pool_.submit(*call) for call in calls]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool_.shutdown(cancel_futures=True)
            raise


def rounded(scores: Measures) -> dict[str, float]:
    """Leave out what is unknown and round to what can be told apart."""
    return {name: round(value, 4) for name, value in scores.items() if value is not None}


def write_data(result: Result, folder: Path, path: Path) -> None:
    """Write the results about the recordings under `folder` as JSON. Raises UserError if that cannot be done."""
    try:
        path.write_text(json.dumps(as_data(result, folder), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"The results {str(path)!r} cannot be written: {error.strerror}") from None


def as_data(result: Result, folder: Path) -> dict[str, Any]:
    """Give the results as plain data for JSON: means by group, noise, calibration, and every recording's measures.

    Recordings are named by their path under `folder`, as those of two subfolders may share a name.
    """
    return {
        "schema": SCHEMA,
        "folder": str(folder),
        "recordings": len(result.judged),
        "minutes": round(sum(one.seconds for one in result.judged) / 60, 2),
        "systems": {
            system: {
                "mean": rounded(result.summary(system)),
                "groups": {group: rounded(result.summary(system, group)) for group in result.groups},
                "reliability": [
                    {"from": index / measures.BINS, "markers": count, "right": right}
                    for index, (count, right, _) in enumerate(result.reliability(system))
                ],
                "false_per_minute": {kind: round(found[system], 2) for kind, found in result.noise.items()},
                "recordings": {
                    one.track.path.relative_to(folder).as_posix(): rounded(one.heard[system].measures)
                    | {"markers": [round(float(time), 4) for time in one.heard[system].markers.times]}
                    for one in result.judged
                },
            }
            for system in result.systems
        },
    }
