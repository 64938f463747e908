"""The members of a streaming net: trained one by one from features on disk, averaged, and proved on disk again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from samplechop.models import DrumFeatures, Manifest, StreamFeatures
from samplechop.offline.training import fit, shards, tcn, weights, write_model
from samplechop.offline.training.keras_backend import keras
from samplechop.offline.training.loop import Fitted, Options
from samplechop.offline.training.prepare import Heard
from samplechop.offline.training.task import Task
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.tcn import TemporalNet

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Features (n, n_features) in, probabilities (n, heads) out."""
OnStep = Callable[[int, int, float], None]
"""Told (member, step, loss)."""
CLOSE_ENOUGH = 2e-3
"""How far the .tflite's probabilities may lie from Keras's: both compute in float32, in another order."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a training moves on: the model's manifest, its shape, and the weights of its members."""

    manifest: Manifest
    shape: tcn.Shape
    members: list[weights.Layers]


def beginning_of(manifest: Manifest, features: StreamFeatures | DrumFeatures) -> Beginning:
    """Open the weights beside a model. Raises UserError if they are missing, or those of another net."""
    shape = tcn.Shape(features.n_features, len(features.heads), features.dilations, features.channels)
    path = manifest.path.with_suffix(".npz")
    members = weights.load(path)
    if any([layer.shape for layer, _ in layers] != shape.weights for layers in members):
        raise UserError(f"--from {manifest.name}: {path.name} beside it holds the weights of another net")
    return Beginning(manifest, shape, members)


@dataclass(frozen=True, slots=True)
class Members:
    """Nets of one shape and how they went; their weights; what their mean says; the validation records."""

    fittings: list[Fitted]
    layers: list[weights.Layers]
    predict: Predict
    validation: list[Heard]

    def tflite(self, shape: tcn.Shape) -> bytes:
        """Make the .tflite of one step of their mean."""
        return write_model.to_tflite(tcn.step(self.layers, shape), 1)

    def losses(self) -> list[float]:
        """Give each member's lowest validation loss, where there was one."""
        return [round(min(one.validation_loss), 4) for one in self.fittings if one.validation_loss]


def train(
    task: Task,
    features: Path,
    shape: tcn.Shape,
    members: int,
    options: Options,
    begin: Sequence[weights.Layers] = (),
    on_step: OnStep | None = None,
) -> Members:
    """Fit `members` nets to the shards in `features`; or move on those whose weights are given as `begin`.

    Raises UserError without data for both splits.
    """
    keras().backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
    training, validation = (shards.read(features, split) for split in ("train", "validation"))
    if not training or not validation:
        raise UserError("training needs at least two labelled recordings: one to learn from and one to check with")
    fittings = []
    for member in range(len(begin) or members):
        chosen = replace(options, seed=options.seed + member)
        model = tcn.build(shape, chosen.seed, layers=begin[member] if begin else None)

        def told(step: int, loss: float, member: int = member) -> None:
            if on_step is not None:
                on_step(member, step, loss)

        before = tcn.build(shape, chosen.seed, layers=begin[member]) if begin and task.keeps else None
        fittings.append(fit.fit(task, training, validation, chosen, model, told, before))
    layers = [tcn.layers_of(one.model, shape) for one in fittings]
    return Members(fittings, layers, mean_of([one.model for one in fittings]), validation)


def both_splits(features: Path) -> list[Heard]:
    """Open all records of a folder of shards. Raises UserError if it is not finished."""
    return [one for split in ("train", "validation") for one in shards.read(features, split)]


def mean_of(nets: Sequence[Any]) -> Predict:
    """Give the probabilities of the mean of the nets' logits."""

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = np.mean([net(x[None], training=False).numpy()[0] for net in nets], axis=0)
        return np.asarray(expit(logits), np.float32)

    return predict


def check(manifest: Manifest, predict: Predict, record: Heard) -> float:
    """Prove that the written file, run as the live host runs it, scores a record as Keras does; gives the difference.

    Raises RuntimeError if it does not.
    """
    x = np.asarray(record.x[:2000], np.float32)
    net = TemporalNet(manifest)
    live = np.array([net.push(frame) for frame in x])
    difference = float(np.max(np.abs(live - predict(x))))
    if difference > CLOSE_ENOUGH:
        raise RuntimeError(f"{manifest.path} scores up to {difference:.4f} away from the net it was made from")
    return difference
