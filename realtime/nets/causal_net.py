"""A causal convolutional net on a stream: the runtime computes the sums, what was before is stored here.

A causal dilated convolution of three taps takes its input now, d steps ago and 2d steps ago. The .tflite holds one step
of the whole net: it takes the newest features and, for each layer, the two earlier inputs; it gives the probabilities
and every layer's new input, which is remembered until it is asked for (the caching of Paine et al., "Fast Wavenet
generation algorithm", 2016). So a net that reaches back over many seconds costs no more than a small dense one.

    step input   [features now | features 2d ago | features d ago | layer 1: 2d ago | layer 1: d ago | layer 2: ... ]
    step output  [probabilities | layer 1's new input | layer 2's ... ]

The same file may hold a second signature of CHUNK steps at once, with CHUNK rows in place of each one above. Where d
is less than CHUNK, rows of the chunk itself are among those d and 2d ago: in place of both are the 2d rows before it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.nets.compiled_step import MOST, Stage, lay_out
from samplechop.realtime.nets.stage_weights import Beside, Planes, read_weights
from samplechop.realtime.nets.tflite import Net

Rows = NDArray[np.float32]
CHUNK = 64
CHUNK_SIGNATURE = "steps"
FEW = 8
"""From so many steps on, one call for CHUNK of them is quicker than one call for each."""


def earlier_rows(dilation: int, frames: int) -> int:
    """Give how many rows of before a layer takes for so many steps."""
    return 2 * min(dilation, frames)


def _gather(
    frames: Rows, steps: int, recent: Rows, memory: Rows, delays: NDArray[np.int64], time: int, out: Rows
) -> None:
    """Do as `gather` below, which takes less time, but long to be compiled."""
    depth, n_frames, at = len(recent), len(frames), steps * recent.shape[1]
    out[: frames.size] = frames.ravel()
    for rows, delay in zip((recent, *memory), delays.tolist(), strict=True):
        for first, last in [(-2 * delay, 0)] if delay < steps else [(-n * delay, steps - n * delay) for n in (2, 1)]:
            some = rows[np.arange(time + first, time + last) % depth].ravel()
            out[at : at + len(some)] = some
            at += len(some)
    recent[np.arange(time, time + n_frames) % depth] = frames


def _keep(found: Rows, n: int, steps: int, memory: Rows, time: int, outputs: Rows) -> None:
    """Do as `keep` below."""
    n_outputs = outputs.shape[1]
    outputs[:n] = found[: n * n_outputs].reshape(n, n_outputs)
    layers, depth, width = memory.shape
    inputs = found[steps * n_outputs :].reshape(layers, steps, width)
    memory[:, np.arange(time, time + n) % depth] = inputs[:, :n]


# At the top of the module: numba caches no function that closes over a compiled one.
@inner(inline=False)
def _copy(rows, first, count, out, at):
    # rows: a ring. Copies rows first .. first + count - 1, and gives where their place in `out` ends.
    depth, width = rows.shape
    for i in range(count):
        row = (first + i) % depth
        for k in range(width):
            out[at + k] = rows[row, k]
        at += width
    return at


@inner(inline=False)
def _past(rows, time, dilation, steps, out, at):
    if dilation < steps:
        return _copy(rows, time - 2 * dilation, 2 * dilation, out, at)
    at = _copy(rows, time - 2 * dilation, steps, out, at)
    return _copy(rows, time - dilation, steps, out, at)


@cache
def _compiled() -> tuple[Callable[..., None], Callable[..., None]]:
    def gather(frames, steps, recent, memory, delays, time, out):
        # `steps` rows are asked for, of which `frames` may be the first: what follows them is of no account.
        n, width = frames.shape
        for i in range(n):
            for k in range(width):
                out[i * width + k] = frames[i, k]
        at = _past(recent, time, delays[0], steps, out, steps * width)
        for i in range(n):
            row = (time + i) % len(recent)
            for k in range(width):
                recent[row, k] = frames[i, k]
        for layer in range(len(memory)):
            at = _past(memory[layer], time, delays[layer + 1], steps, out, at)

    def keep(found, n, steps, memory, time, outputs):
        # The outputs of the first n of `steps` steps, and their layers' new inputs.
        n_outputs, at = outputs.shape[1], steps * outputs.shape[1]
        depth, width = memory.shape[1:]
        for i in range(n):
            for k in range(n_outputs):
                outputs[i, k] = found[i * n_outputs + k]
        for layer in range(len(memory)):
            for i in range(n):
                row = (time + i) % depth
                for k in range(width):
                    memory[layer, row, k] = found[at + i * width + k]
            at += steps * width

    row, rows, cube, number = types.float32[::1], types.float32[:, ::1], types.float32[:, :, ::1], types.int64
    gathered = entry(types.void(types.float32[:, :], number, rows, cube, types.int64[::1], number, row))(gather)
    kept = entry(types.void(row, number, number, cube, number, rows))(keep)
    return gathered, kept


class CausalNet:
    """A .tflite that computes steps of a causal net, and what its layers must remember from step to step."""

    def __init__(
        self,
        path: Path,
        n_features: int,
        n_outputs: int,
        dilations: tuple[int, ...],
        channels: int,
        members: int,
        most: int,
        clock: NDArray[np.int64],
    ) -> None:
        """[main] Open it and run it once, for up to `most` frames in a push. Raises ModelError if its tensors are
        others. clock: int64 (1,), how many steps there were.
        """
        delays = dilations[0], *(dilations[1:] * members)
        self._most = min(most, MOST)
        rows = len(delays) - 1
        sizes = {}
        for steps in (1, CHUNK):
            earlier = [earlier_rows(delay, steps) for delay in delays]
            n_inputs = (steps + earlier[0]) * n_features + sum(earlier[1:]) * channels
            sizes[steps] = n_inputs, steps * (n_outputs + rows * channels)
        self._net = Net(path, *sizes[1])
        self._chunk: Callable[[NDArray[np.float32]], Any] | None = None
        self._chunk_sizes = sizes[CHUNK]
        self._in = {steps: np.zeros((1, n_inputs), np.float32) for steps, (n_inputs, _) in sizes.items()}
        self.delays, self.depth = np.array(delays, np.int64), 2 * max(dilations) + self._most
        depth = self.depth
        self._recent: NDArray[np.float32] = np.zeros((depth, n_features), np.float32)
        self._memory: NDArray[np.float32] = np.zeros((rows, depth, channels), np.float32)
        self.out: NDArray[np.float32] = np.zeros((most, n_outputs), np.float32)
        self._clock = clock
        self._passes: tuple[Callable[..., None], Callable[..., None]] = _gather, _keep
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: before the first frame there is nothing, which is zeros."""
        self._recent.fill(0)
        self._memory.fill(0)
        self._clock[0] = 0

    def make_ready(self, awaited: bool) -> None:
        """[main] Compile what passes rows on, and compute many steps at once where they come and the file can.

        awaited: whether all of a step will soon be compiled; then that is not, as it takes long. Raises ModelError if
        those at once are of other numbers.
        """
        if not awaited:
            self._passes = _compiled()
        if len(self.out) >= FEW:
            self._chunk = self._net.signature(CHUNK_SIGNATURE, *self._chunk_sizes)

    def lay_out(self, planes: Planes, beside: Beside) -> Stage | None:
        """[main] Lay it out for compiled steps, which share its rings; None where it is no stage of a shared net."""
        channels = self._memory.shape[2]
        weights = read_weights(self._net.interpreter, planes, beside, channels)
        if weights is None or weights.sizes[-1] != len(self.delays):
            return None
        stage = lay_out(weights, self._recent.shape[1], self.delays, self.depth, self._most)
        self._recent, self._memory = stage.recent, stage.memory
        return stage

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process frames, float32 (n, n_features), n at most as stated.

        Gives the net's outputs, float32 (n, n_outputs): a view, valid until the next push.
        """
        first, n = 0, len(frames)
        gather, keep = self._passes
        while first < n:
            if self._chunk is not None and n - first >= FEW:
                steps, run = CHUNK, self._chunk
            else:
                steps, run = 1, self._net.run
            last, given = min(first + steps, n), self._in[steps]
            time = int(self._clock[0])
            gather(frames[first:last], steps, self._recent, self._memory, self.delays, time, given[0])
            found = run(given)[0]
            keep(found, last - first, steps, self._memory, time, self.out[first:last])
            self._clock[0] = time + last - first
            first = last
        return self.out[:n]
