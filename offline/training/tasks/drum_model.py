"""Train a drum net from prepared features and write it as a model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import DrumFeatures, Manifest
from samplechop.offline.training import ensemble as nets
from samplechop.offline.training import tcn, weights, write_model
from samplechop.offline.training.loop import Fitted, Options
from samplechop.offline.training.targets import SAMPLE_RATE
from samplechop.offline.training.tasks import drum_calibration
from samplechop.offline.training.tasks.drum_targets import DRUM_TASK, WAIT
from samplechop.realtime.core.errors import UserError

DILATIONS = (1, 1, 2, 4, 8, 16, 32, 64, 128)
"""In frames of 256 samples: together they look back over 512 frames, 3 s, a bar and a half."""
CHANNELS = 48
SHAPE = tcn.Shape(DRUM_TASK.n_features, len(DRUM_TASK.names), DILATIONS, CHANNELS)
STEPS, TUNING_STEPS = 4000, 400


@dataclass(frozen=True, slots=True)
class Trained:
    """A written model, its fittings (one per member), and each drum on the records that decided."""

    manifest: Manifest
    fittings: list[Fitted]
    judged: dict[str, list[drum_calibration.Judged]]


def beginning(name: str) -> nets.Beginning:
    """Open a released drum model, or a manifest, to begin from. Raises UserError where that cannot be done."""
    manifest = models.load(name)
    features = manifest.features
    if not isinstance(features, DrumFeatures):
        raise UserError(f"--from {name}: {manifest.name!r} is no drum model")
    mine = (features.n_features, features.heads, features.wait)
    if mine != (DRUM_TASK.n_features, DRUM_TASK.names, WAIT):
        raise UserError(f"--from {name}: it hears or answers other things than what this version trains")
    return nets.beginning_of(manifest, features)


def options(steps: int | None, seed: int, tuning: bool) -> Options:
    """Give the options of a training from nothing, or of one that moves a net on."""
    if tuning:
        return Options(TUNING_STEPS if steps is None else steps, rate=1e-3, seed=seed, check_every=100)
    return Options(STEPS if steps is None else steps, seed=seed, check_every=200)


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
    """Fit nets to the shards in `features`, average them and write OUT.tflite, .json and .npz.

    begin: what to move on, with all its members. calibrate_on: shards of recordings that decide thresholds and
    strengths, together with those validation records without drums; None for all validation records. Raises UserError
    without data for both splits.
    """
    shape = begin.shape if begin else SHAPE
    made = nets.train(DRUM_TASK, features, shape, members, options, begin.members if begin else (), on_step)
    held = drum_calibration.judge(made.predict, made.validation)
    deciding = held
    if calibrate_on is not None:
        deciding = drum_calibration.judge(made.predict, nets.both_splits(calibrate_on))
        for name, records in held.items():
            deciding[name] += [one for one in records if not len(one.truth)]
    choices, decided_f = drum_calibration.decide(deciding)
    scores = {
        "deciding_f": {name: round(f, 4) for name, f in decided_f.items()},
        "validation_f": {name: round(drum_calibration.f_measure(held[name], choices[name]), 4) for name in choices},
        "validation_loss": made.losses(),
    }
    described = DrumFeatures(
        SAMPLE_RATE,
        DRUM_TASK.hop_length,
        shape.n_features,
        WAIT,
        DRUM_TASK.names,
        shape.dilations,
        shape.channels,
        len(made.layers),
    )
    manifest = write_model.write(
        out,
        made.tflite(shape),
        described,
        min(one.threshold for one in choices.values()),
        min(one.gap for one in choices.values()),
        facts,
        scores,
        decision=drum_calibration.record_of(choices),
    )
    weights.save(out.with_name(out.name + ".npz"), made.layers)
    nets.check(manifest, made.predict, made.validation[0])
    return Trained(manifest, made.fittings, deciding)
