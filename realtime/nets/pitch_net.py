"""The harmony net on a stream: which of the twelve pitch classes sound in each frame, and which of them is the bass."""

import numpy as np
from numpy.typing import NDArray

from samplechop.models import HarmonyFeatures, Manifest, ModelError
from samplechop.realtime.dsp.pitch_spectrum import HarmonySpectrum
from samplechop.realtime.nets.tflite import open_interpreter

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

    offset = 0
    """The sample on which frame 0 is centred."""

    def __init__(self, manifest: Manifest, max_block_size: int) -> None:
        """[main] Open it and run it once. Raises ModelError if its tensors are not the manifest's."""
        where, features = f"model {str(manifest.path)!r}", manifest.features
        if not isinstance(features, HarmonyFeatures):
            raise ModelError(f"{where} does not detect harmony")
        self._spectrum = HarmonySpectrum(max_block_size, features.sample_rate, features.hop_length, features.spectrum)
        self._interpreter, self.runtime = open_interpreter(manifest.path.read_bytes(), 1, where)
        inputs, outputs = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        found = tuple(int(np.prod(one["shape"])) for one in (inputs, outputs))
        if found != (features.n_bins, N_LOGITS) or inputs["dtype"] is not np.float32:
            raise ModelError(f"{where} takes and gives {found} numbers, its manifest says {features.n_bins, N_LOGITS}")
        self._in, self._out = inputs["index"], outputs["index"]
        self._row: NDArray[np.float32] = np.zeros((1, features.n_bins), np.float32)
        self._logits: NDArray[np.float32] = np.zeros((max_block_size // features.hop_length + 1, N_LOGITS), np.float32)
        self._score()
        self.reset()

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""
        return self._spectrum.hop_length

    @property
    def latency(self) -> int:
        """Samples from a frame's centre until it is complete."""
        return self._spectrum.latency

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
                self._row[0] = frames[i]
                self._logits[i] = self._score()
            else:
                self._logits[i] = NOTHING
        return self._logits[: len(frames)]

    def _score(self) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._in, self._row)
        self._interpreter.invoke()
        logits: NDArray[np.float32] = self._interpreter.get_tensor(self._out)[0]
        return logits
