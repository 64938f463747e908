"""Activations of a stream: of chops, beats and drums, and of the pitch classes that sound."""

import math
from bisect import bisect_right
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from samplechop.models import HarmonyFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.dsp.delay_line import prefixes
from samplechop.realtime.dsp.pitch_spectrum import HarmonySpectrum
from samplechop.realtime.nets import fine_features
from samplechop.realtime.nets.features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream
from samplechop.realtime.nets.fine_features import FineFeatureStream
from samplechop.realtime.nets.temporal_net import TemporalNet
from samplechop.realtime.nets.tflite import Net


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
        self._net = TemporalNet(manifest, max_block_size // HOP_LENGTH + 1)
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
        self._first = prefixes(self._rows)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.features.reset()
        self._net.reset()
        self._wait = self.lookahead  # frames before the first, of which no row is given
        self.early = self._net.early

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the next rows: float32 (m, heads).

        A view, valid until the next push.
        """
        found = self._net.push(self.features.push(block))
        self.early = self._net.early
        n = len(found)
        if self._wait and n:
            skipped = min(self._wait, n)
            self._wait -= skipped
            found, n = found[skipped:], n - skipped
        rows = self._first[n]
        if n:
            rows[:] = found
        return rows


def decay_of(memory_seconds: float, hop_length: int, sample_rate: int) -> float:
    """Give what is left after one frame of something that falls by a factor of e in memory_seconds."""
    return math.exp(-hop_length / sample_rate / memory_seconds)


def calibrated(calibration: tuple[tuple[float, float], ...], score: float) -> float:
    """Read off how often the net is right where it gives `score`; without a table, give the score."""
    if not calibration:
        return score
    above = bisect_right(calibration, score, key=itemgetter(0))
    if above in (0, len(calibration)):
        return calibration[max(above - 1, 0)][1]
    (first, low), (last, high) = calibration[above - 1 : above + 1]
    return (high - low) / (last - first) * (score - first) + low


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
