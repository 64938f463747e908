"""From labelled audio to features and targets of a streaming net, through the very features the live host uses."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.labels.drum_labels import SUFFIX
from samplechop.offline.labels.recording_truth import read_truth

SAMPLE_RATE = 44_100
BLOCK = 32_768
Samples = NDArray[np.float32]
Spans = Sequence[tuple[float, float]]


class FeatureSource(Protocol):
    """What turns a stream into features, the same class live and here; see realtime/nets/features.py."""

    @property
    def latency(self) -> int:
        """Samples that must have come from a frame's centre on before it is complete."""

    def reset(self) -> None:
        """Become as new."""

    def push(self, block: Samples) -> NDArray[np.float32]:
        """Take a block, float32 (n,); give the frames it completes, float32 (m, n_features), until the next push."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events in seconds by head, and half-open spans of seconds in which a head's answer is unknown.

    values: for heads that answer with a number, (seconds, number 0..1) of each event. states: for heads that say
    whether something lasts, the spans in which it does. faint: events that count half. A head that is in none of
    events, values and states is unknown everywhere.
    """

    events: Mapping[str, Sequence[float]]
    unknown: Mapping[str, Spans]
    values: Mapping[str, Spans] = field(default_factory=dict)
    states: Mapping[str, Spans] = field(default_factory=dict)
    faint: Mapping[str, Collection[float]] = field(default_factory=dict)

    def shifted(self, seconds: float) -> "Annotation":
        """Give the same, that much later."""
        events, faint = (
            {head: [time + seconds for time in times] for head, times in some.items()}
            for some in (self.events, self.faint)
        )
        unknown, states = (
            {head: [(a + seconds, b + seconds) for a, b in spans] for head, spans in some.items()}
            for some in (self.unknown, self.states)
        )
        values = {head: [(time + seconds, value) for time, value in pairs] for head, pairs in self.values.items()}
        return Annotation(events, unknown, values, states, faint)


FAINT = 0.5
"""How much an event that is hardly audible counts."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Heads that answer together, and when.

    heads: outputs, with their weight in the loss. An event at sample s is answered `lookahead` frames after frame
    (s + offset) // hop_length. beside: targets of the frames beside an event, by how far they lie; None where nothing
    is asked there. values: the heads that answer with a number (how hard a drum was struck), asked only where there is
    an event. states: the heads that say whether something lasts.
    """

    heads: Mapping[str, float]
    hop_length: int
    beside: Mapping[int, float | None]
    lookahead: int = 0
    offset: int = 0
    values: frozenset[str] = field(default_factory=frozenset)
    states: frozenset[str] = field(default_factory=frozenset)

    @property
    def names(self) -> tuple[str, ...]:
        """The heads in the order in which the net answers."""
        return tuple(self.heads)

    def frame_of(self, time: float) -> int:
        """Give the frame that stands for a time in seconds; its answer comes `lookahead` frames later."""
        return (int(time * SAMPLE_RATE) + self.offset) // self.hop_length

    def targets(self, annotation: Annotation, n_frames: int) -> tuple[Samples, Samples]:
        """Give targets and weights, 0..1: two float32 arrays, (n_frames, heads).

        An event gives 1 at its frame and what `beside` says beside it, whatever else is unknown. Heads that answer with
        a number are asked there, and a frame either way, only.
        """
        names = self.names
        target, weight = np.zeros((n_frames, len(names)), np.float32), np.ones((n_frames, len(names)), np.float32)
        for column, head in enumerate(names):
            if head in self.values:
                weight[:, column] = 0
                for time, value in annotation.values.get(head, ()):
                    frame = self.frame_of(time)
                    near = slice(max(0, frame - 1), max(0, frame + 2))
                    target[near, column], weight[near, column] = value, 1
                continue
            if head not in annotation.events and head not in annotation.states:
                weight[:, column] = 0
                continue
            for start, stop in annotation.states.get(head, ()):
                target[max(0, self.frame_of(start)) : max(0, self.frame_of(stop)), column] = 1
            for start, stop in annotation.unknown.get(head, ()):
                first, last = self.frame_of(start) - 1, self.frame_of(stop) + 1
                weight[max(0, first) : max(0, last + 1), column] = 0
            times = annotation.events.get(head, ())
            faint = {self.frame_of(time) for time in annotation.faint.get(head, ())}
            frames = [self.frame_of(time) for time in times]
            counts = [FAINT if frame in faint else 1.0 for frame in frames]
            self.mark(frames, counts, target[:, column], weight[:, column])
        return target, weight

    def mark(self, frames: Sequence[int], counts: Sequence[float], target: Samples, weight: Samples) -> None:
        """Write events at `frames` into one head's target and weight, float32 (n,): 1, and beside it what `beside`
        says. counts: how much each event counts.
        """
        for offset, value in sorted(self.beside.items(), key=lambda pair: pair[1] is not None):
            for frame, count in zip(frames, counts, strict=True):
                if 0 <= frame + offset < len(target):
                    target[frame + offset] = max(target[frame + offset], value or 0)
                    weight[frame + offset] = 0 if value is None else count
        for frame, count in zip(frames, counts, strict=True):
            if 0 <= frame < len(target):
                target[frame], weight[frame] = 1, count


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """Input and targets of one kind of streaming net. All functions are named ones of a module, so that other
    processes find them.

    name: which also distinguishes shards. source: makes the features, given the most samples of one push; by frames,
    or, for a net with an early stage, by hops. stack: hops in one frame; the features of each lie one after the other.
    answers: what the net answers at every frame; early: at every hop, if anything.
    delays: of each feature of a hop, by how many hops it is older than the others; () where all are of one time.
    positive_weight: how much more an event counts than a frame without. balance: whether events of rare heads count
    even more. distil: whether a net that is fine-tuned must go on giving what it gave in all heads but the first.
    labels: finds the labels of a recording, or None. example: of such labels, for people. annotation: reads (labels,
    audio). split: says to which split labels belong, "" where they do not say. augment: changes a recording a little;
    gives it, and by how many samples it is later then.
    """

    name: str
    source: Callable[[int], FeatureSource]
    n_features: int
    stack: int
    answers: Answers
    labels: Callable[[Path], Path | None]
    example: str
    annotation: Callable[[Path, Path], Annotation]
    split: Callable[[Path], str]
    augment: Callable[[Samples, np.random.Generator], tuple[Samples, int]]
    early: Answers | None = None
    delays: tuple[int, ...] = ()
    positive_weight: float = 2.0
    balance: bool = False
    distil: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The heads that answer at every frame, in the order in which the net answers."""
        return self.answers.names

    @property
    def columns(self) -> tuple[str, ...]:
        """What each output means: the heads of a frame, then those of each of its hops."""
        return self.names + (self.early.names * self.stack if self.early else ())

    @property
    def groups(self) -> tuple[tuple[Answers, int, slice], ...]:
        """The heads that answer together, how often in a frame they do, and where their outputs lie."""
        n = len(self.names)
        early = ((self.early, self.stack, slice(n, len(self.columns))),) if self.early else ()
        return ((self.answers, 1, slice(0, n)), *early)


@dataclass(frozen=True, slots=True)
class Record:
    """One recording as the net takes it: x float16 (n, n_features), target and weight float16 (n, columns).

    target[i] is what the net should give once frame i has come: the answer for frame i - lookahead.
    """

    x: NDArray[np.float16]
    target: NDArray[np.float16]
    weight: NDArray[np.float16]


def record_of(
    spec: StreamSpec, samples: Samples, annotation: Annotation, source: FeatureSource | None = None
) -> Record:
    """Compute features and targets of a recording, float32 (n,), mono, 44 100 Hz, followed by silence.

    source: made by the spec for blocks of BLOCK; None makes a new one.
    """
    source = source or spec.source(BLOCK)
    source.reset()
    hop, lookahead = spec.answers.hop_length, spec.answers.lookahead
    tail = source.latency + (lookahead + 2) * hop
    padded = np.concatenate([samples, np.zeros(tail, np.float32)])
    rows = [source.push(padded[i : i + BLOCK]).copy() for i in range(0, len(padded), BLOCK)]
    x = np.concatenate(rows)
    if spec.early is not None:  # the source gives hops
        x = x[: len(x) // spec.stack * spec.stack].reshape(-1, spec.n_features)
    n = min(len(x) - lookahead, len(samples) // hop + 1)
    parts = []
    for answers, rate, _ in spec.groups:
        lead = np.zeros((answers.lookahead * rate, len(answers.names)), np.float32)
        asked = answers.targets(annotation, (n + lookahead - answers.lookahead) * rate)
        late = (np.concatenate([lead, one]) for one in asked)
        parts.append([one.reshape(n + lookahead, -1) for one in late])
    target, weight = (np.concatenate(some, axis=1) for some in zip(*parts, strict=True))
    return Record(*(array[: n + lookahead].astype(np.float16) for array in (x, target, weight)))


def split_of(labels: Path) -> str:
    """Tell to which split labels belong: the truth of a synthetic recording says so, others give ""."""
    synthetic = labels.suffix == ".json" and not labels.name.endswith(SUFFIX)
    return read_truth(labels).split if synthetic else ""
