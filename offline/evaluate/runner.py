"""Judging systems on folders of recordings and on noise, in several processes, whatever it is that is judged."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.common.process_pool import ignore_interrupt
from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate import noise as noises
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.references import Track
from samplechop.offline.evaluate.rows import Row

ALL = "all"
OUTLINE = 600
Step = Callable[[int, int], None]
"""Hears (steps done, steps there are)."""
Tallies = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one system found in one recording, as the task's judge says it, and its measures.

    counts: arrays of numbers that add up over recordings. lists: arrays that are joined along their last axis.
    """

    found: Any
    measures: Measures
    counts: Tallies = field(default_factory=dict)
    lists: Tallies = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pooled:
    """What one system made of many recordings: the means of their measures, what was counted and what was listed."""

    means: Measures = field(default_factory=dict)
    counts: Tallies = field(default_factory=dict)
    lists: Tallies = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """What is judged: chops, drums or harmony. Its functions are handed to other processes by name.

    judge: gives what a system (its name) finds in a recording with that truth, and how well.
    false_alarms: gives one number for a system and sounds in which there is nothing to find.
    together: gives those measures that only all recordings together tell.
    data: gives what was found in a recording as plain data for JSON.
    rows: of the tables; note: what holds for all of them. principal: which measure stands for a recording where there
    is room for one only: the first that is known, else the last. noise: what the numbers of `false_alarms` are;
    noise_text: how one is written.
    """

    judge: Callable[[Any, Sound, str], Heard]
    false_alarms: Callable[[str, Sequence[Sound]], float]
    together: Callable[[Pooled], Measures]
    data: Callable[[Any], dict[str, Any]]
    rows: Sequence[Row]
    principal: Sequence[str]
    noise: str
    noise_text: Callable[[float], str]
    note: str


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
    """Everything measured. noise: for each kind of noise and system, the task's number of false alarms."""

    task: Task
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
        """Give a system's measures over the recordings of a group: means, and what only all of them together tell."""
        means = measures.mean_of([one.heard[system].measures for one in self.rows(group)])
        return {**means, **self.task.together(Pooled(means, self.counts(system, group), self.lists(system, group)))}

    def counts(self, system: str, group: str = ALL) -> Tallies:
        """Add up what was counted in the recordings of a group."""
        return added([one.heard[system].counts for one in self.rows(group)])

    def lists(self, system: str, group: str = ALL) -> Tallies:
        """Join what was listed in the recordings of a group."""
        return joined([one.heard[system].lists for one in self.rows(group)])


def _named(many: Sequence[Mapping[str, NDArray[np.float64]]]) -> Iterable[tuple[str, list[NDArray[np.float64]]]]:
    for name in dict.fromkeys(name for one in many for name in one):
        yield name, [one[name] for one in many if name in one]


def added(many: Sequence[Tallies]) -> Tallies:
    """Add up arrays of the same name."""
    return {name: np.sum(arrays, axis=0) for name, arrays in _named(many)}


def joined(many: Sequence[Tallies]) -> Tallies:
    """Join arrays of the same name along their last axis."""
    return {name: np.concatenate(arrays, axis=-1) for name, arrays in _named(many)}


def _judge(task: Task, track: Track, systems: Sequence[str]) -> Judged:
    samples = read_audio(track.path)
    heard = {system: task.judge(track.references, samples, system) for system in systems}
    return Judged(track, len(samples) / RATE, heard, outline(samples))


def outline(samples: Sound) -> Sound:
    """Give the peaks of OUTLINE equal parts of a sound, float32 (OUTLINE,), the loudest being 1; zeros for silence."""
    padded = np.pad(np.abs(samples), (0, -len(samples) % OUTLINE))
    peaks = np.max(padded.reshape(OUTLINE, -1), axis=1, initial=0.0)
    return np.asarray(peaks / max(float(np.max(peaks)), 1e-9), np.float32)


def _count(task: Task, kind: str, source: list[Sound] | Path, systems: Sequence[str]) -> tuple[str, dict[str, float]]:
    sounds = noises.played(source) if isinstance(source, Path) else source
    return kind, {system: task.false_alarms(system, sounds) for system in systems}


def evaluate(
    task: Task,
    tracks: Sequence[Track],
    systems: Sequence[str],
    noise_files: Sequence[Path] | None = None,
    jobs: int = 2,
    on_step: Step | None = None,
) -> Result:
    """Let every system hear every recording, and noise unless `noise_files` is None.

    systems: names as the task's judge takes them. noise_files: recordings of empty grooves, beside the noise made by
    rule. jobs: processes. Raises UserError or ModelError for a recording or system that cannot be used.
    """
    sources: list[tuple[str, list[Sound] | Path]] = []
    if noise_files is not None:
        sources = [*noises.noises().items(), *((f"{path.stem} (real)", path) for path in noise_files)]
    # The longest first, so that no process is left with it at the end.
    order = sorted(range(len(tracks)), key=lambda index: -tracks[index].path.stat().st_size)
    calls: list[tuple[Any, ...]] = [(_judge, task, tracks[index], list(systems)) for index in order]
    calls += [(_count, task, kind, source, list(systems)) for kind, source in sources]
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
    return Result(task, list(systems), judged, {kind: counted[kind] for kind, _ in sources})


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
