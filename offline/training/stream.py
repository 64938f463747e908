"""Train a streaming net from prepared features, or move one towards the labels of its user, and write it as a model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

import models
from models import Manifest, StreamFeatures
from offline.training import calibrate, export, fit, shards, tcn, weights
from offline.training.keras_backend import keras
from offline.training.loop import Fitted, Options
from offline.training.prepare import LOOKAHEAD, Heard
from offline.training.targets import HEADS, HOP, MIN_GAP, SAMPLE_RATE
from realtime.errors import UserError
from realtime.features import N_FEATURES
from realtime.temporal import TemporalNet

CLOSE_ENOUGH = 2e-3
"""How far the .tflite's probabilities may lie from Keras's: both compute in float32, in another order."""
STEPS, TUNING_STEPS = 3000, 240


@dataclass(frozen=True, slots=True)
class Trained:
    """A written model, its fittings (one per member), and the validation records as it judged them."""

    manifest: Manifest
    fittings: list[Fitted]
    judged: list[calibrate.Judged]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a training moves on: the model's manifest, its shape, and the weights of its members."""

    manifest: Manifest
    shape: tcn.Shape
    members: list[weights.Layers]


def beginning(name: str) -> Beginning:
    """Open a released model, or a manifest, to begin from. Raises UserError or ModelError where that cannot be done."""
    manifest = models.load(name)
    features = manifest.features
    if not isinstance(features, StreamFeatures):
        raise UserError(f"--from {name}: only streaming nets can be moved on, and {manifest.name!r} is none")
    if features.heads != HEADS:
        raise UserError(f"--from {name}: it answers {features.heads}, this version trains {HEADS}")
    heard, wanted = (features.n_features, features.lookahead), (N_FEATURES, LOOKAHEAD)
    if heard != wanted:
        raise UserError(f"--from {name}: it hears {heard} (features, frames ahead), this version trains {wanted}")
    shape = tcn.Shape(features.n_features, len(HEADS), features.dilations, features.channels)
    path = manifest.path.with_suffix(".npz")
    members = weights.load(path)
    if any([layer.shape for layer, _ in layers] != shape.weights for layers in members):
        raise UserError(f"--from {name}: {path.name} beside it holds the weights of another net")
    return Beginning(manifest, shape, members)


def options(steps: int | None, seed: int, tuning: bool) -> Options:
    """Give the options of a training from nothing, or of one that only moves a net on."""
    if tuning:
        steps = TUNING_STEPS if steps is None else steps
        return Options(steps, rate=6e-4, seed=seed, check_every=60, patience=steps)
    return Options(STEPS if steps is None else steps, seed=seed)


def train(
    features: Path,
    out: Path,
    members: int,
    options: Options,
    facts: dict[str, Any],
    begin: Beginning | None = None,
    on_step: Callable[[int, int, float], None] | None = None,
    calibrate_on: Path | None = None,
) -> Trained:
    """Fit `members` nets to the shards in `features`, average them and write OUT.tflite, .json and .npz.

    begin: what to move on, with all its members. on_step: told (member, step, loss). calibrate_on: shards of real
    recordings that decide thresholds and strengths, together with those validation records in which there is nothing
    to chop; None for all validation records. Raises UserError without data for both splits.
    """
    keras().backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
    training, validation = (shards.read(features, split) for split in ("train", "validation"))
    if not training or not validation:
        raise UserError("training needs at least two labelled recordings: one to learn from and one to check with")
    shape = begin.shape if begin else tcn.Shape(N_FEATURES, len(HEADS))
    fittings = []
    for member in range(len(begin.members) if begin else members):
        chosen = replace(options, seed=options.seed + member)
        model = tcn.build(shape, chosen.seed, layers=begin.members[member] if begin else None)

        def told(step: int, loss: float, member: int = member) -> None:
            if on_step is not None:
                on_step(member, step, loss)

        before = tcn.build(shape, chosen.seed, layers=begin.members[member]) if begin else None
        fittings.append(fit.fit(training, validation, chosen, model, told, before))
    layers = [tcn.layers_of(one.model, shape) for one in fittings]
    content = export.to_tflite(tcn.step(layers, shape), 1)
    predict = _mean_of([one.model for one in fittings])
    judged = calibrate.judge(predict, validation)
    real = calibrate.judge(predict, _all(calibrate_on)) if calibrate_on is not None else []
    decision, calibration = calibrate.decide([*real, *(one for one in judged if not real or not len(one.truth))])
    if begin is not None and not calibration:
        calibration = begin.manifest.calibration
    described = StreamFeatures(
        SAMPLE_RATE, HOP, N_FEATURES, LOOKAHEAD, HEADS, shape.dilations, shape.channels, len(layers)
    )
    threshold = decision["choose"]["both"]["threshold"]
    scores = {
        "validation_chop_f": {
            name: round(calibrate.f_measure(judged, name, decision["choose"][name]["threshold"]), 4)
            for name in decision["choose"]
        },
        "validation_loss": [round(min(one.validation_loss), 4) for one in fittings if one.validation_loss],
    }
    manifest = export.write(
        out, content, described, threshold, MIN_GAP, facts, scores, decision=decision, calibration=calibration
    )
    weights.save(out.with_name(out.name + ".npz"), layers)
    check(manifest, predict, validation[0])
    return Trained(manifest, fittings, judged)


def _all(features: Path) -> list[Heard]:
    return [one for split in ("train", "validation") for one in shards.read(features, split)]


def _mean_of(nets: Sequence[Any]) -> calibrate.Predict:
    """Give the probabilities of the mean of the nets' logits."""

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = np.mean([net(x[None], training=False).numpy()[0] for net in nets], axis=0)
        return np.asarray(expit(logits), np.float32)

    return predict


def check(manifest: Manifest, predict: calibrate.Predict, record: Heard) -> float:
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
