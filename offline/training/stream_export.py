"""Streaming nets as .tflite files: the layers of one stage over one step, and over CHUNK steps at once.

Both are signatures of one file and share their weights; the layout of their numbers is told in
realtime/nets/temporal_net.py. A fully connected layer over many rows reads its weights once for all of them, so that a
step among CHUNK costs a fifth of one alone; its sums are the same, to the last bit.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from samplechop.offline.training.keras_models import tensorflow
from samplechop.realtime.core.standard_streams import silence
from samplechop.realtime.nets.causal_net import CHUNK, CHUNK_SIGNATURE, earlier_rows


class Rows:
    """Cuts a stage's flat input into what its layers take: rows of `frames` steps, and those of steps before."""

    def __init__(self, flat: Any, frames: int) -> None:
        """flat: a tensor, float32 (1, n)."""
        self.tf, self.frames = tensorflow(), frames
        self._flat, self._at = flat, 0

    def take(self, rows: int, width: int) -> Any:
        """Give the next rows: (rows, width)."""
        first, self._at = self._at, self._at + rows * width
        found = self._flat[:, first : self._at]
        return found if rows == 1 else self.tf.reshape(found, (rows, width))

    def past(self, x: Any, dilation: int) -> list[Any]:
        """Give what x, (frames, width), was twice the dilation before each step, and once the dilation before it."""
        if dilation >= self.frames:
            return [self.take(self.frames, x.shape[1]) for _ in range(2)]
        rows = self.tf.concat([self.take(2 * dilation, x.shape[1]), x], 0)
        return [rows[: self.frames], rows[dilation : dilation + self.frames]]

    def dense(self, x: Any, weights: np.ndarray, bias: np.ndarray) -> Any:
        """Give relu(x weights + bias): (frames, n)."""
        return self.tf.nn.relu(self.tf.matmul(x, weights) + bias)

    def residual(self, x: Any, layers: Sequence[tuple[np.ndarray, np.ndarray]], dilations: Sequence[int]) -> list[Any]:
        """Apply dilated layers one after the other, each added to its input; give their inputs, and the last output."""
        found = [x]
        for (weights, bias), dilation in zip(layers, dilations, strict=True):
            taps = self.tf.concat([*self.past(found[-1], dilation), found[-1]], 1)
            found.append(found[-1] + self.dense(taps, weights, bias))
        return found

    def probabilities(self, members: Sequence[tuple[Any, np.ndarray, np.ndarray]]) -> Any:
        """Give the sigmoid of the mean of the members' logits. members: each one's last layer, weights and bias."""
        count = len(members)
        logits = [self.tf.matmul(x, weights / count) + bias / count for x, weights, bias in members]
        return self.tf.sigmoid(logits[0] if count == 1 else self.tf.add_n(logits))


@dataclass(frozen=True, slots=True)
class StreamStage:
    """One stage of a streaming net. n_features: of a step. dilations, channels, members: of its layers.

    compute: gives of Rows the outputs of a step, (frames, n_outputs) each, which stand side by side, and every
    member's layers' new inputs, (frames, channels).
    """

    n_features: int
    dilations: Sequence[int]
    channels: int
    members: int
    compute: Callable[[Rows], tuple[list[Any], list[Any]]]

    def n_inputs(self, frames: int) -> int:
        """Give the numbers that so many steps take."""
        layers = sum(earlier_rows(dilation, frames) for dilation in self.dilations[1:])
        first = frames + earlier_rows(self.dilations[0], frames)
        return first * self.n_features + self.members * layers * self.channels

    def to_tflite(self) -> bytes:
        """Convert it, float32, not quantised."""
        tf = tensorflow()
        module = tf.Module()
        module.step, module.chunk = (self._function(frames) for frames in (1, CHUNK))
        signatures = {"step": module.step, CHUNK_SIGNATURE: module.chunk}
        with silence(), redirect_stdout(StringIO()), tempfile.TemporaryDirectory() as folder:
            tf.saved_model.save(module, folder, signatures)
            # An interpreter that is not asked for another runs the first one by name, which is the step.
            converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
            converter.optimizations = []
            return bytes(converter.convert())

    def _function(self, frames: int) -> Any:
        tf = tensorflow()

        @tf.function(
            autograph=False,  # nothing branches on tensors
            input_signature=[tf.TensorSpec((1, self.n_inputs(frames)), tf.float32, name="rows")],
        )
        def run(rows: Any) -> Any:
            outputs, states = self.compute(Rows(rows, frames))
            found = [tf.concat(outputs, 1), *states]
            return {"rows": tf.concat(found if frames == 1 else [tf.reshape(one, (1, -1)) for one in found], 1)}

        return run.get_concrete_function()
