"""The chop detector: streaming CQT, context, net, peaks, attack."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Features, ModelError, StreamFeatures
from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.events import ATTACK, CHOP, Event
from samplechop.realtime.core.plugin import Block, Emit, Meter, ProcessSpec, StatedLatency, Trace
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.detectors.chop import Choose
from samplechop.realtime.detectors.chop.choice import Pick, Wanted
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.frontends import (
    FRAMES,
    SKIP,
    FrontEnd,
    StreamFrontEnd,
    WindowFrontEnd,
    compile_median,
    harmonic_spectrum,
)
from samplechop.realtime.detectors.chop.peak_picking import Candidate, MinimumGap
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH

SILENCE = 1e-8
"""Variance, -80 dB: less than any groove's noise."""
STEP = 128
"""Samples by which a step may lie behind the attack that is found for it."""


@entry("boolean(float32[:])")
def _is_constant(samples):
    mean, squares = 0.0, 0.0
    for sample in samples:
        mean += sample
    mean /= len(samples)
    for sample in samples:
        step = sample - mean
        squares += step * step
        if squares / len(samples) >= SILENCE:
            return False
    return True


_has_nothing = bound(_is_constant)


@dataclass(frozen=True, slots=True)
class ChopSettings:
    """model: a released model's name or a manifest's path. threshold, min_gap_seconds: None = the model's.

    hold_seconds is how long a chop waits for a stronger one within the gap (default: none, so that it is the first of
    two close ones that is kept); it adds to the latency. More than the gap is of no use.
    choose: which attacks are chops, see `Choose`; only for streaming nets. density: 0..1, how many of all attacks, in
    place of it: 0 as "bars", 1 as "attacks", and a higher one only adds chops.
    every: whether attacks that are not chosen are emitted, too, as events of kind ATTACK.
    spectra: whether events bring their spectrum. tempo_range: of the beats, beats per minute, as BeatSettings has it.
    """

    model: str = "chop"
    threshold: float | None = None
    min_gap_seconds: float | None = None
    hold_seconds: float = 0.0
    choose: Choose = "auto"
    spectra: bool = False
    tempo_range: TempoRange = TEMPO_RANGE
    density: float | None = None
    every: bool = False

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold must lie between 0 and 1, got {self.threshold}")
        for name in ("min_gap_seconds", "hold_seconds"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 10.0:
                raise ValueError(f"{name} must be in 0..10, got {value}")
        if self.choose not in get_args(Choose):
            raise ValueError(f"choose must be one of {', '.join(get_args(Choose))}, got {self.choose!r}")
        if self.density is not None and not 0.0 <= self.density <= 1.0:
            raise ValueError(f"density must be in 0..1, got {self.density}")


class ChopDetector(StatedLatency):
    """Finds the places to cut.

        frame f's centre     + future      + CQT kernel     + peak      + hold
        |--------------------|-------------|----------------|-----------|------> decided
        ^ attack: up to ATTACK_SEARCH.back before it

    Latency is that sum, plus `ATTACK_SEARCH.back`, plus one block.
    """

    lead_in = True

    def __init__(self, settings: ChopSettings = ChopSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that cannot be used."""
        manifest, chosen = models.load(self._settings.model), self._settings
        features, where = manifest.features, f"model {str(manifest.path)!r}"
        if not isinstance(features, Features | StreamFeatures):
            raise ModelError(f"{where} is of kind {manifest.kind!r}: the chop detector needs 'chop' or 'stream'")
        if spec.sample_rate != features.sample_rate:
            raise ValueError(f"sample_rate must be {features.sample_rate} Hz, got {spec.sample_rate}")
        self._front_end: FrontEnd
        if isinstance(features, Features):
            self.threshold = manifest.threshold if chosen.threshold is None else chosen.threshold
            self._front_end = WindowFrontEnd(manifest, features, self.threshold, spec.max_block_size)
        else:
            decision = Decision.read(manifest.decision, where)
            wanted = Wanted(chosen.choose, chosen.density, chosen.threshold, chosen.every)
            self._front_end = StreamFrontEnd(manifest, decision, wanted, spec, chosen.tempo_range)
            self.threshold = self._front_end.threshold
        self.hop_length = hop = self._front_end.hop_length
        hold = math.ceil(chosen.hold_seconds * spec.sample_rate / hop)
        self._least_gap = manifest.min_gap if chosen.min_gap_seconds is None else chosen.min_gap_seconds
        self._gap = MinimumGap(round(self._least_gap * spec.sample_rate), hold)
        self._attack_gap = round((self._front_end.attack_gap or 0.0) * spec.sample_rate)
        self._sample_rate = spec.sample_rate
        self._latency = (
            *self._front_end.delay_terms,
            ("peak picking", self._front_end.wait * hop),
            *((("wait for a stronger chop", hold * hop),) if hold else ()),
            ("onset refinement", ATTACK_SEARCH.back),
            ("one block", spec.max_block_size),
        )
        self._audio = History(1, self.latency + ATTACK_SEARCH.length, spec.max_block_size)
        self._analysis_delay = self._front_end.offset + sum(samples for _, samples in self._front_end.delay_terms)
        if chosen.spectra:
            compile_median()
        self._start: int | None = None
        self._last_attack: int | None = None
        self._trace = Trace(hop / spec.sample_rate, self.threshold)
        self.meters: Mapping[str, Meter] = {"chop probability": self._trace}

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        for part in (self._front_end, self._gap, self._audio):
            part.reset()
        self._trace.restart()
        self._start = self._last_attack = None

    def centre(self, frame: int) -> int:
        """[analysis] Give the position on the bus that a frame is centred on, once a block was processed."""
        return (self._start or 0) + frame * self.hop_length + self._front_end.offset

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit the chops decided in it, in order."""
        if self._start is None:
            self._start = start
        self._audio.append(block)
        for pick in self._front_end.push(block, start, self._trace):
            self._emit(self._gap.release(pick.decided - 1), emit)
            attack = self._attack(pick.frame)
            if self._is_silent(attack):
                continue  # where a sound is cut off, or a constant offset begins, nothing can be cut
            if self._last_attack is not None and attack - self._last_attack < self._attack_gap:
                continue
            self._last_attack = attack
            self._offer(pick, attack, emit)
        if self._gap.waiting is not None:
            self._emit(self._gap.release(self._front_end.next_frame - 1), emit)

    def _offer(self, pick: Pick, attack: int, emit: Emit) -> None:
        """Bring an attack to those that wait, if it is a chop; say that it is none, if that is wanted."""
        if not pick.chosen and not self._settings.every:
            return
        gap = None
        if self._settings.min_gap_seconds is None and pick.gap is not None:
            gap = round(pick.gap * self._sample_rate)
        candidate = Candidate(attack, pick.strength, self._spectrum(pick.frame), pick.way, pick.level, pick.dial)
        if pick.chosen:
            self._emit(self._gap.offer(candidate, pick.decided, gap), emit)
        if self._settings.every and pick.level is not None and self._gap.waiting is not candidate:
            self._emit((candidate, pick.decided), emit, ATTACK)

    def _attack(self, frame: int) -> int:
        """Refine a frame to the sample, relative to the first block, where its attack begins."""
        return max(0, ATTACK_SEARCH.attack(self._audio, frame * self.hop_length + self._front_end.offset))

    def _is_silent(self, attack: int) -> bool:
        """Say whether nothing but a constant follows an attack, from STEP after it to ATTACK_SEARCH.margin."""
        after = self._audio.given(attack + STEP, attack + ATTACK_SEARCH.margin)
        return bool(_has_nothing(after[:, 0]))

    def _spectrum(self, frame: int) -> NDArray[np.float32] | None:
        """Give the harmonic spectrum after a frame, if wanted: now, for while a chop waits it may be forgotten."""
        if not self._settings.spectra:
            return None
        centre = frame * self.hop_length + self._front_end.offset
        first = centre // self._front_end.spectrum_hop + SKIP
        return harmonic_spectrum(self._front_end.spectra.read(first, first + FRAMES))

    def _emit(self, released: tuple[Candidate, int] | None, emit: Emit, kind: str = CHOP) -> None:
        if released is None or self._start is None:
            return
        candidate, decided = released
        emit(
            Event(
                kind=kind,
                sample=self._start + candidate.sample,
                emitted=self._start + decided * self.hop_length + self._analysis_delay,
                strength=candidate.strength,
                spectrum=candidate.spectrum,
                way=candidate.way,
                level=candidate.level,
                dial=candidate.dial,
            )
        )
