"""The weights of a stage of the shared net, read from its .tflite, for the compiled step (compiled_step.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.dsp.fft import aligned_zeros
from samplechop.realtime.dsp.registers import LANES

FILTERS = 8
"""Of each convolution."""
PAST = 3
"""Rows that a stage's first layers take: now, two steps ago, one step ago."""
BANDS, WIDTH, STRIDE, FLAT, NEXT_WIDTH, NEXT_STRIDE, NEXT_FLAT, CHANNELS, HEADS, LAYERS = range(10)
"""The sizes of a stage: bands under the first convolution, its width and step and how many places it gives, the same
of the second one; channels, heads, layers of CHANNELS each."""

Planes = Sequence[tuple[int, int]]
Beside = Sequence[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class StageWeights:
    """What a step of a stage is computed with.

    sizes: int64 (10,). planes: int64 (n, 2), of each plane under the first convolution, which of the PAST rows it is in
    and where it begins. beside: int64 (m, 3), of what else the first layer takes, which row, its first and last column.
    numbers: float32, of each layer the bias and then the weights, which lie filter by filter, and then input by input.
    """

    sizes: NDArray[np.int64]
    planes: NDArray[np.int64]
    beside: NDArray[np.int64]
    numbers: NDArray[np.float32]

    @property
    def products(self) -> int:
        """How many products the sums of a step have, those of LANES heads among them, however many there are."""
        _, width, _, flat, next_width, _, next_flat, channels, _, layers = self.sizes.tolist()
        convolved = FILTERS * (len(self.planes) * width * flat + FILTERS * next_width * next_flat)
        inputs = FILTERS * next_flat + int((self.beside[:, 2] - self.beside[:, 1]).sum())
        return int(convolved + channels * (inputs + (layers - 1) * PAST * channels + LANES))


def read_weights(interpreter: Any, planes: Planes, beside: Beside, channels: int) -> StageWeights | None:
    """[main] Read a stage from an interpreter of it; None where it is built otherwise, or the runtime does not show
    how. planes, beside: as StageWeights has them.
    """
    try:
        tensors = {one["index"]: one["shape"].tolist() for one in interpreter.get_tensor_details()}
        convolutions, dense = (
            [
                (*(interpreter.get_tensor(int(at)) for at in op["inputs"][1:3]), op["inputs"][0], op["outputs"][0])
                for op in interpreter._get_ops_details()
                if op["op_name"] == kind
            ]
            for kind in ("CONV_2D", "FULLY_CONNECTED")
        )
        (first, _, given, found), (second, _, _, last) = convolutions
        bands, flat, next_flat = tensors[given][2], tensors[found][2], tensors[last][2]
        width, next_width = first.shape[2], second.shape[2]
        steps = (bands - width) // (flat - 1), (flat - next_width) // (next_flat - 1)
    except (AttributeError, LookupError, ValueError, ZeroDivisionError):
        return None
    heads, inputs = dense[-1][0].shape[0], sum(stop - start for _, start, stop in beside)
    every = [(weights, bias) for weights, bias, *_ in (*convolutions, *dense)]
    shapes = [
        (FILTERS, len(planes), width, 1),
        (FILTERS, 1, next_width, FILTERS),
        (channels, FILTERS * next_flat + inputs),
        *[(channels, PAST * channels)] * (len(dense) - 2),
        (heads, channels),
    ]
    if [weights.shape for weights, _ in every] != shapes or channels % LANES or heads > LANES:
        return None
    parts: list[NDArray[np.float32]] = []
    for number, (weights, bias) in enumerate(every):
        missing = LANES - heads if number == len(every) - 1 else 0
        rows = np.pad(weights.reshape(len(bias), -1), ((0, missing), (0, 0)))
        parts += [np.pad(bias, (0, missing)), (rows if number < len(convolutions) else rows.T).ravel()]
    numbers = aligned_zeros(sum(map(len, parts)))
    numbers[:] = np.concatenate(parts)
    sizes = bands, width, steps[0], flat, next_width, steps[1], next_flat, channels, heads, len(dense) - 1
    return StageWeights(np.array(sizes, np.int64), np.array(planes, np.int64), np.array(beside, np.int64), numbers)
