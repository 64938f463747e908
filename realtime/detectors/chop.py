"""The chop detector: streaming CQT, context, net, peaks, attack."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import models
from realtime import harmonic, refine
from realtime.context import ContextWindow
from realtime.cqt import StreamingCQT
from realtime.events import Event
from realtime.history import History
from realtime.peaks import PEAK_WAIT, Candidate, MinimumGap, RunPicker
from realtime.scorer import Scorer
from realtime.spec import Block, Emit, ProcessSpec


@dataclass(frozen=True, slots=True)
class ChopSettings:
    """model: a released model's name or a manifest's path. threshold, min_gap_seconds, hold_seconds: None = default.

    hold_seconds is how long a chop waits for a stronger one within the gap (default: none, so that it is the first of
    two close ones that is kept); it adds to the latency. It cannot usefully exceed the gap.
    """

    model: str = "chop-61"
    threshold: float | None = None
    min_gap_seconds: float | None = None
    hold_seconds: float = 0.0
    spectra: bool = False

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold must lie between 0 and 1, got {self.threshold}")
        for name in ("min_gap_seconds", "hold_seconds"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 10.0:
                raise ValueError(f"{name} must be in 0..10, got {value}")


class ChopDetector:
    """Finds the places to cut.

        frame f's centre     + future      + CQT kernel     + peak      + hold
        |--------------------|-------------|----------------|-----------|------> decided
        ^ attack: up to refine.BACK before it

    Latency is that sum, plus `refine.BACK`, plus one block.
    """

    def __init__(self, settings: ChopSettings = ChopSettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings
        self._latency: tuple[tuple[str, int], ...] = ()

    @property
    def latency(self) -> int:
        """Samples from an attack to the end of the block that emits it, worst case."""
        return sum(samples for _, samples in self.latency_terms)

    @property
    def latency_terms(self) -> tuple[tuple[str, int], ...]:
        """The latency as a sum: (what for, samples) for each part. Known once prepared."""
        if not self._latency:
            raise RuntimeError("latency is known after prepare()")
        return self._latency

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that cannot be used."""
        manifest = models.load(self._settings.model)
        features = manifest.features
        if spec.sample_rate != features.sample_rate:
            raise ValueError(f"sample_rate must be {features.sample_rate} Hz, got {spec.sample_rate}")
        chosen = self._settings
        self.threshold = manifest.threshold if chosen.threshold is None else chosen.threshold
        gap_seconds = manifest.min_gap if chosen.min_gap_seconds is None else chosen.min_gap_seconds
        self.hop_length = hop = features.hop_length
        self._cqt = StreamingCQT(features.sample_rate, hop, features.fmin_hz, features.n_bins, features.bins_per_octave)
        max_frames = spec.max_block_size // hop + 1
        self._context = ContextWindow(features.bands, features.n_bins, features.past, features.future, max_frames)
        self._scorer = Scorer(manifest, max_frames)
        self._picker = RunPicker(self.threshold)
        hold = math.ceil(chosen.hold_seconds * spec.sample_rate / hop)
        self._gap = MinimumGap(round(gap_seconds * spec.sample_rate), hold)
        self._analysis_delay = features.future * hop + self._cqt.latency
        self._latency = (
            (f"{features.future} frames of context", features.future * hop),
            ("constant-Q kernel", self._cqt.latency),
            ("peak", PEAK_WAIT * hop),
            *((("wait for a stronger chop", hold * hop),) if hold else ()),
            ("attack search", refine.BACK),
            ("one block", spec.max_block_size),
        )
        self._windows: NDArray[np.float32] = np.zeros((max_frames, features.n_inputs), np.float32)
        self._silent: NDArray[np.bool_] = np.zeros(max_frames, np.bool_)
        self.scores: NDArray[np.float32] = np.zeros(max_frames, np.float32)
        self._audio = History(1, self.latency + refine.LENGTH, spec.max_block_size)
        self._spectra = History(features.n_bins, self.latency // hop + max_frames, max_frames)
        self._start: int | None = None
        self.on_scores: Callable[[NDArray[np.float32]], None] | None = None

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        for part in (self._cqt, self._context, self._picker, self._gap, self._audio, self._spectra):
            part.reset()
        self._start = None

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Hear the next block, float32 (n,), mono; emit the chops decided in it, in order."""
        if self._start is None:
            self._start = start
        self._audio.room()[: len(block), 0] = block
        self._audio.advance(len(block))
        magnitudes = self._spectra.room()
        frames = self._cqt.push(block, magnitudes)
        if not frames:
            return
        self._spectra.advance(frames)
        n = self._context.push(magnitudes, frames, self._windows, self._silent)
        if not n:
            return
        scores = self.scores[:n]
        self._scorer.score(self._windows[:n], self._silent[:n], scores)
        if self.on_scores is not None:
            self.on_scores(scores)
        for frame, decided, strength in self._picker.push(scores):
            self._emit(self._gap.release(decided - 1), emit)
            self._emit(self._gap.offer(Candidate(frame, self._attack(frame), strength), decided), emit)
        self._emit(self._gap.release(self._picker.next_frame - 1), emit)

    def _attack(self, frame: int) -> int:
        """Refine a frame to the sample, relative to the first block, where its attack begins."""
        first = frame * self.hop_length - refine.BACK - refine.MARGIN
        segment = self._audio.read(first, first + refine.LENGTH).reshape(-1)
        return max(0, frame * self.hop_length + refine.attack_offset(segment))

    def _emit(self, released: tuple[Candidate, int] | None, emit: Emit) -> None:
        if released is None or self._start is None:
            return
        candidate, decided = released
        spectrum = None
        if self._settings.spectra:
            first = candidate.frame + harmonic.SKIP
            spectrum = harmonic.harmonic_spectrum(self._spectra.read(first, first + harmonic.FRAMES))
        emit(
            Event(
                kind="chop",
                sample=self._start + candidate.sample,
                emitted=self._start + decided * self.hop_length + self._analysis_delay,
                strength=candidate.strength,
                spectrum=spectrum,
            )
        )
