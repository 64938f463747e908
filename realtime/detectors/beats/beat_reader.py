"""The beats of a tracked pulse: which of its multiples is the beat, where bars begin, and from what trust on."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Emit
from samplechop.realtime.detectors.beats.bars import BarCues, BarTracker
from samplechop.realtime.detectors.beats.metrical_level import AS_DETECTED, Beat, MetricalLevel, Tempo
from samplechop.realtime.detectors.beats.octave_evidence import HEADS, OctaveEvidence, PulseOdds
from samplechop.realtime.detectors.beats.tracker import AGO, BEAT, MOVED, PERIOD, REACH, TRUST, TempoRange
from samplechop.realtime.detectors.beats.weights import Trust, beat_weights
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.nets.streaming import ActivationStream, calibrated

REPHASED = 0.2
"""Beats by which one must lie beside where the one before has it, to be called re-phased."""
PAUSE = 8
"""Beats after which a beat begins anew: it follows none."""
WEIGHED = ("downbeat", "hit")
"""Heads that tell which of two tracked beats is one of a slower level. In slow music the net hears beats between the
beats, too; kick and snare lie on them.
"""


class BeatReader:
    """Reads a tracker's rows, in order.

    level: which multiple of the pulse is the beat, which may be steered between two readings.
    """

    def __init__(
        self,
        stream: ActivationStream,
        recent: tuple[Ring, Ring],
        tempo_range: TempoRange,
        tempo: Tempo,
        trust: Trust,
    ) -> None:
        """[main] Allocate and compile.

        stream: of whose activations the rows are. recent: as BarCues shares them. tempo_range: of beats, per minute.
        tempo: which multiple of the pulse is the beat. trust: that beats must have to be emitted.
        """
        self._hop, self._offset, self._latency = stream.hop_length, stream.offset, stream.latency
        self.frame_rate = ANALYSIS_RATE / self._hop
        self._trust, weights = trust, beat_weights()
        self.level = MetricalLevel(self.frame_rate, tempo)
        self._columns = [stream.heads.index(head) for head in HEADS if head in stream.heads]
        given = weights.octave, (recent[0], self._columns)
        self._evidence = OctaveEvidence(self.frame_rate, *tempo_range, *given)
        weigh = [stream.heads.index(head) for head in WEIGHED if head in stream.heads]
        self._weigh = np.array(weigh, np.int64)
        self._cues, self._bars = BarCues(stream.heads, recent), BarTracker(weights.bars)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new; which tempo is wanted stays."""
        self.level.reset()
        self._evidence.reset()
        self._cues.reset()
        self._bars.reset()
        self._emitting = False
        self._last: Beat | None = None  # that was emitted
        self._parts = 1  # of a beat whose bars are counted, where a faster tempo is wanted
        self._bar = 1, 1  # position and meter of the last one
        self._open_octave = 0

    @property
    def open_octave(self) -> int:
        """[any thread] Octaves from the beats' tempo to another nearly as likely by now; 0 where it is clear."""
        return self._open_octave if self.level.tempo == AS_DETECTED else 0

    @property
    def pulse_odds(self) -> Sequence[PulseOdds]:
        """[analysis] What was tracked, and how likely which octave of it was the beat; none where the user said so."""
        return tuple(self._evidence.odds) if self.level.tempo == AS_DETECTED else ()

    def read(self, pulse: NDArray[np.float32], frame: int, start: int, emit: Emit) -> None:
        """[analysis] Read the rows from a frame on, float32 (n, COLUMNS), of whose activations the last are the newest;
        emit the beats decided in them, in order. start: the sample of frame 0.
        """
        for place in np.flatnonzero(pulse[:, BEAT]).tolist() if len(pulse) else ():
            self._known(frame + place + 1)
            self._emit_due(frame + place, start, emit)
            self._beat(pulse[place].tolist(), frame + place, start, emit)
        self._known(frame + len(pulse))
        self._emit_due(frame + len(pulse) - 1, start, emit)

    def _known(self, frames: int) -> None:
        """Take so many frames for known: in a block, those up to the beat that it is about."""
        self._evidence.frames = self._cues.frames = frames

    def _emit_due(self, frame: int, start: int, emit: Emit) -> None:
        """Emit the beats between those that were tracked, which are known REACH frames after them, up to a frame."""
        for beat in self.level.due(frame - REACH):
            self._emit(beat, math.ceil(beat.place) + REACH, start, emit)

    def _beat(self, row: list[float], frame: int, start: int, emit: Emit) -> None:
        """Emit the beat that the tracker decided at a frame, if it is one of a pulse. start: sample of frame 0."""
        place, trust = frame - row[AGO], row[TRUST]
        self._emitting = trust >= (self._trust.keep if self._emitting else self._trust.begin)
        octave = 0
        if len(self._columns) == len(HEADS):
            octave = self._evidence.take(place, row[PERIOD])
            self._open_octave = self._evidence.runner_up()
        if row[MOVED]:
            self._bars.lose_count()
        if not self._emitting:
            self.level.pause()
            return
        weight = self._cues.height(place, self._weigh)
        for beat in self.level.take(Beat(place, row[PERIOD], trust), weight, octave):
            self._parts = 2 ** max(0, self.level.octave - max(0, octave))
            self._emit(beat, frame, start, emit)

    def _emit(self, beat: Beat, frame: int, start: int, emit: Emit) -> None:
        """Emit a beat that is known at a frame, with its position in the bar."""
        hop, offset = self._hop, self._offset
        rephased, last = False, self._last
        if last is not None:
            beats = (beat.place - last.place) / beat.period
            rephased = beats < PAUSE and abs(beats - max(1, round(beats))) > REPHASED
        self._last = beat
        part = round((beat.place - self.level.last.place) / beat.period) % self._parts
        if part == 0:
            cues = self._cues.take(beat.place)
            self._bar = self._bars.take(cues, self._cues.thirds, self._cues.between)
        counted, meter = self._bar
        position = ((counted - 1) * self._parts + part) % meter + 1
        emit(
            Event(
                kind=events.BEAT,
                sample=start + max(0, math.floor(beat.place * hop) + offset),
                emitted=start + frame * hop + self._latency + offset,
                strength=calibrated(self._trust.calibration, beat.trust),
                label=str(position),
                tempo=60 * self.frame_rate / beat.period,
                rephased=rephased,
            )
        )
