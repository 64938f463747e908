"""The streaming net of a manifest: rows of features in, probabilities out (see causal_net.py).

A net with an early stage has two such files. The early stage takes a step at every hop of 256 samples; it answers what
cannot wait and gives its last layer behind the probabilities. The rest takes a step at every frame of two hops, in
which lie the early stage's last layers and those features that came later:

    its features [early layer of hop 1 | of hop 2 | late features of hop 1 | of hop 2]

Steps of such a net are compiled, where that gives the same bits (see compiled_step.py); then no chunks are needed. On a
machine's first start, and where nothing that is compiled is kept, the runtime computes them, too.
"""

from collections.abc import Callable
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from samplechop.models import DrumFeatures, Manifest, ModelError, StreamFeatures
from samplechop.realtime.core.entry_functions import bound
from samplechop.realtime.dsp.delay_line import prefixes
from samplechop.realtime.nets import fine_features
from samplechop.realtime.nets.causal_net import CausalNet
from samplechop.realtime.nets.compiled_step import CLOCK, DEEP, EARLY, HOP, SIGMOID, Stage, compiled_steps
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.net_sums import SIGMOIDS
from samplechop.realtime.nets.stage_weights import PAST

TRIED = 16
"""Steps of both stages by which it is tried whether compiled ones, alone and side by side, equal the runtime's."""
NOISE = 8191
"""Numbers that their memory is filled with meanwhile, again and again: a prime, so that no two rows are alike."""


class TemporalNet:
    """The streaming net of one manifest: rows of features in, a probability for each head out.

    rows_per_frame: how many rows of features there are for one row of probabilities: the hops of a frame where the net
    has an early stage, otherwise 1. early: what the early stage, if there is one, answered at each hop of the last
    push: float32 (hops, early heads), a view. is_compiled: whether its steps are (see compiled_step.py). stages: of a
    net of two whose steps can be compiled, the early one and the other.
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
        n_inputs = features.n_features
        self._clock = np.zeros(len(CLOCK), np.int64)
        if early is not None:
            self.rows_per_frame = STACK
            path = manifest.path.with_name(early.file)
            passed = members * early.channels
            size = self._n_early + passed, early.dilations, early.channels, members
            self._early_net = CausalNet(path, early.n_features, *size, most, self._clock[EARLY:])
            self._bands = early.n_features
            self._width = features.n_features // STACK
            n_inputs = STACK * passed + features.n_features - STACK * early.n_features
            most = most // STACK + 2
            self._frames: NDArray[np.float32] = np.zeros((most, n_inputs), np.float32)
        size = self.n_heads, features.dilations, features.channels, members
        self._net = CausalNet(manifest.path, n_inputs, *size, most, self._clock[DEEP:])
        self.early: NDArray[np.float32] = np.zeros((0, self._n_early), np.float32)
        self._first = prefixes(self._net.out)
        self._early_first: list[NDArray[np.float32]] = []
        if self._early_net is not None:
            self._early_first = prefixes(self._early_net.out[:, : self._n_early])
        self._compiled: Callable[[NDArray[np.float32]], int] | None = None
        self._is_awaited = False
        self.stages: tuple[Stage, Stage] | None = None
        if early is not None and members == 1 and features.n_features == STACK * fine_features.PER_HOP:
            self._compiled = self._compile(early.channels)
        self.is_compiled = self._compiled is not None
        for stage in (self._early_net, self._net):
            if stage is not None and not self.is_compiled:
                stage.make_ready(self._is_awaited)
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
        Raises ValueError for rows of another width.
        """
        if self._early_net is None:
            return self._net.push(rows)
        if self._compiled is not None:
            self.early = self._early_first[len(rows)]
            whole = self._compiled(rows)
            return self._first[whole] if whole >= 0 else self._refuse(rows)
        if rows.shape[1] != self._width:
            self._refuse(rows)
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

    def _refuse(self, rows: NDArray[np.float32]) -> NoReturn:
        raise ValueError(f"rows must be {self._width} wide, got shape {rows.shape}")

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
        self.stages = early, deep
        run = compiled_steps()
        if run is None:
            self._is_awaited = True
            return None
        places = early.arena, early.layout, deep.arena, deep.layout, self._frames[0]
        compiled = bound(run, self._clock, *places, self._early_net.out, self._net.out)

        tried = np.random.default_rng(0).standard_normal((TRIED, fine_features.PER_HOP), np.float32)
        noise = np.random.default_rng(1).standard_normal(NOISE, np.float32)

        def answers(steps: int) -> bytes:
            """Give what is answered and remembered where so many rows come at once."""
            self.reset()
            for stage in (early, deep):
                for rows in (stage.recent, stage.memory):
                    rows[:] = np.resize(noise, rows.shape)
            found: list[list[bytes]] = [[], []]
            for first in range(0, TRIED, steps):
                found[0].append(self.push(tried[first : first + steps]).tobytes())
                found[1].append(self.early.tobytes())
            states = [part.tobytes() for stage in (early, deep) for part in (stage.recent, stage.memory)]
            return b"".join([*found[0], *found[1], *states])

        expected = answers(1)
        self._compiled = compiled
        for sigmoid in SIGMOIDS:
            early.layout[SIGMOID] = deep.layout[SIGMOID] = sigmoid
            if all(answers(steps) == expected for steps in (1, TRIED - 1) if steps <= len(self._early_net.out)):
                return compiled
        return None
