"""The beat detector: the streaming net's beats and downbeats, followed by an online tracker."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop import models
from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats import MODEL
from samplechop.realtime.detectors.beats.bars import BarCues, BarTracker
from samplechop.realtime.detectors.beats.metrical_level import AS_DETECTED, Beat, MetricalLevel, Tempo
from samplechop.realtime.detectors.beats.octave_evidence import HEADS, OctaveEvidence, PulseOdds
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import (
    AGO,
    BEAT,
    MOVED,
    PERIOD,
    REACH,
    TEMPO_RANGE,
    TRUST,
    TempoRange,
    pulse_range,
)
from samplechop.realtime.detectors.beats.weights import beat_weights
from samplechop.realtime.nets.streaming import calibrated

SAME_TEMPO = 0.1
"""Octaves that a tapped tempo may lie from one of the pulse's octaves to be that one."""
OFF_PHASE = 0.25
"""Beats that taps may lie beside the beat to be on it."""


REPHASED = 0.2
"""Beats by which one must lie beside where the one before has it, to be called re-phased."""
PAUSE = 8
"""Beats after which a beat begins anew: it follows none."""


@dataclass(frozen=True, slots=True)
class BeatSettings:
    """Which beats are emitted: those of a pulse, not every attack in music that floats.

    model: a released streaming model's name or a manifest's path.
    begin_trust, keep_trust: 0..1, how likely a beat must be right, by what was tracked lately, for the first one to be
        emitted, and for those after it. None: as they were fitted.
    tempo_range: the lowest and highest tempo, beats per minute: what could be taken at half or double tempo, too, is
        taken at the one in this range.
    tempo: which multiple of the tracked pulse is the beat, see `Tempo`.
    """

    model: str = MODEL
    begin_trust: float | None = None
    keep_trust: float | None = None
    tempo_range: TempoRange = TEMPO_RANGE
    tempo: Tempo = AS_DETECTED

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        begin, keep = self.begin_trust, self.keep_trust
        if any(value is not None and not 0.0 <= value < 1.0 for value in (begin, keep)):
            raise ValueError(f"trust must satisfy 0 <= trust < 1, got {begin} to begin and {keep} to keep")
        if begin is not None and keep is not None and keep > begin:
            raise ValueError(f"trust must satisfy keep <= begin, got {keep} and {begin}")


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
        self._settings, self._open_octave = settings, 0
        self._asked: deque[int | tuple[float, int]] = deque()  # by the user: octaves, or a tempo and a beat's sample

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that gives no beats."""
        manifest = models.load(self._settings.model)
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        self._shared = PulseStream.shared(manifest, spec, self._settings.tempo_range)
        self._stream = stream = self._shared.stream.activations
        hop = stream.hop_length
        self._frame_rate = spec.sample_rate / hop
        self._level = MetricalLevel(self._frame_rate, self._settings.tempo)
        weights = beat_weights()
        self._columns = [stream.heads.index(head) for head in HEADS if head in stream.heads]
        recent = self._shared.stream.recent
        given = weights.octave, (recent[0], self._columns)
        self._evidence = OctaveEvidence(self._frame_rate, *self._settings.tempo_range, *given)
        self._weigh = [stream.heads.index(head) for head in ("beat", "downbeat") if head in stream.heads]
        self._cues, self._bars = BarCues(stream.heads, recent), BarTracker(weights.bars)
        self._calibration = weights.calibration
        begin, keep = self._settings.begin_trust, self._settings.keep_trust
        self._begin = weights.begin if begin is None else begin
        self._keep = min(self._begin, weights.keep) if keep is None else keep
        self._latency = (
            *stream.delay_terms,
            ("peak picking", 2 * REACH * hop),
            ("one block", spec.max_block_size),
        )
        self.reset()

    @property
    def tempo(self) -> Tempo:
        """[any thread] What is known of the tempo by now."""
        return self._level.tempo

    @property
    def open_octave(self) -> int:
        """[any thread] Octaves from the beats' tempo to another nearly as likely by now; 0 where it is clear."""
        return self._open_octave if self.tempo == AS_DETECTED else 0

    @property
    def pulse_odds(self) -> Sequence[PulseOdds]:
        """[analysis] What was tracked, and how likely which octave of it was the beat; none where the user said so."""
        return tuple(self._evidence.odds) if self.tempo == AS_DETECTED else ()

    def shift_octave(self, octaves: int) -> None:
        """[any thread] Take the beat to be so many octaves faster than until now, from the next beat on."""
        self._asked.append(octaves)

    def tap(self, bpm: float, sample: int) -> None:
        """[any thread] Take the tempo to be about `bpm`, with a beat at an absolute position on the bus."""
        self._asked.append((bpm, sample))

    def reset(self) -> None:
        """[analysis] Become as freshly prepared; what was asked of the tempo stays."""
        self._level.reset()
        self._evidence.reset()
        self._cues.reset()
        self._bars.reset()
        self._shared.reset()
        self._start: int | None = None
        self._frame = 0
        self._emitting = False
        self._last: Beat | None = None  # that was emitted
        self._open_octave = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the beats decided in it, in order."""
        if self._start is None:
            self._start = start
        self._shared.push(block, start)
        pulse = self._shared.stream.pulse
        for place in np.flatnonzero(pulse[:, BEAT]).tolist() if len(pulse) else ():
            frame = self._frame + place
            self._known(frame + 1)
            self._emit_due(frame, self._start, emit)
            self._beat(pulse[place].tolist(), frame, self._start, emit)
        self._frame += len(pulse)
        self._known(self._frame)
        self._emit_due(self._frame - 1, self._start, emit)
        while self._asked:
            self._steer(self._asked.popleft(), self._start)

    def _known(self, frames: int) -> None:
        """Take so many frames for known: in a block, those up to the beat that it is about."""
        self._evidence.frames = self._cues.frames = frames

    def _steer(self, asked: int | tuple[float, int], start: int) -> None:
        """Do what the user asked for: other octaves, or a tempo and place that were tapped."""
        level = self._level
        if isinstance(asked, int):
            if level.last.period and level.tempo.bpm is None:
                level.tempo = Tempo(bpm=60 * self._frame_rate / level.last.period * 2.0**level.octave)
            level.tempo = level.tempo.shifted(asked)
            return
        bpm, sample = asked
        level.tempo = Tempo(bpm=bpm)
        period, place = 60 * self._frame_rate / bpm, (sample - start - self._stream.offset) / self._stream.hop_length
        last = level.last
        octave = round(math.log2(last.period / period)) if last.period else 0
        pulse = period * 2.0**octave
        if last.period and abs(math.log2(last.period / pulse)) <= SAME_TEMPO:
            off = (place - last.place) / min(period, last.period)
            if abs(off - round(off)) <= OFF_PHASE:
                level.keep_beat_at(place)
                return
        low, high = pulse_range(self._settings.tempo_range)
        pulse = period
        while 60 * self._frame_rate / pulse < low:
            pulse /= 2
        while 60 * self._frame_rate / pulse > high:
            pulse *= 2
        self._shared.stream.steer(pulse, self._frame - 1 - place)

    def _emit_due(self, frame: int, start: int, emit: Emit) -> None:
        """Emit the beats between those that were tracked, which are known REACH frames after them, up to a frame."""
        for beat in self._level.due(frame - REACH):
            self._emit(beat, math.ceil(beat.place) + REACH, start, emit)

    def _beat(self, row: list[float], frame: int, start: int, emit: Emit) -> None:
        """Emit the beat that the tracker decided at a frame, if it is one of a pulse. start: sample of frame 0."""
        place, trust = frame - row[AGO], row[TRUST]
        self._emitting = trust >= (self._keep if self._emitting else self._begin)
        octave = 0
        if len(self._columns) == len(HEADS):
            octave = self._evidence.take(place, row[PERIOD])
            self._open_octave = self._evidence.runner_up()
        if row[MOVED]:
            self._bars.lose_count()
        if not self._emitting:
            self._level.pause()
            return
        weight = self._cues.height(place, self._weigh)
        for beat in self._level.take(Beat(place, row[PERIOD], trust), weight, octave):
            self._emit(beat, frame, start, emit)

    def _emit(self, beat: Beat, frame: int, start: int, emit: Emit) -> None:
        """Emit a beat that is known at a frame, with its position in the bar."""
        hop, offset = self._stream.hop_length, self._stream.offset
        rephased, last = False, self._last
        if last is not None:
            beats = (beat.place - last.place) / beat.period
            rephased = beats < PAUSE and abs(beats - max(1, round(beats))) > REPHASED
        self._last = beat
        cues = self._cues.take(beat.place)
        position, _ = self._bars.take(cues, self._cues.thirds, self._cues.between)
        emit(
            Event(
                kind=events.BEAT,
                sample=start + max(0, math.floor(beat.place * hop) + offset),
                emitted=start + frame * hop + self._stream.latency + offset,
                strength=calibrated(self._calibration, beat.trust),
                label=str(position),
                tempo=60 * self._frame_rate / beat.period,
                rephased=rephased,
            )
        )
