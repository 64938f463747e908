"""The drum detector: band magnitudes, net, the drums struck, their attack; all within 25 ms.

A hit is the first frame that reaches a threshold, and a share of the highest score lately.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import DrumFeatures, EarlyFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.core.events import DRUM, DRUMS, Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.onset_refinement import AttackSearch
from samplechop.realtime.nets.features import HOP_LENGTH, N_DRUM_FEATURES, DrumFeatureStream
from samplechop.realtime.nets.streaming import calibrated, decay_of
from samplechop.realtime.nets.temporal_net import TemporalNet

START = 0.6
"""Of the highest score lately: the first hit of a record must be a good one."""
Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class DrumChoice:
    """How one drum's hits are chosen.

    threshold: the least score, 0..1. relative: the least share of the drum's highest score lately, 0..1. gap: seconds
    between two hits. calibration: rising pairs of score and how often it is right then; () for none.
    """

    threshold: float
    relative: float
    gap: float
    calibration: Pairs = ()


@dataclass(frozen=True, slots=True)
class DrumDecision:
    """The manifest's `decision`, read: how each drum is chosen, and how fast its highest score is forgotten."""

    drums: Mapping[str, DrumChoice]
    memory_seconds: float

    @classmethod
    def read(cls, record: Mapping[str, Any], where: str) -> "DrumDecision":
        """Read it from a manifest. Raises ModelError where it is not understood."""
        try:
            drums = {
                str(name): DrumChoice(
                    float(one["threshold"]),
                    float(one["relative"]),
                    float(one["gap"]),
                    tuple((float(score), float(share)) for score, share in one["calibration"]),
                )
                for name, one in record["drums"].items()
            }
            made = cls(drums, float(record["memory_seconds"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ModelError(f"{where}: decision cannot be read: {error!r}") from None
        numbers = [number for one in drums.values() for number in (one.threshold, one.relative)]
        gaps = [one.gap for one in drums.values()]
        in_range = all(0 <= number <= 1 for number in numbers) and all(0 <= gap <= 10 for gap in gaps)
        if not in_range or not 0 < made.memory_seconds < math.inf:
            raise ModelError(f"{where}: decision has a number out of range: {dict(record)}")
        return made


@cache
def _compiled() -> Callable[..., int]:
    def run(scores, table, decay, state, found):
        n, written = len(scores), 0
        for frame in range(n):
            for drum in range(len(table)):
                score, highest = scores[frame, drum], state[drum, 0] * decay
                if state[drum, 1] > 0:
                    state[drum, 1] -= 1
                elif score >= table[drum, 0] and score >= table[drum, 1] * highest:
                    found[written, 0], found[written, 1] = frame, drum
                    written += 1
                    state[drum, 1] = table[drum, 2]
                state[drum, 0] = max(score, highest)
        return written

    table = types.float64[:, ::1]
    signature = types.int64(types.float32[:, ::1], table, types.float64, table, types.int64[:, ::1])
    return njit([signature], cache=True)(run)


class HitPicker:
    """First frames that reach a threshold and a share of the highest score lately; then none for a while.

    Not the local maximum, for which one frame more would have to be there (chop/peak_picking.py does that): the net is
    trained to score nothing before there is enough of the attack.
    """

    def __init__(
        self, choices: Sequence[DrumChoice], memory_seconds: float, hop_length: int, sample_rate: int, most: int = 1
    ) -> None:
        """[main] One choice for each column of scores; at most `most` frames in one push."""
        gaps = [math.ceil(one.gap * sample_rate / hop_length) for one in choices]
        # Scores are float32: 0.7 must reach a threshold of 0.7.
        rows = [(np.float32(one.threshold), one.relative, gap) for one, gap in zip(choices, gaps, strict=True)]
        self._table = np.array(rows, np.float64)
        self._decay = decay_of(memory_seconds, hop_length, sample_rate)
        self._state = np.zeros((len(choices), 2), np.float64)
        self._found = np.zeros((most * len(choices), 2), np.int64)
        self._run = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything."""
        self._state[:] = START, 0

    def push(self, scores: NDArray[np.float32]) -> NDArray[np.int64]:
        """[analysis] Process scores, float32 (n, drums), C-contiguous, n <= most; give (frame, drum) of each hit.

        Frames count from the first of these scores. Returns int64, (m, 2): a view, valid until the next push.
        """
        return self._found[: self._run(scores, self._table, self._decay, self._state, self._found)]


NOTES = {"kick": 36, "snare": 38, "hat": 42, "tom": 45, "cymbal": 49, "stick": 37, "open": 46}
"""General MIDI's percussion keys: bass drum 1, acoustic snare, closed hi-hat, low tom, crash cymbal 1, side stick, open
hi-hat."""
VELOCITY = " velocity"
"""What follows a drum's name in the name of the head that says how hard it was struck."""

_CELL = 16
_AFTER, _BEFORE = 384, 256  # samples compared after and before a cut: 8.7 and 5.8 ms
_FORWARD = 128  # behind the centre: with _AFTER just what is there when the frame is decided


def check_thresholds(thresholds: Mapping[str, float]) -> None:
    """Raise ValueError for what is no drum, and for a threshold out of 0..1."""
    for drum, threshold in thresholds.items():
        if drum not in NOTES:
            raise ValueError(f"thresholds must be of {', '.join(NOTES)}, got one of {drum!r}")
        if not 0.0 < threshold < 1.0:
            raise ValueError(f"the threshold of {drum} must lie between 0 and 1, got {threshold}")


@dataclass(frozen=True, slots=True)
class DrumSettings:
    """model: a released model's name or a manifest's path: of kind "drums", or a streaming net with an early stage.

    thresholds: by drum, the score that a hit needs, 0..1, where it is not the model's. tempo_range: as ChopSettings has
    it, so that a streaming net is computed once for both.
    """

    model: str = "drums"
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


class _EarlyStage:
    """The answers of a streaming net's early stage at each hop; the net is shared with those who read the rest."""

    prefix = "early_"

    def __init__(self, manifest: Manifest, features: EarlyFeatures, spec: ProcessSpec, tempo_range: TempoRange) -> None:
        """[main] Load, allocate, compile, unless another detector has."""
        self.heads, self.wait = features.heads, features.wait
        self.decision: Mapping[str, Any] = manifest.decision.get("early", {})
        self._shared = PulseStream.shared(manifest, spec, tempo_range)
        self.latency = self._shared.stream.activations.early_latency

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._shared.reset()

    def push(self, block: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """[analysis] Process a block; give the answers, float32 (n, heads), of every hop that it completes."""
        self._shared.push(block, start)
        return self._shared.stream.activations.early


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
        choices = [
            replace(choice, threshold=self._settings.thresholds.get(name, choice.threshold))
            for name, choice in ((name, decision.drums[name]) for name in self._labels)
        ]
        self._calibrations = [one.calibration for one in choices]
        most = spec.max_block_size // HOP_LENGTH + 1
        self._picker = HitPicker(choices, decision.memory_seconds, HOP_LENGTH, spec.sample_rate, most)
        self._scores: NDArray[np.float32] = np.zeros((most, len(choices)), np.float32)
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
        self._audio.room()[: len(block), 0] = block
        self._audio.advance(len(block))
        answers = self._net.push(block, start)
        scores = self._scores[: len(answers)]
        np.take(answers, self._columns, axis=1, out=scores)
        for frame, struck in groupby(self._picker.push(scores).tolist(), key=itemgetter(0)):
            self._emit([drum for _, drum in struck], self._frame + frame, answers[frame], self._start, emit)
        self._frame += len(answers)

    def _emit(self, struck: list[int], frame: int, scores: NDArray[np.float32], start: int, emit: Emit) -> None:
        centre = frame * HOP_LENGTH
        self._last = sample = max(self._last, self._attack(centre))
        for drum in struck:
            label = self._labels[drum]
            emit(
                Event(
                    kind=DRUM,
                    sample=start + sample,
                    emitted=start + centre + self._frame_delay,
                    strength=calibrated(self._calibrations[drum], float(scores[self._columns[drum]])),
                    label=label,
                    note=NOTES[label],
                    velocity=1 + round(126 * float(scores[self._velocities[drum]])),
                )
            )

    def _attack(self, centre: int) -> int:
        """Refine a frame to the sample, relative to the first block, where its attack begins."""
        attack = min(self._search.attack(self._audio, centre), centre + self._frame_delay)
        return max(0, centre - self._earliest, attack)
