"""Which beats of the tracker are told, and as what events."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Emit
from samplechop.realtime.detectors.beats.tracker import AGO, BEAT, CONFIDENCE, PERIOD, POSITION
from samplechop.realtime.detectors.chop import peak_picking

CALIBRATION = ((0.15, 0.25), (0.2, 0.35), (0.3, 0.52), (0.4, 0.7), (0.5, 0.86), (0.6, 0.92), (0.7, 0.96))
"""What the tracker's confidence says, and how often a beat told with it lies within 50 ms of a true one.

Measured on 16 recordings of drums and songs and on 28 made ones, some of them without a pulse.
"""
FIRST_STRAY, MOST_STRAY = 0.3, 0.5
"""How far beats are taken to stray before any was heard, and at most by one beat; logarithm of a ratio."""
STRAY_MEMORY = 2
"""Beats over which straying is averaged."""


@dataclass(frozen=True, slots=True)
class BeatSettings:
    """Which beats are told: those of a pulse, not every attack in music that floats.

    model: a released streaming model's name or a manifest's path.
    begin_confidence, keep_confidence: mean activation, 0..1, that the beats lately must have had for the first beat to
        be told, and for those after it.
    begin_stray, keep_stray: how far the distances between beats may stray from the tempo, as the logarithm of their
        ratio, for the same. Rubato strays by .3, a band by .02.
    """

    model: str = "chop"
    begin_confidence: float = 0.25
    keep_confidence: float = 0.15
    begin_stray: float = 0.2
    keep_stray: float = 0.3

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        begin, keep = self.begin_confidence, self.keep_confidence
        if not 0.0 <= keep <= begin < 1.0:
            raise ValueError(f"confidence must satisfy 0 <= keep <= begin < 1, got {keep} and {begin}")
        begin, keep = self.begin_stray, self.keep_stray
        if not 0.0 < begin <= keep:
            raise ValueError(f"stray must satisfy 0 < begin <= keep, got {begin} and {keep}")


class BeatTeller:
    """Turns what the tracker says of each frame into beats: those of a pulse, held back while there is none."""

    def __init__(self, settings: BeatSettings, sample_rate: int, hop_length: int, offset: int, latency: int) -> None:
        """[main] sample_rate: Hz. Frame f is centred on sample f * hop_length + offset, and heard latency later."""
        self._settings, self._frame_rate = settings, sample_rate / hop_length
        self._hop, self._offset, self._latency = hop_length, offset, latency
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._frame = 0
        self._last = 0.0
        self._stray = FIRST_STRAY
        self._telling = False

    def push(self, pulse: NDArray[np.floating], start: int, emit: Emit) -> None:
        """[analysis] Hear the tracker's next rows, (n, COLUMNS); emit the beats in them. start: sample of frame 0."""
        for place in np.flatnonzero(pulse[:, BEAT]).tolist():
            self._beat(pulse[place].tolist(), self._frame + place, start, emit)
        self._frame += len(pulse)

    def _beat(self, row: list[float], frame: int, start: int, emit: Emit) -> None:
        hop, offset, chosen = self._hop, self._offset, self._settings
        place = frame - row[AGO]
        if self._last:
            stray = abs(math.log(max(place - self._last, 1.0) / row[PERIOD]))
            self._stray += (min(stray, MOST_STRAY) - self._stray) / STRAY_MEMORY
        self._last = place
        if self._telling:
            self._telling = self._stray <= chosen.keep_stray and row[CONFIDENCE] >= chosen.keep_confidence
        else:
            self._telling = self._stray <= chosen.begin_stray and row[CONFIDENCE] >= chosen.begin_confidence
        if not self._telling:
            return
        emit(
            Event(
                kind=events.BEAT,
                sample=start + max(0, math.floor(place * hop) + offset),
                emitted=start + frame * hop + self._latency + offset,
                strength=peak_picking.calibrated(CALIBRATION, row[CONFIDENCE]),
                label=str(int(row[POSITION])),
                tempo=60 * self._frame_rate / row[PERIOD],
            )
        )
