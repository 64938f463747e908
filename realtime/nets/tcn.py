"""A temporal convolutional net, one frame at a time: the runtime computes the sums, what was before is kept here.

A causal dilated convolution of three taps sees its input now, d frames ago and 2d frames ago. The .tflite holds one
step of the whole net: it takes the newest features and, for each layer, the two earlier inputs; it gives the
probabilities and every layer's new input, which is remembered until it is asked for (the caching of Paine et al.,
"Fast Wavenet generation algorithm", 2016). So a net that looks back over many seconds costs no more than a small dense
one.

    step input   [features now | features 2d ago | features d ago | layer 1: 2d ago | layer 1: d ago | layer 2: ... ]
    step output  [probabilities | layer 1's new input | layer 2's ... ]
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.models import DrumFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.nets.tflite import open_interpreter


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


class TemporalNet:
    """The streaming net of one manifest: a frame of features in, a probability for each head out."""

    def __init__(self, manifest: Manifest) -> None:
        """[main] Open it and run it once. Raises ModelError if its tensors are not the manifest's."""
        features = manifest.features
        if not isinstance(features, StreamFeatures | DrumFeatures):
            raise ModelError(f"model {str(manifest.path)!r} is not a streaming net")
        where = f"model {str(manifest.path)!r}"
        self._interpreter, _ = open_interpreter(manifest.path.read_bytes(), 1, where)
        inputs, outputs = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        rows = features.members * (len(features.dilations) - 1)
        sizes = 3 * features.n_features + 2 * rows * features.channels, len(features.heads) + rows * features.channels
        found = int(np.prod(inputs["shape"])), int(np.prod(outputs["shape"]))
        if found != sizes or inputs["dtype"] is not np.float32:
            raise ModelError(f"{where} takes and gives {found} numbers, its manifest says {sizes}")
        self._in, self._out = inputs["index"], outputs["index"]
        self.n_heads = len(features.heads)
        self._delays = np.array([features.dilations[0], *(features.dilations[1:] * features.members)], np.int64)
        depth = 2 * max(features.dilations) + 1
        self._recent: NDArray[np.float32] = np.zeros((depth, features.n_features), np.float32)
        self._memory: NDArray[np.float32] = np.zeros((rows, depth, features.channels), np.float32)
        self._step: NDArray[np.float32] = np.zeros((1, sizes[0]), np.float32)
        self._gather, self._keep = _compiled()
        self.reset()
        self.push(np.zeros(features.n_features, np.float32))
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: before the first frame there is nothing, which is zeros."""
        self._recent.fill(0)
        self._memory.fill(0)
        self._time = 0

    def push(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a frame of features, float32 (n_features,); give the probabilities, float32 (n_heads,)."""
        self._gather(frame, self._step[0], self._recent, self._memory, self._delays, self._time)
        self._interpreter.set_tensor(self._in, self._step)
        self._interpreter.invoke()
        result: NDArray[np.float32] = self._interpreter.get_tensor(self._out)[0]
        self._keep(result, self.n_heads, self._memory, self._time)
        self._time += 1
        return result[: self.n_heads]
