"""Nets on a stream, one frame at a time: activations of chops, beats and drums, and the pitch classes that sound.

The temporal convolutional net: the runtime computes the sums, what was before is stored here. A causal dilated
convolution of three taps sees its input now, d frames ago and 2d frames ago. The .tflite holds one step of the whole
net: it takes the newest features and, for each layer, the two earlier inputs; it gives the probabilities and every
layer's new input, which is remembered until it is asked for (the caching of Paine et al., "Fast Wavenet generation
algorithm", 2016). So a net that reaches back over many seconds costs no more than a small dense one.

    step input   [features now | features 2d ago | features d ago | layer 1: 2d ago | layer 1: d ago | layer 2: ... ]
    step output  [probabilities | layer 1's new input | layer 2's ... ]

A net with an early stage has two such files. The early stage takes a step at every hop of 256 samples; it answers what
cannot wait and gives its last layer behind the probabilities. The rest takes a step at every frame of two hops, in
which lie the early stage's last layers and those features that came later:

    its features [early layer of hop 1 | of hop 2 | late features of hop 1 | of hop 2]
"""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.models import DrumFeatures, HarmonyFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.dsp.pitch_spectrum import HarmonySpectrum
from samplechop.realtime.nets import fine_features
from samplechop.realtime.nets.features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream
from samplechop.realtime.nets.fine_features import FineFeatureStream
from samplechop.realtime.nets.tflite import Net


@cache
def _compiled() -> tuple[Callable[..., None], Callable[..., None]]:
    def gather(frame, step, recent, memory, delays, time):
        n, (depth, width) = len(frame), memory.shape[1:]
        step[:n] = frame
        for lag in range(2):
            past = time - (2 - lag) * delays[0]
            step[n + lag * n : n + (lag + 1) * n] = recent[past % depth]
        recent[time % depth] = frame
        at = 3 * n
        for row in range(len(memory)):
            for lag in range(2):
                past = time - (2 - lag) * delays[row + 1]
                step[at : at + width] = memory[row, past % depth]
                at += width

    def keep(result, n_heads, memory, time):
        depth, width = memory.shape[1:]
        for row in range(len(memory)):
            memory[row, time % depth] = result[n_heads + row * width : n_heads + (row + 1) * width]

    row, rows, cube = types.float32[::1], types.float32[:, ::1], types.float32[:, :, ::1]
    gathered = njit([types.void(row, row, rows, cube, types.int64[::1], types.int64)], cache=True)(gather)
    kept = njit([types.void(row, types.int64, cube, types.int64)], cache=True)(keep)
    return gathered, kept


class CausalStep:
    """A .tflite that computes one step of a causal net, and what its layers must remember from step to step."""

    def __init__(
        self, path: Path, n_features: int, n_outputs: int, dilations: tuple[int, ...], channels: int, members: int
    ) -> None:
        """[main] Open it and run it once. Raises ModelError if its tensors are others."""
        rows = members * (len(dilations) - 1)
        n_inputs = 3 * n_features + 2 * rows * channels
        self._n_outputs = n_outputs
        self._net = Net(path, n_inputs, n_outputs + rows * channels)
        self._delays = np.array([dilations[0], *(dilations[1:] * members)], np.int64)
        depth = 2 * max(dilations) + 1
        self._recent: NDArray[np.float32] = np.zeros((depth, n_features), np.float32)
        self._memory: NDArray[np.float32] = np.zeros((rows, depth, channels), np.float32)
        self._step: NDArray[np.float32] = np.zeros((1, n_inputs), np.float32)
        self._gather, self._keep = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: before the first frame there is nothing, which is zeros."""
        self._recent.fill(0)
        self._memory.fill(0)
        self._time = 0

    def push(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a frame, float32 (n_features,); give the net's outputs, float32 (n_outputs,)."""
        self._gather(frame, self._step[0], self._recent, self._memory, self._delays, self._time)
        result = self._net.run(self._step)[0]
        self._keep(result, self._n_outputs, self._memory, self._time)
        self._time += 1
        return result[: self._n_outputs]


class TemporalNet:
    """The streaming net of one manifest: a frame of features in, a probability for each head out.

    early: what the early stage, if it has one, answered at the last hop: float32 (early heads,).
    """

    def __init__(self, manifest: Manifest) -> None:
        """[main] Open it and run it once. Raises ModelError if its tensors are not the manifest's."""
        features = manifest.features
        if not isinstance(features, StreamFeatures | DrumFeatures):
            raise ModelError(f"model {str(manifest.path)!r} is not a streaming net")
        self.n_heads, members = len(features.heads), features.members
        early = features.early if isinstance(features, StreamFeatures) else None
        self.early: NDArray[np.float32] = np.zeros(len(early.heads) if early else 0, np.float32)
        self._stage: CausalStep | None = None
        n_inputs = features.n_features
        if early is not None:
            path = manifest.path.with_name(early.file)
            self._passed = members * early.channels
            size = len(early.heads) + self._passed, early.dilations, early.channels, members
            self._stage = CausalStep(path, early.n_features, *size)
            self._n_early = early.n_features
            self._per_hop = features.n_features // STACK
            n_inputs = STACK * (self._passed + self._per_hop - early.n_features)
            self._frame: NDArray[np.float32] = np.zeros(n_inputs, np.float32)
        size = self.n_heads, features.dilations, features.channels, members
        self._net = CausalStep(manifest.path, n_inputs, *size)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        if self._stage is not None:
            self._stage.reset()
        self._net.reset()
        self._hop = 0

    def push(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a frame of features, float32 (n_features,); give the probabilities, float32 (n_heads,)."""
        if self._stage is None:
            return self._net.push(frame)
        for hop in frame.reshape(STACK, self._per_hop):
            found = self.push_hop(hop)
        assert found is not None, "frames are pushed from the first hop of a frame on"
        return found

    def push_hop(self, hop: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """[analysis] Process a hop of features; give the probabilities once its frame is whole, otherwise None.

        What the early stage answers of it is in `early` then.
        """
        assert self._stage is not None, "only a net with an early stage goes hop by hop"
        found = self._stage.push(hop[: self._n_early])
        self.early = found[: len(self.early)]
        at, late = self._hop * self._passed, self._per_hop - self._n_early
        self._frame[at : at + self._passed] = found[len(self.early) :]
        at = STACK * self._passed + self._hop * late
        self._frame[at : at + late] = hop[self._n_early :]
        self._hop = (self._hop + 1) % STACK
        return self._net.push(self._frame) if self._hop == 0 else None


class ActivationStream:
    """Activations of a stream, one row per frame of `hop_length` samples.

    Row g belongs to sample g * hop_length + offset and is there `latency` samples later. It depends on the features up
    to `lookahead` frames after it and, before it, on as much as the net reaches back.

    early: what the early stage of the net answered, if it has one, at each hop that the last push completed: float32
    (hops, early heads), a view. Row h, from the first one on, is of the hop that was complete `early_latency` samples
    after sample h * HOP_LENGTH. early_heads: what its columns mean.
    """

    def __init__(self, manifest: Manifest, max_block_size: int) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a model that is not a streaming net."""
        features = manifest.features
        if not isinstance(features, StreamFeatures):
            raise ModelError(f"model {manifest.name!r} takes single windows, it gives no stream of activations")
        there = N_FEATURES if features.early is None else STACK * fine_features.PER_HOP
        if features.n_features != there:
            raise ModelError(f"model {manifest.name!r} wants {features.n_features} features, there are {there}")
        if features.early is not None and features.early.n_features != fine_features.N_EARLY:
            raise ModelError(
                f"model {manifest.name!r} wants {features.early.n_features} features early, "
                f"there are {fine_features.N_EARLY}"
            )
        make = FeatureStream if features.early is None else FineFeatureStream
        self.features: FeatureStream | FineFeatureStream = make(max_block_size, features.sample_rate)
        self._net = TemporalNet(manifest)
        self._push = self._by_frame if features.early is None else self._by_hop
        self.heads = features.heads
        self.early_heads = features.early.heads if features.early else ()
        self.hop_length = HOP_LENGTH * STACK
        self.offset = HOP_LENGTH
        self.lookahead = features.lookahead
        window = "constant-Q kernel" if features.early is None else "spectrum"
        self.delay_terms = (
            (f"{STACK * self.lookahead} frames of context", self.lookahead * self.hop_length),
            (window, self.features.latency),
        )
        self.latency = sum(samples for _, samples in self.delay_terms)
        self.early_latency = self.features.latency
        most = max_block_size // self.hop_length + 1
        # Head by head in memory, for those who follow one of them.
        self._rows: NDArray[np.float32] = np.zeros((len(self.heads), most), np.float32).T
        self._early: NDArray[np.float32] = np.zeros((STACK * most, len(self.early_heads)), np.float32)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.features.reset()
        self._net.reset()
        self._wait = self.lookahead
        self.early = self._early[:0]

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the next rows: float32 (m, heads).

        A view, valid until the next push.
        """
        return self._rows[: self._push(self.features.push(block))]

    def _by_frame(self, frames: NDArray[np.float32]) -> int:
        written = 0
        for frame in frames:
            written += self._store(self._net.push(frame), written)
        return written

    def _by_hop(self, hops: NDArray[np.float32]) -> int:
        written = 0
        for place, hop in enumerate(hops):
            row = self._net.push_hop(hop)
            self._early[place] = self._net.early
            if row is not None:
                written += self._store(row, written)
        self.early = self._early[: len(hops)]
        return written

    def _store(self, row: NDArray[np.float32], place: int) -> int:
        """Keep a row, unless it is of a frame before the first; give how many were kept."""
        if self._wait:
            self._wait -= 1
            return 0
        self._rows[place] = row
        return 1


def decay_of(memory_seconds: float, hop_length: int, sample_rate: int) -> float:
    """Give what is left after one frame of something that falls by a factor of e in memory_seconds."""
    return math.exp(-hop_length / sample_rate / memory_seconds)


def calibrated(calibration: tuple[tuple[float, float], ...], score: float) -> float:
    """Read off how often the net is right where it gives `score`; without a table, give the score."""
    if not calibration:
        return score
    scores, shares = zip(*calibration, strict=True)
    return float(np.interp(score, scores, shares))


PITCH_CLASSES = 12
N_LOGITS = 2 * PITCH_CLASSES
"""The logits of "this pitch class sounds", C first, then those of "this is the bass note"."""
NOTHING = -12.0
"""The logit of every answer in a frame without any sound."""


class PitchStream:
    """The net of one manifest: blocks of samples in, 24 logits for each frame they complete out.

    Frame f is centred on sample f * hop_length and complete `latency` samples later. However blocks are cut, its logits
    are equal to the last bit.
    """

    def __init__(self, manifest: Manifest, max_block_size: int) -> None:
        """[main] Open it and run it once. Raises ModelError if its tensors are not the manifest's."""
        features = manifest.features
        if not isinstance(features, HarmonyFeatures):
            raise ModelError(f"model {str(manifest.path)!r} does not detect harmony")
        self._spectrum = HarmonySpectrum(max_block_size, features.sample_rate, features.hop_length, features.spectrum)
        self.hop_length, self.latency = features.hop_length, self._spectrum.latency
        self._net = Net(manifest.path, features.n_bins, N_LOGITS)
        self._logits: NDArray[np.float32] = np.zeros((max_block_size // features.hop_length + 1, N_LOGITS), np.float32)
        self.reset()

    @property
    def levels(self) -> NDArray[np.float32]:
        """RMS of each frame of the last push, dBFS (a full-scale sine has -3): float32, (m,), a view."""
        return self._spectrum.levels

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._spectrum.reset()

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block and give the logits of every frame it completes.

        block: float32, (n,), C-contiguous, n <= max_block_size. Returns float32, (m, 24), NOTHING where there is no
        sound: a view that the next push overwrites. Raises ValueError for a longer block, TypeError for other dtypes.
        """
        frames = self._spectrum.push(block)
        for i in range(len(frames)):
            if frames[i].any():
                self._logits[i] = self._net.run(frames[i : i + 1])[0]
            else:
                self._logits[i] = NOTHING
        return self._logits[: len(frames)]
