"""Small shared nets, untrained, written as models."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from samplechop.models import EarlyFeatures, Manifest, StreamFeatures
from samplechop.offline.training import keras_models, tcn
from samplechop.offline.training.keras_models import Calibrated
from samplechop.offline.training.shared_net import SharedShape
from samplechop.offline.training.tasks.chop_targets import LOOKAHEAD, SHARED
from samplechop.realtime.nets.features import HOP_LENGTH
from samplechop.realtime.nets.fine_features import N_EARLY

assert SHARED.early is not None
EARLY = SHARED.early.names
N_HEADS = len(SHARED.names)
SHAPE = SharedShape(N_HEADS, len(EARLY), 7, (1, 2, 5), 6, (1, 3, 4))


BOTH = (1, 2)
"""The seeds of two nets."""


def untrained(seeds: tuple[int, ...] = BOTH) -> list[Any]:
    """Make nets whose normalisations have seen something."""
    made = [SHAPE.build(seed) for seed in seeds]
    rng = np.random.default_rng(0)
    for net in made:
        for layer in net.layers:
            if layer.name.endswith("_norm"):
                layer.set_weights([rng.uniform(0.5, 2, one.shape) for one in layer.get_weights()])
    return made


@cache
def _steps(seeds: tuple[int, ...]) -> tuple[bytes, bytes, list[tcn.Layers]]:
    """Give the .tflite of the mean of `untrained` nets, that of its early stage, and their layers; made once."""
    layers = [SHAPE.layers_of(net) for net in untrained(seeds)]
    step, early = (one.to_tflite() for one in SHAPE.steps(layers))
    return step, early, layers


def written(seeds: tuple[int, ...], path: Path, decision: dict[str, Any] | None = None) -> Manifest:
    """Write the mean of `untrained` nets as the model at a path without suffix."""
    step, early, layers = _steps(seeds)
    beside = EarlyFeatures("", "", HOP_LENGTH, N_EARLY, 591, EARLY, SHAPE.early_dilations, SHAPE.early_channels)
    size = SHAPE.dilations, SHAPE.channels, len(seeds), beside
    described = StreamFeatures(44_100, 512, SHAPE.n_features, LOOKAHEAD, SHARED.names, *size)
    tcn.save_weights(path.with_suffix(".npz"), layers)
    return keras_models.write(path, Calibrated(step, described, {}, decision=decision or {}, early=early), {})
