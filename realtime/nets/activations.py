"""How likely each frame of a stream is a chop, a beat, a downbeat …: features and the streaming net in one."""

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError, StreamFeatures
from samplechop.realtime.nets.chop_features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream
from samplechop.realtime.nets.tcn import TemporalNet


class ActivationStream:
    """Activations of a stream, one row per frame of `hop_length` samples.

    Row g belongs to sample g * hop_length + offset and is there `latency` samples later. It depends on the features up
    to `lookahead` frames after it and, before it, on as much as the net looks back.
    """

    def __init__(self, manifest: Manifest, max_block_size: int) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a model that is not a streaming net."""
        features = manifest.features
        if not isinstance(features, StreamFeatures):
            raise ModelError(f"model {manifest.name!r} takes single windows, it gives no stream of activations")
        if features.n_features != N_FEATURES:
            raise ModelError(f"model {manifest.name!r} wants {features.n_features} features, there are {N_FEATURES}")
        self.features = FeatureStream(max_block_size, features.sample_rate)
        self._net = TemporalNet(manifest)
        self.heads = features.heads
        self.hop_length = HOP_LENGTH * STACK
        self.offset = HOP_LENGTH
        self.lookahead = features.lookahead
        self.latency = self.lookahead * self.hop_length + self.features.latency
        most = max_block_size // self.hop_length + 1
        # Head by head in memory, for those who follow one of them.
        self._rows: NDArray[np.float32] = np.zeros((len(self.heads), most), np.float32).T
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.features.reset()
        self._net.reset()
        self._wait = self.lookahead

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the next rows: float32 (m, heads).

        A view, valid until the next push.
        """
        written = 0
        for frame in self.features.push(block):
            row = self._net.push(frame)
            if self._wait:
                self._wait -= 1
            else:
                self._rows[written] = row
                written += 1
        return self._rows[:written]


def calibrated(calibration: tuple[tuple[float, float], ...], score: float) -> float:
    """Read off how often the net is right where it says `score`; without a table, give the score."""
    if not calibration:
        return score
    scores, shares = zip(*calibration, strict=True)
    return float(np.interp(score, scores, shares))
