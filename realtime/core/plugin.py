"""What the host promises a detector, and what a detector promises the host."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import Event

ANALYSIS_RATE = 44_100
"""Sample rate of the analysis bus in Hz; the engine resamples every other rate to it."""

Block = NDArray[np.float32]
Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """The stream a detector is prepared for: sample_rate in Hz, max_block_size in samples."""

    sample_rate: int
    max_block_size: int

    def __post_init__(self) -> None:
        """Refuse a stream that cannot exist."""
        if self.sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {self.sample_rate}")
        if self.max_block_size < 1:
            raise ValueError(f"max_block_size must be at least 1 sample, got {self.max_block_size}")


@runtime_checkable
class Detector(Protocol):
    """One listener in the host. Thread tags in brackets say who calls what.

    A class may have one attribute more, `immediate = True`: then the notes of its events leave after its own latency,
    which is constant too, and do not wait for the slowest detector. Without it all detectors share one latency, so that
    their notes lie beside each other in the DAW as their events do in the audio.
    """

    @property
    def latency(self) -> int:
        """Samples from an event's position to the end of the block that emits it, worst case. Constant once prepared.

        A sum: what the detector itself must wait for, plus `max_block_size`.
        """

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load, allocate and compile; the only call that may raise."""

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Hear the next block. No allocation per frame, no waiting.

        block: float32, (n,) with 1 <= n <= max_block_size, mono, full scale ±1; read-only.
        start: absolute position of block[0] in samples; blocks follow each other without gaps until `reset()`.
        emit: call with each event found; `event.sample` and `event.emitted` are absolute positions on this bus.
        """
