"""The drum detector: band magnitudes, net, the drums struck, their attack; all within 25 ms.

A hit is the first frame that reaches a threshold, and a share of the highest score lately.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import DrumFeatures, EarlyFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.core.events import DRUM, DRUMS, Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.drums_alone import HopStates
from samplechop.realtime.detectors.drums.hit_picking import (
    ALONE,
    NOTES,
    START,
    VELOCITY,
    DrumDecision,
    HitPicker,
    Pairs,
    check_thresholds,
)
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.onset_refinement import AttackSearch
from samplechop.realtime.nets.features import HOP_LENGTH, N_DRUM_FEATURES, DrumFeatureStream
from samplechop.realtime.nets.streaming import calibrated
from samplechop.realtime.nets.temporal_net import TemporalNet

_CELL = 16
_AFTER, _BEFORE = 384, 256  # samples compared after and before a cut: 8.7 and 5.8 ms
_FORWARD = 128  # behind the centre: with _AFTER just what is there when the frame is decided


@dataclass(frozen=True, slots=True)
class DrumSettings:
    """model: a released model's name or a manifest's path: of kind "drums", or a streaming net with an early stage.

    thresholds: by drum, the score that a hit needs, 0..1, where it is not the model's. tempo_range: as ChopSettings has
    it, so that a streaming net is computed once for both.
    """

    model: str = "chop"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    tempo_range: TempoRange = TEMPO_RANGE

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        check_thresholds(self.thresholds)


class _OwnNet:
    """The answers of a drum net at each frame."""

    prefix = ""

    def __init__(self, manifest: Manifest, features: DrumFeatures, spec: ProcessSpec) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a net with other features."""
        if features.n_features != N_DRUM_FEATURES:
            raise ModelError(
                f"model {str(manifest.path)!r} wants {features.n_features} features, there are {N_DRUM_FEATURES}"
            )
        self.heads, self.wait = features.heads, features.wait
        self.decision: Mapping[str, Any] = manifest.decision
        self._features = DrumFeatureStream(spec.max_block_size, spec.sample_rate)
        self._net = TemporalNet(manifest, spec.max_block_size // HOP_LENGTH + 1)
        self.latency = self._features.latency

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._features.reset()
        self._net.reset()

    def push(self, block: NDArray[np.float32], _start: int) -> NDArray[np.float32]:
        """[analysis] Process a block; give the answers, float32 (n, heads), of every hop that it completes."""
        return self._net.push(self._features.push(block))

    def passages(self) -> None:
        """[analysis] Know nothing of them."""


class _EarlyStage:
    """The answers of a streaming net's early stage at each hop; the net is shared with those who read the rest."""

    prefix = "early_"

    def __init__(self, manifest: Manifest, features: EarlyFeatures, spec: ProcessSpec, tempo_range: TempoRange) -> None:
        """[main] Load, allocate, compile, unless another detector has."""
        self.heads, self.wait = features.heads, features.wait
        if "early" not in manifest.decision:
            raise ModelError(f"model {str(manifest.path)!r} decides on no early drums: the default, 'chop', does")
        self.decision: Mapping[str, Any] = manifest.decision["early"]
        self._shared = PulseStream.shared(manifest, spec, tempo_range)
        self._stream = stream = self._shared.stream.activations
        self.latency = stream.early_latency
        self._passage: HopStates | None = None
        if ALONE in self.decision:
            where = f"model {str(manifest.path)!r}"
            decision, memory = Decision.read(manifest.decision, where), DrumDecision.read(self.decision, where)
            rule, attacks = decision.drums_alone, decision.ways.get("attacks")
            if rule is None or attacks is None:
                raise ModelError(f"{where} does not say when drums alone sound, and what an attack is")
            most, seconds = spec.max_block_size // HOP_LENGTH + 1, stream.hop_length / spec.sample_rate
            heard = rule, attacks.threshold, memory.memory_seconds
            self._passage = HopStates(*heard, stream.heads, stream.lookahead, most, seconds)

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._shared.reset()
        if self._passage is not None:
            self._passage.reset()

    def push(self, block: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """[analysis] Process a block; give the answers, float32 (n, heads), of every hop that it completes."""
        self._rows = self._shared.push(block, start)
        return self._stream.early

    def passages(self) -> NDArray[np.uint8] | None:
        """[analysis] Say for each of these hops what sounds, uint8 (n,), as `HopStates`; None if nobody knows."""
        return None if self._passage is None else self._passage.push(self._rows, len(self._stream.early))


class DrumDetector(StatedLatency):
    """Finds drum hits, each drum on its own.

        attack             decided at the first frame complete after `wait`
        |---- wait --------|---- up to one hop ----|-- one block --> emitted

    Nothing is waited for beyond that: its notes leave after its own latency, not the session's.
    """

    immediate = True
    lead_in = True

    def __init__(self, settings: DrumSettings = DrumSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that cannot be used."""
        manifest = models.load(self._settings.model)
        features, where = manifest.features, f"model {str(manifest.path)!r}"
        if spec.sample_rate != features.sample_rate:
            raise ValueError(f"sample_rate must be {features.sample_rate} Hz, got {spec.sample_rate}")
        self._net: _OwnNet | _EarlyStage
        if isinstance(features, DrumFeatures):
            self._net = _OwnNet(manifest, features, spec)
        elif isinstance(features, StreamFeatures) and features.early is not None:
            self._net = _EarlyStage(manifest, features.early, spec, self._settings.tempo_range)
        else:
            raise ModelError(
                f"{where} is of kind {manifest.kind!r}: the drum detector needs kind 'drums', or a 'stream' that "
                f"has an early stage"
            )
        net, prefix = self._net, self._net.prefix
        decision = DrumDecision.read(net.decision, where)
        self._labels = [name for name in DRUMS if name in decision.drums]
        named = [(prefix + name, prefix + name + VELOCITY) for name in self._labels]
        if not named or not {head for pair in named for head in pair} <= set(net.heads):
            have = ", ".join(net.heads)
            raise ModelError(f"{where} must detect each drum it decides on and its velocity: it has {have}")
        self._columns = [net.heads.index(name) for name, _ in named]
        self._velocities = [net.heads.index(name) for _, name in named]
        choices, alone = (
            [
                replace(some[name], threshold=self._settings.thresholds.get(name, some[name].threshold))
                for name in self._labels
            ]
            for some in (decision.drums, decision.alone or decision.drums)
        )
        given = self._settings.thresholds
        good = [
            replace(one, threshold=one.threshold if name in given else max(one.threshold, START))
            for name, one in zip(self._labels, choices, strict=True)
        ]
        self._calibrations = [[one.calibration for one in some] for some in (choices, alone, choices)]
        most = spec.max_block_size // HOP_LENGTH + 1
        read = self._columns, alone, good
        self._picker = HitPicker(choices, decision.memory_seconds, HOP_LENGTH, spec.sample_rate, most, *read)
        self._latency = (
            ("attack in the window", net.wait),
            ("to the end of the frame", HOP_LENGTH - 1),
            ("one block", spec.max_block_size),
        )
        self._frame_delay = net.latency
        earliest = net.wait + HOP_LENGTH - 1 - self._frame_delay
        """Samples before the centre of a frame at which what is decided at it may begin; the latest is a hop later."""
        self._earliest = earliest
        back = _CELL * max(0, math.floor(earliest / _CELL))
        self._search = AttackSearch(back, _FORWARD, HOP_LENGTH // 2 - earliest, 2.0 * HOP_LENGTH, _BEFORE, _AFTER)
        self._audio = History(1, self.latency + self._search.length, spec.max_block_size)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        for part in (self._net, self._picker, self._audio):
            part.reset()
        self._start: int | None = None
        self._frame = self._last = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the hits decided in it, in order."""
        if self._start is None:
            self._start = start
        self._audio.append(block)
        answers = self._net.push(block, start)
        passages = self._net.passages() if len(answers) else None
        if len(answers) and len(found := self._picker.push(answers, passages)):
            for frame, struck in groupby(found.tolist(), key=itemgetter(0)):
                calibrations = self._calibrations[0 if passages is None else passages[frame]]
                known = [(drum, calibrations[drum]) for _, drum in struck]
                self._emit(known, self._frame + frame, answers[frame], self._start, emit)
        self._frame += len(answers)

    def _emit(
        self, struck: list[tuple[int, Pairs]], frame: int, scores: NDArray[np.float32], start: int, emit: Emit
    ) -> None:
        centre = frame * HOP_LENGTH
        self._last = sample = max(self._last, self._attack(centre))
        for drum, calibration in struck:
            label = self._labels[drum]
            emit(
                Event(
                    kind=DRUM,
                    sample=start + sample,
                    emitted=start + centre + self._frame_delay,
                    strength=calibrated(calibration, float(scores[self._columns[drum]])),
                    label=label,
                    note=NOTES[label],
                    velocity=1 + round(126 * float(scores[self._velocities[drum]])),
                )
            )

    def _attack(self, centre: int) -> int:
        """Refine a frame to the sample, relative to the first block, where its attack begins."""
        attack = min(self._search.attack(self._audio, centre), centre + self._frame_delay)
        return max(0, centre - self._earliest, attack)
