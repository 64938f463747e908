"""The beat detector: the streaming net's beats and downbeats, followed by an online tracker."""

import math
from dataclasses import dataclass

import numpy as np

import models
from realtime import choice, events
from realtime.activations import ActivationStream
from realtime.beats import AGO, BEAT, CONFIDENCE, PERIOD, POSITION, REACH, BeatTracker
from realtime.events import Event
from realtime.spec import Block, Emit, ProcessSpec

HEADS = ("beat", "downbeat")
CALIBRATION = ((0.2, 0.5), (0.5, 0.9), (0.8, 0.97))
"""What the tracker's confidence says, and how often a beat of that confidence lies on a true one."""


@dataclass(frozen=True, slots=True)
class BeatSettings:
    """model: a released streaming model's name or a manifest's path.

    confidence: mean activation, 0..1, that the beats lately must have had for a beat to be told; below it there is
    music without a pulse, or none. steady: beats in a row that must have had it before the first is told.
    """

    model: str = "chop"
    confidence: float = 0.2
    steady: int = 3

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        if not 0.0 <= self.confidence < 1.0:
            raise ValueError(f"confidence must be in 0..1, less than 1, got {self.confidence}")
        if self.steady < 1:
            raise ValueError(f"steady must be at least 1 beat, got {self.steady}")


class BeatDetector:
    """Tells each beat, its position in the bar as the label ("1" is a downbeat), and the tempo.

        frame f's centre   + future + CQT kernel    + pointer passes, peak in reach
        |------------------|--------|---------------|-----------> decided
        ^ beat: at the top of the activation

    Latency is that sum plus one block. The net is computed here a second time beside the chop detector's: it costs
    some microseconds per frame, and each detector stays whole on its own.
    """

    def __init__(self, settings: BeatSettings = BeatSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings
        self._latency: tuple[tuple[str, int], ...] = ()

    @property
    def latency(self) -> int:
        """Samples from a beat to the end of the block that emits it, worst case."""
        return sum(samples for _, samples in self.latency_terms)

    @property
    def latency_terms(self) -> tuple[tuple[str, int], ...]:
        """The latency as a sum: (what for, samples) for each part. Known once prepared."""
        if not self._latency:
            raise RuntimeError("latency is known after prepare()")
        return self._latency

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that gives no beats."""
        manifest = models.load(self._settings.model)
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        self._stream = stream = ActivationStream(manifest, spec.max_block_size)
        if not set(HEADS) <= set(stream.heads):
            raise models.ModelError(f"model {manifest.name!r} hears no beats: it has {', '.join(stream.heads)}")
        self._columns = [stream.heads.index(head) for head in HEADS]
        self._frame_rate = spec.sample_rate / stream.hop_length
        self._tracker = BeatTracker(self._frame_rate)
        hop = stream.hop_length
        self._latency = (
            (f"{2 * stream.lookahead} frames of context", stream.lookahead * hop),
            ("constant-Q kernel", stream.features.latency),
            ("peak", 2 * REACH * hop),
            ("one block", spec.max_block_size),
        )
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        self._stream.reset()
        self._tracker.reset()
        self._start: int | None = None
        self._frame = 0
        self._steady = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Hear the next block, float32 (n,), mono; emit the beats decided in it, in order."""
        if self._start is None:
            self._start = start
        rows = self._stream.push(block)
        if not len(rows):
            return
        beat, downbeat = (np.ascontiguousarray(rows[:, column]) for column in self._columns)
        pulse = self._tracker.push(beat, downbeat)
        for place in np.flatnonzero(pulse[:, BEAT]).tolist():
            self._beat(pulse[place].tolist(), self._frame + place, self._start, emit)
        self._frame += len(rows)

    def _beat(self, row: list[float], frame: int, start: int, emit: Emit) -> None:
        confidence = row[CONFIDENCE]
        self._steady = self._steady + 1 if confidence >= self._settings.confidence else 0
        if self._steady < self._settings.steady:
            return
        hop, offset = self._stream.hop_length, self._stream.offset
        emit(
            Event(
                kind=events.BEAT,
                sample=start + max(0, math.floor((frame - row[AGO]) * hop) + offset),
                emitted=start + frame * hop + self._stream.latency + offset,
                strength=choice.calibrated(CALIBRATION, confidence),
                label=str(int(row[POSITION])),
                tempo=60 * self._frame_rate / row[PERIOD],
            )
        )
