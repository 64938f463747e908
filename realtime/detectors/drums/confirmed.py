"""Confirmed drum hits: each drum's peaks in the streaming net that chops are detected by, with its lookahead.

What the drum detector says 25 ms after a hit is for the eye; 174 ms of what follows tell a snare from the guitar over
it. Where drums alone sound, other thresholds count. The net and its beat tracker are shared with the chop and beat
detectors, where these run.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import ModelError, StreamFeatures
from samplechop.realtime.core.events import CONFIRMED, Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.drums_alone import FrameStates
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker
from samplechop.realtime.detectors.drums.hit_picking import NOTES, DrumChoice, DrumDecision, check_thresholds
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH
from samplechop.realtime.nets.streaming import calibrated, decay_of


@dataclass(frozen=True, slots=True)
class ConfirmedDrumSettings:
    """model: a released streaming model's name or a manifest's path. tempo_range: as ChopSettings has it.

    thresholds: by drum, the score that a hit needs, 0..1, where it is not the model's.
    """

    model: str = "chop"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    tempo_range: TempoRange = TEMPO_RANGE

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        check_thresholds(self.thresholds)


class ConfirmedDrumDetector(StatedLatency):
    """Finds drum hits, each drum on its own, as late as chops.

        frame f's centre     + future      + CQT kernel     + peak
        |--------------------|-------------|----------------|------> decided
        ^ attack: up to ATTACK_SEARCH.back before it

    Latency is that sum, plus `ATTACK_SEARCH.back`, plus one block.
    """

    lead_in = True

    def __init__(self, settings: ConfirmedDrumSettings = ConfirmedDrumSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that decides on no drums."""
        manifest, where = models.load(self._settings.model), f"model {self._settings.model!r}"
        if not isinstance(manifest.features, StreamFeatures) or "confirmed" not in manifest.decision:
            raise ModelError(f"{where} confirms no drums: the default, 'chop', does")
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        decision = DrumDecision.read(manifest.decision["confirmed"], where)
        self._shared = PulseStream.shared(manifest, spec, self._settings.tempo_range)
        self._stream = stream = self._shared.stream.activations
        if missing := set(decision.drums) - set(stream.heads):
            raise ModelError(f"{where} decides on {', '.join(sorted(missing))} and has {', '.join(stream.heads)}")
        frame_rate, given = spec.sample_rate / stream.hop_length, self._settings.thresholds
        decay = decay_of(decision.memory_seconds, stream.hop_length, spec.sample_rate)
        self._drums = []
        for name in decision.drums:
            ways = [some[name] for some in (decision.drums, decision.alone) if some]
            choices = [replace(one, threshold=given.get(name, one.threshold)) for one in ways]
            self._drums.append(_Drum(name, stream.heads.index(name), choices, decay, frame_rate))
        self._states: FrameStates | None = None
        if decision.alone:
            rule = Decision.read(manifest.decision, where).drums_alone
            if rule is None:
                raise ModelError(f"{where} does not say when drums alone sound")
            most = spec.max_block_size // stream.hop_length + 1
            self._states = FrameStates(rule, stream.heads, most, 1 / frame_rate)
        self._latency = (
            *stream.delay_terms,
            ("peak picking", stream.hop_length),
            ("onset refinement", ATTACK_SEARCH.back),
            ("one block", spec.max_block_size),
        )
        self._audio = History(1, self.latency + ATTACK_SEARCH.length, spec.max_block_size)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        self._shared.reset()
        self._audio.reset()
        for part in (*self._drums, self._states):
            if part is not None:
                part.reset()
        self._start: int | None = None
        self._last = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the hits decided in it, in order."""
        if self._start is None:
            self._start = start
        self._audio.append(block)
        rows, stream = self._shared.push(block, start), self._stream
        alone = [] if self._states is None else self._states.push(rows).tolist()
        struck = [(*hit, drum) for drum in self._drums for hit in drum.push(rows, alone)]
        for frame, decided, score, choice, drum in sorted(struck, key=itemgetter(1)):
            centre = frame * stream.hop_length + stream.offset
            self._last = sample = max(self._last, ATTACK_SEARCH.attack(self._audio, centre))
            emit(
                Event(
                    kind=CONFIRMED,
                    sample=self._start + sample,
                    emitted=self._start + decided * stream.hop_length + stream.offset + stream.latency,
                    strength=calibrated(choice.calibration, score),
                    label=drum.name,
                    note=NOTES[drum.name],
                )
            )


class _Drum:
    """The column of one drum among the activations, and its pickers: in music and, if there is one, where drums alone
    sound. Both see all of it.
    """

    def __init__(self, name: str, column: int, choices: Sequence[DrumChoice], decay: float, frame_rate: float) -> None:
        self.name, self._column = name, column
        self._ways = [
            (one, AdaptivePicker(one.least, one.relative, decay), math.ceil(one.gap * frame_rate)) for one in choices
        ]
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        for _, picker, _ in self._ways:
            picker.reset()
        self._last, self._alone = -math.inf, False

    def push(self, rows: NDArray[np.float32], alone: list[bool]) -> list[tuple[int, int, float, DrumChoice]]:
        """[analysis] Process activations, float32 (n, heads); give (frame, frame decided at, score, choice) of each
        hit. alone: whether drums alone sound in each; empty where nobody knows.
        """
        scores, before = rows[:, self._column], self._ways[0][1].next_frame - 1
        states = [self._alone, *alone]  # that of the last frame before, which may only now be known for a peak
        found = [
            (*peak, choice, gap)
            for way, (choice, picker, gap) in enumerate(self._ways)
            for peak in picker.push(scores)
            if not alone or states[peak[0] - before] == way
        ]
        self._alone, hits = states[-1], []
        for frame, decided, score, choice, gap in sorted(found, key=itemgetter(0)):
            if frame - self._last >= gap:
                self._last = frame
                hits.append((frame, decided, score, choice))
        return hits
