"""What the stages of the shared net cost, and their heads: CPU time of its compiled steps, in µs a hop.

The early stage is timed with a second one that rests: of one layer, which computes next to nothing. Sums of heads cost
their share of a stage's products; what a sigmoid takes is the difference of resting stages with heads and without.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.lab.bench import Figure, best_cpu_seconds, least_in_turns
from samplechop.realtime.core.entry_functions import bound
from samplechop.realtime.dsp.registers import LANES
from samplechop.realtime.engine.engine import FAST_BLOCK
from samplechop.realtime.nets.compiled_step import CLOCK, Stage, compiled_steps, lay_out
from samplechop.realtime.nets.features import HOP_LENGTH, STACK
from samplechop.realtime.nets.fine_features import PER_HOP
from samplechop.realtime.nets.stage_weights import CHANNELS, FILTERS, HEADS, LAYERS, NEXT_STRIDE, STRIDE, StageWeights
from samplechop.realtime.nets.temporal_net import TemporalNet

Answers = NDArray[np.float32]
HOPS = 2 * FAST_BLOCK // HOP_LENGTH
"""That are timed at once."""


def costs(repeats: int = 100) -> Iterator[Figure]:
    """Give what each stage costs, and each head of it, in a file and live; nothing where the runtime computes steps."""
    manifest = models.load("chop")
    features = manifest.features
    assert isinstance(features, StreamFeatures) and features.early is not None
    heads = len(features.early.heads), len(features.heads)
    for where, most in (("file", FAST_BLOCK // HOP_LENGTH), ("live", 1)):
        net = TemporalNet(manifest, most)
        if net.stages is None or not net.is_compiled:
            return
        early, second = net.stages
        rest = resting(second, 0, most)
        pairs = (early, second), (early, rest), (resting(early, LANES, most), rest), (resting(early, 0, most), rest)
        both, first, sigmoids, nothing = _microseconds(pairs, most, repeats)
        sigmoid = (sigmoids - nothing) / LANES
        parts = ("early stage", early, first, heads[0], 1), ("second stage", second, both - first, heads[1], STACK)
        for name, stage, each, count, hops in parts:
            share = LANES * int(stage.weights.sizes[CHANNELS]) / stage.weights.products
            last = share * each + count * sigmoid / hops
            yield Figure(f"{where}: net, {name}, per hop", each, "µs")
            yield Figure(f"{where}: net, {name}, its {count} heads", last, "µs")
            yield Figure(f"{where}: net, {name}, each of them", last / count, "µs")


def resting(stage: Stage, heads: int, most: int) -> Stage:
    """Give a stage that takes the same features and passes on as many channels, but computes no more than heads."""
    channels, (depth, n_features) = int(stage.weights.sizes[CHANNELS]), stage.recent.shape
    sizes = np.zeros_like(stage.weights.sizes)
    sizes[[STRIDE, NEXT_STRIDE, LAYERS]] = 1
    sizes[CHANNELS], sizes[HEADS] = channels, heads
    numbers = np.zeros(2 * FILTERS + channels + LANES * (1 + channels), np.float32)
    weights = StageWeights(sizes, np.zeros((0, 2), np.int64), np.zeros((0, 3), np.int64), numbers)
    return lay_out(weights, n_features, np.ones(1, np.int64), depth, most)


def stepping(early: Stage, second: Stage, most: int) -> tuple[Callable[[NDArray[np.float32]], int], Answers]:
    """Give what takes steps of both stages for up to `most` rows of features, and where the early one's answers are."""
    clock, frame = np.zeros(len(CLOCK), np.int64), np.zeros(second.recent.shape[1], np.float32)
    answers, others = np.zeros((2, most, LANES), np.float32)
    places = early.arena, early.layout, second.arena, second.layout, frame
    return bound(compiled_steps(), clock, *places, answers, others), answers


def _microseconds(pairs: Sequence[tuple[Stage, Stage]], most: int, repeats: int) -> list[float]:
    """Give what a hop takes with each pair of stages."""
    rows = np.random.default_rng(0).standard_normal((HOPS, PER_HOP), np.float32)
    blocks = [rows[first : first + most] for first in range(0, HOPS, most)]

    def steps(step: Callable[[NDArray[np.float32]], int]) -> None:
        for block in blocks:
            step(block)

    works = [partial(best_cpu_seconds, partial(steps, stepping(*pair, most)[0]), 1) for pair in pairs]
    return [1e6 * took / HOPS for took in least_in_turns(works, repeats)]
