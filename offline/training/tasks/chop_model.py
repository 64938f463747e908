"""Train a streaming net from prepared features, or move one towards the labels of its user, and write it as a model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import Manifest, StreamFeatures
from samplechop.offline.training import calibration as calibrate
from samplechop.offline.training import ensemble as nets
from samplechop.offline.training import tcn, weights, write_model
from samplechop.offline.training.loop import Fitted, Options
from samplechop.offline.training.targets import SAMPLE_RATE
from samplechop.offline.training.tasks.chop_targets import CHOPS, HEADS, HOP, LOOKAHEAD, MIN_GAP
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.chop_features import N_FEATURES

SHAPE = tcn.Shape(N_FEATURES, len(HEADS))
STEPS, TUNING_STEPS = 3000, 240


@dataclass(frozen=True, slots=True)
class Trained:
    """A written model, its fittings (one per member), and the validation records as it judged them."""

    manifest: Manifest
    fittings: list[Fitted]
    judged: list[calibrate.Judged]


def beginning(name: str) -> nets.Beginning:
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
    return nets.beginning_of(manifest, features)


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
    begin: nets.Beginning | None = None,
    on_step: nets.OnStep | None = None,
    calibrate_on: Path | None = None,
) -> Trained:
    """Fit `members` nets to the shards in `features`, average them and write OUT.tflite, .json and .npz.

    begin: what to move on, with all its members. on_step: told (member, step, loss). calibrate_on: shards of real
    recordings that decide thresholds and strengths, together with those validation records in which there is nothing
    to chop; None for all validation records. Raises UserError without data for both splits.
    """
    shape = begin.shape if begin else SHAPE
    made = nets.train(CHOPS, features, shape, members, options, begin.members if begin else (), on_step)
    predict = made.predict
    judged = calibrate.judge(predict, made.validation)
    real = calibrate.judge(predict, nets.both_splits(calibrate_on)) if calibrate_on is not None else []
    decision, calibration = calibrate.decide([*real, *(one for one in judged if not real or not len(one.truth))])
    if begin is not None and not calibration:
        calibration = begin.manifest.calibration
    described = StreamFeatures(
        SAMPLE_RATE, HOP, N_FEATURES, LOOKAHEAD, HEADS, shape.dilations, shape.channels, len(made.layers)
    )
    threshold = decision["choose"]["both"]["threshold"]
    scores = {
        "validation_chop_f": {
            name: round(calibrate.f_measure(judged, name, decision["choose"][name]["threshold"]), 4)
            for name in decision["choose"]
        },
        "validation_loss": made.losses(),
    }
    manifest = write_model.write(
        out,
        made.tflite(shape),
        described,
        threshold,
        MIN_GAP,
        facts,
        scores,
        decision=decision,
        calibration=calibration,
    )
    weights.save(out.with_name(out.name + ".npz"), made.layers)
    nets.check(manifest, predict, made.validation[0])
    return Trained(manifest, made.fittings, judged)
