"""Evaluation of systems on folders of recordings and on noise, in several processes, whatever the task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.common.process_pool import as_ready
from samplechop.offline.evaluate import measures, noise
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.references import Track


def share(value: float) -> str:
    """Show a share, 0..1: .934."""
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"


def signed_ms(value: float) -> str:
    """Show milliseconds that may be early or late: +1.2 ms."""
    # The zero keeps a tiny negative offset from showing as -0.0.
    return f"{round(value, 1) + 0.0:+.1f} ms"


def ms(value: float) -> str:
    """Show milliseconds: 1.2 ms."""
    return f"{value:.1f} ms"


def whole(value: float) -> str:
    """Show a plain number without parts: 212."""
    return f"{value:.0f}"


def rate(value: float) -> str:
    """Show a number with one digit: 0.4."""
    return f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure in the table. best: which of the values leads, None where more is neither better nor worse."""

    label: str
    key: str
    text: Callable[[float], str]
    best: Callable[[Sequence[float]], float] | None = max


def least_size(values: Sequence[float]) -> float:
    """Give the value nearest to zero."""
    return min(values, key=abs)


def compared(row: Row, values: Sequence[float | None]) -> list[tuple[str, bool]]:
    """Give each value as text, and whether it is the best, or as good as it looks; empty if none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    lead = row.text(row.best(known)) if row.best is not None and len(known) > 1 else None
    texts = ["–" if value is None else row.text(value) for value in values]
    return [(text, text == lead) for text in texts]


ALL = "all"
OUTLINE = 600
Step = Callable[[int, int], None]
"""Called with (steps done, of all)."""
Tallies = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class SystemResult:
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

    judge: gives what a system (its name) finds in a recording with those references, and how well.
    false_alarms: gives one number for a system and sounds in which there is nothing to find.
    pooled: gives those measures that only all recordings together show.
    data: gives what was found in a recording as plain data for JSON.
    rows: of the tables; note: what holds for all of them. principal: which measure stands for a recording where there
    is room for one only: the first that is known, else the last. noise: what the numbers of `false_alarms` are;
    noise_text: how one is written.
    """

    judge: Callable[[Any, Sound, str], SystemResult]
    false_alarms: Callable[[str, Sequence[Sound]], float]
    pooled: Callable[[Pooled], Measures]
    data: Callable[[Any], dict[str, Any]]
    rows: Sequence[Row]
    principal: Sequence[str]
    noise: str
    noise_text: Callable[[float], str]
    note: str


@dataclass(frozen=True, slots=True)
class TrackResult:
    """One recording with what each system made of it.

    seconds: its length. outline: float32 (OUTLINE,), 0..1, the peak of each part of it, the loudest being 1.
    """

    track: Track
    seconds: float
    by_system: dict[str, SystemResult]
    outline: Sound


@dataclass(frozen=True, slots=True)
class Result:
    """Everything measured. noise: for each kind of noise and system, the task's number of false alarms."""

    task: Task
    systems: list[str]
    tracks: list[TrackResult]
    noise: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """Name the groups in alphabetical order."""
        return sorted({one.track.group for one in self.tracks})

    def rows(self, group: str) -> list[TrackResult]:
        """Give the recordings of a group, or of all."""
        return [one for one in self.tracks if group in (ALL, one.track.group)]

    def summary(self, system: str, group: str = ALL) -> Measures:
        """Give a system's measures over the recordings of a group: means, and what only all of them together show."""
        means = measures.mean_of([one.by_system[system].measures for one in self.rows(group)])
        return {**means, **self.task.pooled(Pooled(means, self.counts(system, group), self.lists(system, group)))}

    def counts(self, system: str, group: str = ALL) -> Tallies:
        """Add up what was counted in the recordings of a group."""
        return added([one.by_system[system].counts for one in self.rows(group)])

    def lists(self, system: str, group: str = ALL) -> Tallies:
        """Join what was listed in the recordings of a group."""
        return joined([one.by_system[system].lists for one in self.rows(group)])


def _named(many: Sequence[Mapping[str, NDArray[np.float64]]]) -> Iterable[tuple[str, list[NDArray[np.float64]]]]:
    for name in dict.fromkeys(name for one in many for name in one):
        yield name, [one[name] for one in many if name in one]


def added(many: Sequence[Tallies]) -> Tallies:
    """Add up arrays of the same name."""
    return {name: np.sum(arrays, axis=0) for name, arrays in _named(many)}


def joined(many: Sequence[Tallies]) -> Tallies:
    """Join arrays of the same name along their last axis."""
    return {name: np.concatenate(arrays, axis=-1) for name, arrays in _named(many)}


def _judge(task: Task, track: Track, systems: Sequence[str]) -> TrackResult:
    samples = read_audio(track.path)
    by_system = {system: task.judge(track.references, samples, system) for system in systems}
    return TrackResult(track, len(samples) / RATE, by_system, outline(samples))


def outline(samples: Sound) -> Sound:
    """Give the peaks of OUTLINE equal parts of a sound, float32 (OUTLINE,), the loudest being 1; zeros for silence."""
    padded = np.pad(np.abs(samples), (0, -len(samples) % OUTLINE))
    peaks = np.max(padded.reshape(OUTLINE, -1), axis=1, initial=0.0)
    return np.asarray(peaks / max(float(np.max(peaks)), 1e-9), np.float32)


def _count(task: Task, kind: str, source: list[Sound] | Path, systems: Sequence[str]) -> tuple[str, dict[str, float]]:
    sounds = noise.looped(source) if isinstance(source, Path) else source
    return kind, {system: task.false_alarms(system, sounds) for system in systems}


def evaluate(
    task: Task,
    tracks: Sequence[Track],
    systems: Sequence[str],
    noise_files: Sequence[Path] | None = None,
    jobs: int = 2,
    on_step: Step | None = None,
) -> Result:
    """Run every system on every recording, and on noise unless `noise_files` is None.

    systems: names as the task's judge takes them. noise_files: recordings of empty grooves, beside the noise made by
    rule. jobs: processes. Raises UserError or ModelError for a recording or system that cannot be used.
    """
    sources: list[tuple[str, list[Sound] | Path]] = []
    if noise_files is not None:
        sources = [*noise.synthetic_noises().items(), *((f"{path.stem} (real)", path) for path in noise_files)]
    # The longest first, so that no process is left with it at the end.
    order = sorted(range(len(tracks)), key=lambda index: -tracks[index].path.stat().st_size)
    calls: list[Callable[[], Any]] = [partial(_judge, task, tracks[index], list(systems)) for index in order]
    calls += [partial(_count, task, kind, source, list(systems)) for kind, source in sources]
    results: list[TrackResult] = []
    counted: dict[str, dict[str, float]] = {}
    for done, found in enumerate(as_ready(calls, jobs), 1):
        if isinstance(found, TrackResult):
            results.append(found)
        else:
            counted[found[0]] = found[1]
        if on_step is not None:
            on_step(done, len(calls))
    results.sort(key=lambda one: (one.track.group, one.track.name))
    return Result(task, list(systems), results, {kind: counted[kind] for kind, _ in sources})
