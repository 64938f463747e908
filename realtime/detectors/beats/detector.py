"""The beat detector: the streaming net's beats and downbeats, followed by an online tracker."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from samplechop import models
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats import MODEL
from samplechop.realtime.detectors.beats.beat_reader import BeatReader
from samplechop.realtime.detectors.beats.metrical_level import AS_DETECTED, Tempo
from samplechop.realtime.detectors.beats.octave_evidence import PulseOdds
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import (
    REACH,
    TEMPO_RANGE,
    TempoRange,
    pulse_range,
)
from samplechop.realtime.detectors.beats.weights import beat_weights

SAME_TEMPO = 0.1
"""Octaves that a tapped tempo may lie from one of the pulse's octaves to be that one."""
OFF_PHASE = 0.25
"""Beats that taps may lie beside the beat to be on it."""


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
        self._settings = settings
        self._asked: deque[int | tuple[float, int]] = deque()  # by the user: octaves, or a tempo and a beat's sample

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that gives no beats."""
        manifest = models.load(self._settings.model)
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        self._shared = PulseStream.shared(manifest, spec, self._settings.tempo_range)
        self._stream = stream = self._shared.stream.activations
        settings, trust = self._settings, beat_weights().online
        begin = trust.begin if settings.begin_trust is None else settings.begin_trust
        keep = min(begin, trust.keep) if settings.keep_trust is None else settings.keep_trust
        trust = replace(trust, begin=begin, keep=keep)
        self._reader = BeatReader(stream, self._shared.stream.recent, settings.tempo_range, settings.tempo, trust)
        self._latency = (
            *stream.delay_terms,
            ("peak picking", 2 * REACH * stream.hop_length),
            ("one block", spec.max_block_size),
        )
        self.reset()

    @property
    def pulse(self) -> PulseStream:
        """[analysis] What the beats are read from."""
        return self._shared.stream

    @property
    def start(self) -> int:
        """[analysis] The sample of its first frame, less the net's offset: where the first block began."""
        return self._start or 0

    @property
    def tempo(self) -> Tempo:
        """[any thread] What is known of the tempo by now."""
        return self._reader.level.tempo

    @property
    def open_octave(self) -> int:
        """[any thread] Octaves from the beats' tempo to another nearly as likely by now; 0 where it is clear."""
        return self._reader.open_octave

    @property
    def pulse_odds(self) -> Sequence[PulseOdds]:
        """[analysis] What was tracked, and how likely which octave of it was the beat; none where the user said so."""
        return self._reader.pulse_odds

    def shift_octave(self, octaves: int) -> None:
        """[any thread] Take the beat to be so many octaves faster than until now, from the next beat on."""
        self._asked.append(octaves)

    def tap(self, bpm: float, sample: int) -> None:
        """[any thread] Take the tempo to be about `bpm`, with a beat at an absolute position on the bus."""
        self._asked.append((bpm, sample))

    def reset(self) -> None:
        """[analysis] Become as freshly prepared; what was asked of the tempo stays."""
        self._shared.reset()
        self._reader.reset()
        self._start: int | None = None
        self._frame = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the beats decided in it, in order."""
        if self._start is None:
            self._start = start
        self._shared.push(block, start)
        pulse = self._shared.stream.pulse
        self._reader.read(pulse, self._frame, self._start, emit)
        self._frame += len(pulse)
        while self._asked:
            self._steer(self._asked.popleft(), self._start)

    def _steer(self, asked: int | tuple[float, int], start: int) -> None:
        """Do what the user asked for: other octaves, or a tempo and place that were tapped."""
        level, frame_rate = self._reader.level, self._reader.frame_rate
        if isinstance(asked, int):
            if level.last.period and level.tempo.bpm is None:
                level.tempo = Tempo(bpm=60 * frame_rate / level.last.period * 2.0**level.octave)
            level.tempo = level.tempo.shifted(asked)
            return
        bpm, sample = asked
        level.tempo = Tempo(bpm=bpm)
        period, place = 60 * frame_rate / bpm, (sample - start - self._stream.offset) / self._stream.hop_length
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
        while 60 * frame_rate / pulse < low:
            pulse /= 2
        while 60 * frame_rate / pulse > high:
            pulse *= 2
        self._shared.stream.steer(pulse, self._frame - 1 - place)
