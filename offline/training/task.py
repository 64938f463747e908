"""What a streaming net is trained for: what it hears, what it is asked, and when it must answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.targets import SAMPLE_RATE, Wanted

Samples = NDArray[np.float32]


class FeatureSource(Protocol):
    """What turns a stream into features, the same class live and here; see realtime/nets/chop_features.py."""

    @property
    def latency(self) -> int:
        """Samples that must be heard from a frame's centre on before it is complete."""

    def reset(self) -> None:
        """Become as new."""

    def push(self, block: Samples) -> NDArray[np.float32]:
        """Hear a block, float32 (n,); give the frames it completes, float32 (m, n_features), until the next push."""


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of net. All functions are named ones of a module, so that other processes find them.

    name: of the task, which also tells shards apart. source: makes the features, given the most samples of one push.
    stack: hops in one frame; the features of each lie one after the other. hop_length: samples from frame to frame.
    An event at sample s is answered `lookahead` frames after frame (s + offset) // hop_length.
    heads: what is asked, with how much each counts. values: the heads that answer with a number (how hard a drum was
    struck), asked only where there is an event. positive_weight: how much more an event counts than a frame without.
    keeps: whether a net that is moved on must go on saying what it said in all heads but the first.
    beside: targets of the frames beside an event, by how far they lie; None where nothing is asked there.
    labels: finds the labels of a recording, or None. example: of such labels, for people. wanted: reads (labels,
    audio). split: says of labels to which split they belong, "" where they do not say. augmented: changes a recording
    a little; gives it, and by how many samples it is later then.
    """

    name: str
    source: Callable[[int], FeatureSource]
    n_features: int
    stack: int
    hop_length: int
    lookahead: int
    heads: Mapping[str, float]
    beside: Mapping[int, float | None]
    labels: Callable[[Path], Path | None]
    example: str
    wanted: Callable[[Path, Path], Wanted]
    split: Callable[[Path], str]
    augmented: Callable[[Samples, np.random.Generator], tuple[Samples, int]]
    offset: int = 0
    values: frozenset[str] = field(default_factory=frozenset)
    positive_weight: float = 2.0
    keeps: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The heads in the order in which the net answers."""
        return tuple(self.heads)

    def frame_of(self, time: float) -> int:
        """Give the frame that stands for a time in seconds; its answer comes `lookahead` frames later."""
        return (int(time * SAMPLE_RATE) + self.offset) // self.hop_length
