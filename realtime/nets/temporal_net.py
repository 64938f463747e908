"""The temporal convolutional net on a stream: the runtime computes the sums, what was before is stored here.

A causal dilated convolution of three taps takes its input now, d steps ago and 2d steps ago. The .tflite holds one step
of the whole net: it takes the newest features and, for each layer, the two earlier inputs; it gives the probabilities
and every layer's new input, which is remembered until it is asked for (the caching of Paine et al., "Fast Wavenet
generation algorithm", 2016). So a net that reaches back over many seconds costs no more than a small dense one.

    step input   [features now | features 2d ago | features d ago | layer 1: 2d ago | layer 1: d ago | layer 2: ... ]
    step output  [probabilities | layer 1's new input | layer 2's ... ]

The same file may hold a second signature of CHUNK steps at once, with CHUNK rows in place of each one above. Where d
is less than CHUNK, rows of the chunk itself are among those d and 2d ago: in place of both are the 2d rows before it.

A net with an early stage has two such files. The early stage takes a step at every hop of 256 samples; it answers what
cannot wait and gives its last layer behind the probabilities. The rest takes a step at every frame of two hops, in
which lie the early stage's last layers and those features that came later:

    its features [early layer of hop 1 | of hop 2 | late features of hop 1 | of hop 2]

Steps of such a net are compiled, where that gives the same bits (see compiled_step.py); then no chunks are needed.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.models import DrumFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.nets import fine_features
from samplechop.realtime.nets.compiled_step import DEEP, EARLY, HOP, MOST, Stage, compile_steps, lay_out
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.stage_weights import PAST, Beside, Planes, read_weights
from samplechop.realtime.nets.tflite import Net

CHUNK = 64
CHUNK_SIGNATURE = "steps"
FEW = 8
"""From so many steps on, one call for CHUNK of them is quicker than one call for each."""
TRIED = 16
"""Steps of both stages by which it is tried whether compiled ones, alone and side by side, equal the runtime's."""


def earlier_rows(dilation: int, frames: int) -> int:
    """Give how many rows of before a layer takes for so many steps."""
    return 2 * min(dilation, frames)


# At the top of the module: numba caches no function that closes over a compiled one.
@njit
def _copy(rows, first, count, out, at):
    # rows: a ring. Copies rows first .. first + count - 1, and gives where their place in `out` ends.
    depth, width = rows.shape
    for i in range(count):
        row = (first + i) % depth
        for k in range(width):
            out[at + k] = rows[row, k]
        at += width
    return at


@njit
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
    gathered = njit([types.void(types.float32[:, :], number, rows, cube, types.int64[::1], number, row)], cache=True)(
        gather
    )
    kept = njit([types.void(row, number, number, cube, number, rows)], cache=True)(keep)
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
        self._gather, self._keep = _compiled()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new: before the first frame there is nothing, which is zeros."""
        self._recent.fill(0)
        self._memory.fill(0)
        self._clock[0] = 0

    def open_chunk(self) -> None:
        """[main] From now on, compute many steps at once where the file can. Raises ModelError if that is of others."""
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
        while first < n:
            if self._chunk is not None and n - first >= FEW:
                steps, run = CHUNK, self._chunk
            else:
                steps, run = 1, self._net.run
            last, given = min(first + steps, n), self._in[steps]
            time = int(self._clock[0])
            self._gather(frames[first:last], steps, self._recent, self._memory, self.delays, time, given[0])
            found = run(given)[0]
            self._keep(found, last - first, steps, self._memory, time, self.out[first:last])
            self._clock[0] = time + last - first
            first = last
        return self.out[:n]


class TemporalNet:
    """The streaming net of one manifest: rows of features in, a probability for each head out.

    rows_per_frame: how many rows of features there are for one row of probabilities: the hops of a frame where the net
    has an early stage, otherwise 1. early: what the early stage, if there is one, answered at each hop of the last
    push: float32 (hops, early heads), a view. is_compiled: whether its steps are (see compiled_step.py).
    """

    def __init__(self, manifest: Manifest, most: int = 1) -> None:
        """[main] Open it and run it once, for up to `most` rows in a push. Raises ModelError if its tensors are not the
        manifest's.
        """
        features = manifest.features
        if not isinstance(features, StreamFeatures | DrumFeatures):
            raise ModelError(f"model {str(manifest.path)!r} is not a streaming net")
        self.n_heads, members = len(features.heads), features.members
        early = features.early if isinstance(features, StreamFeatures) else None
        self._n_early = len(early.heads) if early else 0
        self._early_net: CausalNet | None = None
        self.rows_per_frame = 1
        n_inputs, rows = features.n_features, most
        self._clock = np.zeros(3, np.int64)
        if early is not None:
            self.rows_per_frame = STACK
            path = manifest.path.with_name(early.file)
            passed = members * early.channels
            size = self._n_early + passed, early.dilations, early.channels, members
            self._early_net = CausalNet(path, early.n_features, *size, most, self._clock[EARLY:])
            self._bands = early.n_features
            n_inputs = STACK * passed + features.n_features - STACK * early.n_features
            most = most // STACK + 2
            self._frames: NDArray[np.float32] = np.zeros((most, n_inputs), np.float32)
        size = self.n_heads, features.dilations, features.channels, members
        self._net = CausalNet(manifest.path, n_inputs, *size, most, self._clock[DEEP:])
        self.early: NDArray[np.float32] = np.zeros((0, self._n_early), np.float32)
        self._compiled: Callable[[NDArray[np.float32]], int] | None = None
        if early is not None and members == 1 and features.n_features == STACK * fine_features.PER_HOP:
            self._compiled = self._compile(early.channels)
        self.is_compiled = self._compiled is not None
        for stage in (self._early_net, self._net):
            if stage is not None and rows >= FEW and not self.is_compiled:
                stage.open_chunk()
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        if self._early_net is not None:
            self._early_net.reset()
        self._net.reset()
        self.early = self.early[:0]
        self._clock.fill(0)

    def push(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process rows of features, float32 (n, features), C-contiguous, n at most as stated.

        Gives the probabilities, float32 (m, n_heads), of every frame that is whole: a view, valid until the next push.
        """
        if self._early_net is None:
            return self._net.push(rows)
        if self._compiled is not None:
            self.early = self._early_net.out[: len(rows), : self._n_early]
            return self._net.out[: self._compiled(rows)]
        found = self._early_net.push(rows[:, : self._bands])
        self.early, late = found[:, : self._n_early], rows[:, self._bands :]
        passed, waiting = found.shape[1] - self._n_early, int(self._clock[HOP])
        for hop in range(STACK):
            hops = slice((hop - waiting) % STACK, None, STACK)
            first, n = int(hop < waiting), len(found[hops])
            frames = self._frames[first : first + n]
            frames[:, hop * passed : (hop + 1) * passed] = found[hops, self._n_early :]
            at = STACK * passed + hop * late.shape[1]
            frames[:, at : at + late.shape[1]] = late[hops]
        whole, self._clock[HOP] = divmod(waiting + len(rows), STACK)
        probabilities = self._net.push(self._frames[:whole])
        if whole and self._clock[HOP]:
            self._frames[0] = self._frames[whole]
        return probabilities

    def _compile(self, channels: int) -> Callable[[NDArray[np.float32]], int] | None:
        """[main] Give what computes both stages' steps for rows, if it gives what the runtime does, bit for bit."""
        assert self._early_net is not None
        bands, late = fine_features.N_EARLY, fine_features.N_LATE
        hops = [STACK * channels + hop * late for hop in range(STACK)]
        sums = [(0, hop + fine_features.N_BINS, hop + late) for hop in hops]
        early = self._early_net.lay_out([(row, 0) for row in range(PAST)], [(row, 0, bands) for row in range(PAST)])
        deep = self._net.lay_out([(row, hop) for row in range(PAST) for hop in hops], [(0, 0, STACK * channels), *sums])
        if early is None or deep is None:
            return None
        places = early.arena, early.layout, deep.arena, deep.layout, self._frames[0]
        run, clock, outputs = compile_steps(), self._clock, (self._early_net.out, self._net.out)

        def compiled(rows: NDArray[np.float32]) -> int:
            return run(rows, clock, *places, *outputs)

        tried = np.random.default_rng(0).standard_normal((TRIED, fine_features.PER_HOP), np.float32)
        found = []
        for self._compiled, steps in ((None, 1), (compiled, 1), (compiled, TRIED - 1)):
            if steps > len(self._early_net.out):
                continue
            self.reset()
            for stage in (early, deep):
                noise = np.random.default_rng(1)
                noise.standard_normal(out=stage.recent.reshape(-1), dtype=np.float32)
                noise.standard_normal(out=stage.memory.reshape(-1), dtype=np.float32)
            answers: list[list[bytes]] = [[], []]
            for first in range(0, TRIED, steps):
                answers[0].append(self.push(tried[first : first + steps]).tobytes())
                answers[1].append(self.early.tobytes())
            states = [part.tobytes() for stage in (early, deep) for part in (stage.recent, stage.memory)]
            found.append(b"".join([*answers[0], *answers[1], *states]))
        return compiled if len(set(found)) == 1 else None
