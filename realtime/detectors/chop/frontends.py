"""The two front ends of the chop detector: a net over single windows, and a net over the stream with a beat tracker.

Both take blocks and give frames; what follows (attack, gap, event) is the detector's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Features, Manifest
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.plugin import ProcessSpec, Trace
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.detectors.chop.choice import BeatChoice, Pick, RankedChoice, Wanted
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.peak_picking import PEAK_WAIT, RunPicker
from samplechop.realtime.dsp.context_window import ContextWindow
from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.dsp.delay_line import History, Ring
from samplechop.realtime.nets.features import HOP_LENGTH, STACK
from samplechop.realtime.nets.fine_features import LATE_HOPS
from samplechop.realtime.nets.streaming import calibrated, decay_of
from samplechop.realtime.nets.tflite import Scorer


class Resettable(Protocol):
    """What can begin anew."""

    def reset(self) -> None:
        """[analysis] Become as new."""


class FrontEnd(ABC):
    """Blocks in, possible chops out.

    hop_length: samples per frame. offset: frame f is centred on sample f * hop_length + offset. delay_terms: samples
    from a frame's centre until its score is there, as a sum. wait: frames after which a peak is decided at the latest.
    spectra: constant-Q frames, one per spectrum_hop samples. threshold: a line for people, beside the scores.
    attack_gap: seconds between two attacks, chosen or not; None where there are no others.
    """

    hop_length: int
    offset: int
    delay_terms: tuple[tuple[str, int], ...]
    wait: int
    spectra: History | Ring
    spectrum_hop: int
    threshold: float
    attack_gap: float | None = None
    _picker: RunPicker | RankedChoice | BeatChoice
    _parts: tuple[Resettable, ...]

    @property
    def next_frame(self) -> int:
        """The first frame that has no score yet."""
        return self._picker.next_frame

    def reset(self) -> None:
        """[analysis] Become as new."""
        for part in (*self._parts, self._picker, self.spectra):
            part.reset()

    @abstractmethod
    def push(self, block: NDArray[np.float32], start: int, trace: Trace, /) -> list[Pick]:
        """[analysis] Process the block that begins at `start`, float32 (n,); append every score to the trace."""


class WindowFrontEnd(FrontEnd):
    """Constant-Q sums, a window of past and future frames, a net for each window."""

    offset = 0
    wait = PEAK_WAIT

    def __init__(self, manifest: Manifest, features: Features, threshold: float, max_block_size: int) -> None:
        """[main] Load, allocate, compile."""
        self.hop_length = self.spectrum_hop = hop = features.hop_length
        self._cqt = StreamingCQT(features.sample_rate, hop, features.fmin_hz, features.n_bins, features.bins_per_octave)
        most = max_block_size // hop + 1
        self._context = ContextWindow(features.bands, features.n_bins, features.past, features.future, most)
        self._scorer = Scorer(manifest, most)
        self.threshold = threshold
        self._picker = self._runs = RunPicker(threshold)
        self._calibration = manifest.calibration
        self._parts = self._cqt, self._context
        self.delay_terms = (
            (f"{features.future} frames of context", features.future * hop),
            ("constant-Q kernel", self._cqt.latency),
        )
        self._windows: NDArray[np.float32] = np.zeros((most, features.n_inputs), np.float32)
        self._silent: NDArray[np.bool_] = np.zeros(most, np.bool_)
        self._scores: NDArray[np.float32] = np.zeros(most, np.float32)
        self.spectra = self._magnitudes = History(
            features.n_bins, features.future + self._cqt.latency // hop + 64 + most, most
        )

    def push(self, block: NDArray[np.float32], _start: int, trace: Trace, /) -> list[Pick]:
        """[analysis] Process a block."""
        magnitudes = self._magnitudes.room()
        frames = self._cqt.push(block, magnitudes)
        if not frames:
            return []
        self._magnitudes.advance(frames)
        n = self._context.push(magnitudes, frames, self._windows, self._silent)
        if not n:
            return []
        scores = self._scores[:n]
        self._scorer.score(self._windows[:n], self._silent[:n], scores)
        trace.append(scores)
        found = self._runs.push(scores)
        return [Pick(frame, decided, calibrated(self._calibration, score)) for frame, decided, score in found]


class StreamFrontEnd(FrontEnd):
    """The streaming net, the beat tracker beside it, and what is chosen from both."""

    wait = 1

    def __init__(
        self,
        manifest: Manifest,
        decision: Decision,
        wanted: Wanted,
        spec: ProcessSpec,
        tempo_range: TempoRange = TEMPO_RANGE,
    ) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a model without chops or beats, or without that way."""
        self._shared = PulseStream.shared(manifest, spec, tempo_range)
        stream = self._shared.stream.activations
        self.hop_length, self.offset = stream.hop_length, stream.offset
        self.spectrum_hop = HOP_LENGTH
        decay = decay_of(decision.memory_seconds, stream.hop_length, manifest.features.sample_rate)
        make: type[RankedChoice | BeatChoice] = RankedChoice if decision.has_dial else BeatChoice
        self._picker = self._choice = make(manifest, decision, wanted, stream.heads, decay)
        self.threshold, self.attack_gap = self._choice.threshold, self._choice.attack_gap
        self.delay_terms = (
            *stream.delay_terms,
            ("beat window", decision.beat_reach * stream.hop_length),
        )
        self._parts = (self._shared,)
        self._lookahead = stream.lookahead
        self._late = LATE_HOPS if stream.early_heads else 0
        self.spectra = self._harmony = stream.features.harmony
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._shared.reset()
        self._picker.reset()
        self._frames = 0

    def push(self, block: NDArray[np.float32], start: int, trace: Trace, /) -> list[Pick]:
        """[analysis] Process the block that begins at `start`."""
        rows, pulse = self._shared.push(block, start), self._shared.stream.pulse
        if not len(rows):
            return []
        # Row g came with the features up to g + lookahead, each of STACK constant-Q frames.
        newest = STACK * (self._frames + self._lookahead) + STACK - 1 - self._late
        self._frames += len(rows)
        return self._choice.push(rows, pulse, (self._harmony.rows, newest, STACK), trace)


SKIP = 2
"""Frames left out at the attack."""
FRAMES = 26
"""Frames the median is taken over: what there is of a chop at the earliest moment it is emitted."""


@cache
def compile_median() -> Callable[[NDArray[np.float32]], None]:
    """[main] Compile what `harmonic_spectrum` needs."""

    def sort_upper_half(frames):
        """Bubble the larger values down until the middle is in place, all bins side by side."""
        n = len(frames)
        for done in range(n - (n - 1) // 2):
            for i in range(n - 1 - done):
                upper, lower = frames[i], frames[i + 1]
                for b in range(frames.shape[1]):
                    small, large = min(upper[b], lower[b]), max(upper[b], lower[b])
                    upper[b] = small
                    lower[b] = large

    return entry("void(float32[:, ::1])", fastmath=True)(sort_upper_half)


def harmonic_spectrum(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """[analysis] Take the median over time. frames: float32, (n, bins) magnitudes, used up; gives float32, (bins,)."""
    compile_median()(frames)
    n = len(frames)
    return np.float32(0.5) * (frames[(n - 1) // 2] + frames[n // 2])
