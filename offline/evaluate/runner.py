"""Evaluation of systems on folders of recordings and on noise, in several processes, whatever the task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, SUFFIXES, Sound, read_audio
from samplechop.offline.augmentation.vinyl import RecordCondition, crackle, groove_noise
from samplechop.offline.common.paths import ends_in
from samplechop.offline.common.process_pool import as_ready
from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.references import Track
from samplechop.offline.evaluate.rows import Row
from samplechop.realtime.core.errors import UserError

SECONDS = 30.0
REAL = "vinyl_hiss"
USUAL = Path("/usr/share/sonic-pi/samples/vinyl_hiss.flac")
SEAM = 0.5
"""Seconds over which one round is faded into the next."""


def synthetic_noises(seconds: float = SECONDS, seed: int = 7) -> dict[str, list[Sound]]:
    """Make surfaces without music, by kind, each float32 (n,), mono, 44 100 Hz.

    Hiss white and dull at three levels, mains hum with and without hiss, crackle of several rates and sizes, a run-out
    groove, the demo's groove, and silence (zeros, one bit of dither, a constant).
    """
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    times = np.arange(n) / RATE
    hiss = 1e-3 * rng.standard_normal(n)
    made: dict[str, list[NDArray[np.float64]]] = {}
    levels = [10 ** (level_db / 20) for level_db in (-70, -50, -30)]
    made["hiss"] = [level * one for level in levels for one in (rng.standard_normal(n), _dull(n, rng))]
    partials = np.arange(1, 8)[:, None]
    hums = [0.01 * np.sum(np.sin(2 * np.pi * base * partials * times) / partials, axis=0) for base in (50, 60)]
    made["hum"] = [*hums, *(hum + hiss for hum in hums)]
    made["crackle"] = []
    for rate in (1, 5, 20, 80):
        made["crackle"].append(crackle(n, RATE, rate, 0.03, rng)[:, 0])
        made["crackle"] += [hiss + crackle(n, RATE, rate, size, rng)[:, 0] for size in (0.01, 0.05, 0.25)]
    run_out = hiss + crackle(n, RATE, 8, 0.02, rng)[:, 0]
    run_out[:: round(1.8 * RATE)] += 0.1
    made["run-out"] = [run_out]
    made["groove"] = [groove_noise(n, RATE, RecordCondition(), rng).mean(axis=1)]
    made["silence"] = [np.zeros(n), rng.integers(-1, 2, n) / 32_768, np.full(n, 0.1)]
    return {kind: [sound.astype(np.float32) for sound in sounds] for kind, sounds in made.items()}


def _dull(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make noise that falls by 3 dB per octave from 20 Hz, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 20)), n)
    return np.asarray(shaped / np.std(shaped))


def real_noises(folder: Path | None, files: Sequence[Path] = ()) -> list[Path]:
    """Find real recordings of empty grooves: the files named, those called vinyl_hiss in a folder, Sonic Pi's.

    Each name counts once. Raises UserError for a named file that is missing.
    """
    for path in files:
        if not path.is_file():
            raise UserError(f"there is no file {str(path)!r}")
    there = sorted(folder.rglob(f"{REAL}*")) if folder is not None else []
    found: dict[str, Path] = {}
    for path in (*files, *(one for one in there if ends_in(one, SUFFIXES)), USUAL):
        if path.is_file():
            found.setdefault(path.stem, path)
    return list(found.values())


def looped(path: Path, seconds: float = SECONDS) -> list[Sound]:
    """Read a recorded surface and play it round and round for at least `seconds`, as it is and 20 dB softer.

    The rounds are faded into each other with equal power, so that the seam is no event. Raises UserError if the file
    cannot be read or is shorter than two seams.
    """
    once, seam = read_audio(path), round(SEAM * RATE)
    if len(once) < 2 * seam:
        raise UserError(f"{str(path)!r} is too short for a groove: give one of {2 * SEAM:g} s or more")
    ramp = np.sin(np.linspace(0, np.pi / 2, seam, dtype=np.float32))
    sound = once
    while len(sound) < seconds * RATE:
        joined = sound[-seam:] * ramp[::-1] + once[:seam] * ramp
        sound = np.concatenate([sound[:-seam], joined, once[seam:]])
    return [sound, (0.1 * sound).astype(np.float32)]


ALL = "all"
OUTLINE = 600
Step = Callable[[int, int], None]
"""Called with (steps done, of all)."""
Tallies = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What one system found in one recording, as the task says it, and its measures.

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
    """What is evaluated: chops, drums or harmony. Its functions are handed to other processes by name.

    detector: ours, which takes models of these kinds; peers: other programs.
    references_for: reads what is known of a recording, see `references.tracks_in`; wanted: what must lie beside one.
    evaluate: gives what a system (its name) finds in a recording with those references, and how well.
    false_alarms: gives one number for a system and sounds in which there is nothing to find.
    pooled: gives those measures that only all recordings together show.
    data: gives what was found in a recording as plain data for JSON.
    rows: of the tables; note: what holds for all of them. principal: which measure stands for a recording where there
    is room for one only: the first that is known, else the last. noise: what the numbers of `false_alarms` are;
    noise_text: how one is written.
    draw: draws a recording with what the named systems found in it, as SVG. key: what its colours mean, as HTML.
    figures: (heading, picture) of what all recordings show together.
    usual: names the systems of ours that run where no detector is asked for, of models by name, None for all released
    ones; without it each model is a system.
    remarks: says what one should know of a system that is a model, in sentences; None: nothing.
    """

    detector: str
    kinds: Sequence[str]
    peers: Sequence[str]
    references_for: Callable[[Path, Path], Any]
    wanted: str
    evaluate: Callable[[Any, Sound, str], SystemResult]
    false_alarms: Callable[[str, Sequence[Sound]], float]
    pooled: Callable[[Pooled], Measures]
    data: Callable[[Any], dict[str, Any]]
    rows: Sequence[Row]
    principal: Sequence[str]
    noise: str
    noise_text: Callable[[float], str]
    note: str
    draw: Callable[["TrackResult", Sequence[str]], str]
    key: Callable[[], str]
    figures: Callable[["Result"], Sequence[tuple[str, str]]]
    usual: Callable[[Sequence[str] | None], Sequence[str]] | None = None
    remarks: Callable[[str], Sequence[str]] | None = None


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

    def errors(self, system: str, group: str = ALL) -> Measures:
        """Give the standard errors of those of a system's measures that are means over recordings."""
        return measures.errors_of([one.by_system[system].measures for one in self.rows(group)])

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


def _evaluate(task: Task, track: Track, systems: Sequence[str]) -> TrackResult:
    samples = read_audio(track.path)
    by_system = {system: task.evaluate(track.references, samples, system) for system in systems}
    return TrackResult(track, len(samples) / RATE, by_system, outline(samples))


def outline(samples: Sound) -> Sound:
    """Give the peaks of OUTLINE equal parts of a sound, float32 (OUTLINE,), the loudest being 1; zeros for silence."""
    padded = np.pad(np.abs(samples), (0, -len(samples) % OUTLINE))
    peaks = np.max(padded.reshape(OUTLINE, -1), axis=1, initial=0.0)
    return np.asarray(peaks / max(float(np.max(peaks)), 1e-9), np.float32)


def _count(task: Task, kind: str, source: list[Sound] | Path, systems: Sequence[str]) -> tuple[str, dict[str, float]]:
    sounds = looped(source) if isinstance(source, Path) else source
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

    systems: names as the task takes them. noise_files: recordings of empty grooves, beside the noise made by
    rule. jobs: processes. Raises UserError or ModelError for a recording or system that cannot be used.
    """
    sources: list[tuple[str, list[Sound] | Path]] = []
    if noise_files is not None:
        sources = [*synthetic_noises().items(), *((f"{path.stem} (real)", path) for path in noise_files)]
    # The longest first, so that no process is left with it at the end.
    order = sorted(range(len(tracks)), key=lambda index: -tracks[index].path.stat().st_size)
    calls: list[Callable[[], Any]] = [partial(_evaluate, task, tracks[index], list(systems)) for index in order]
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
