"""The beat detector: the streaming net's beats and downbeats, followed by an online tracker."""

import math
from dataclasses import dataclass

import numpy as np

from samplechop import models
from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats.tracker import (
    AGO,
    BEAT,
    CONFIDENCE,
    PERIOD,
    POSITION,
    REACH,
    TEMPO_RANGE,
    PulseStream,
    TempoRange,
)
from samplechop.realtime.nets.streaming import calibrated

CALIBRATION = ((0.15, 0.25), (0.2, 0.35), (0.3, 0.52), (0.4, 0.7), (0.5, 0.86), (0.6, 0.92), (0.7, 0.96))
"""The tracker's confidence, and how often a beat with it lies within 50 ms of a true one.

Measured on 16 recordings of drums and songs and on 28 made ones, some of them without a pulse.
"""
FIRST_STRAY, MOST_STRAY = 0.3, 0.5
"""How far beats are taken to stray before the first, and at most by one beat; logarithm of a ratio."""
STRAY_MEMORY = 2
"""Beats over which straying is averaged."""


@dataclass(frozen=True, slots=True)
class BeatSettings:
    """Which beats are emitted: those of a pulse, not every attack in music that floats.

    model: a released streaming model's name or a manifest's path.
    begin_confidence, keep_confidence: mean activation, 0..1, that the beats lately must have had for the first beat to
        be emitted, and for those after it.
    begin_stray, keep_stray: how far the distances between beats may stray from the tempo, as the logarithm of their
        ratio, for the same. Rubato strays by .3, a band by .02.
    tempo_range: the lowest and highest tempo, beats per minute: what could be taken at half or double tempo, too, is
        taken at the one in this range.
    """

    model: str = "chop"
    begin_confidence: float = 0.25
    keep_confidence: float = 0.15
    begin_stray: float = 0.2
    keep_stray: float = 0.3
    tempo_range: TempoRange = TEMPO_RANGE

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        begin, keep = self.begin_confidence, self.keep_confidence
        if not 0.0 <= keep <= begin < 1.0:
            raise ValueError(f"confidence must satisfy 0 <= keep <= begin < 1, got {keep} and {begin}")
        begin, keep = self.begin_stray, self.keep_stray
        if not 0.0 < begin <= keep:
            raise ValueError(f"stray must satisfy 0 < begin <= keep, got {begin} and {keep}")


class BeatDetector(StatedLatency):
    """Emits each beat, its position in the bar as the label ("1" is a downbeat), and the tempo.

        frame f's centre   + future + CQT kernel    + pointer passes, peak in reach
        |------------------|--------|---------------|-----------> decided
        ^ beat: at the peak of the activation

    Latency is that sum plus one block. The net and the tracker are shared with the chop detector, where both run. A
    beat is not moved to the nearest attack as chops are: measured, that put it farther from the true beat (6.7 ms
    instead of 6.4 on average), as players lie beside the beat.
    """

    lead_in = True

    def __init__(self, settings: BeatSettings = BeatSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that gives no beats."""
        manifest = models.load(self._settings.model)
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        self._shared = PulseStream.shared(manifest, spec, self._settings.tempo_range)
        self._stream = stream = self._shared.stream.activations
        hop = stream.hop_length
        self._frame_rate = spec.sample_rate / hop
        self._latency = (
            (f"{2 * stream.lookahead} frames of context", stream.lookahead * hop),
            ("constant-Q kernel", stream.features.latency),
            ("peak picking", 2 * REACH * hop),
            ("one block", spec.max_block_size),
        )
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        self._shared.reset()
        self._start: int | None = None
        self._frame = 0
        self._last = 0.0
        self._stray = FIRST_STRAY
        self._emitting = False

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the beats decided in it, in order."""
        if self._start is None:
            self._start = start
        self._shared.push(block, start)
        pulse = self._shared.stream.pulse
        for place in np.flatnonzero(pulse[:, BEAT]).tolist():
            self._beat(pulse[place].tolist(), self._frame + place, self._start, emit)
        self._frame += len(pulse)

    def _beat(self, row: list[float], frame: int, start: int, emit: Emit) -> None:
        """Emit the beat that the tracker decided at a frame, if it is one of a pulse. start: sample of frame 0."""
        hop, offset, chosen = self._stream.hop_length, self._stream.offset, self._settings
        place = frame - row[AGO]
        if self._last:
            stray = abs(math.log(max(place - self._last, 1.0) / row[PERIOD]))
            self._stray += (min(stray, MOST_STRAY) - self._stray) / STRAY_MEMORY
        self._last = place
        if self._emitting:
            self._emitting = self._stray <= chosen.keep_stray and row[CONFIDENCE] >= chosen.keep_confidence
        else:
            self._emitting = self._stray <= chosen.begin_stray and row[CONFIDENCE] >= chosen.begin_confidence
        if not self._emitting:
            return
        emit(
            Event(
                kind=events.BEAT,
                sample=start + max(0, math.floor(place * hop) + offset),
                emitted=start + frame * hop + self._stream.latency + offset,
                strength=calibrated(CALIBRATION, row[CONFIDENCE]),
                label=str(int(row[POSITION])),
                tempo=60 * self._frame_rate / row[PERIOD],
            )
        )
