"""Nets over single windows of constant-Q frames: the classic one, one that keeps the spectrum's shape, and, to compare
with, a convolutional net over the whole window. They alone are fitted by Keras' own loop, as the classic one ever was.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest
from samplechop.offline.common.progress import Progress
from samplechop.offline.training import dataset, keras_models, measures
from samplechop.offline.training.keras_models import Calibrated, keras
from samplechop.offline.training.loop import Run
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.recipes import ChopOptions
from samplechop.offline.training.tasks.chop import ChopTask
from samplechop.offline.training.tasks.chop_windows import (
    CONTEXT,
    EMPTY,
    HOP,
    MIN_GAP,
    SHAPES,
    Shape,
    Windows,
    features_of,
    records,
)
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.chop.peak_picking import RunPicker
from samplechop.realtime.nets.tflite import Scorer

LAYERS = (32, 16, 8, 4)
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
FALSE_MARKERS = 0.005
"""What a marker a minute where there is nothing to chop costs, in F."""
TOLERANCE_FRAMES = 9
"""52 ms: how far a marker may lie from a chop and count as right."""
EPOCHS = 40
PICTURES_THIN = 12
"""Of so many validation frames one stops the training of a net over pictures: all of them would fill the memory."""


def build(shape: Shape, seed: int) -> Any:
    """Make the net: dense 32-16-8-4-1 over the window, or a small convolutional one over its picture."""
    k = keras()
    k.utils.set_random_seed(seed)
    inputs = k.Input((len(shape.bands) * (2 * CONTEXT + 1) + (6 * (2 * CONTEXT + 1) if shape.whole else 0),))
    x = inputs
    if shape.whole:
        x = k.layers.Reshape((54, 2 * CONTEXT + 1, 1))(x)
        for channels in (8, 16, 16):
            x = k.layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(x)
        x = k.layers.Flatten()(x)
    for units in LAYERS:
        x = k.layers.Dense(units, activation="relu")(x)
    return k.Model(inputs, k.layers.Dense(1, activation="sigmoid")(x))


Scored = tuple[Windows, NDArray[np.float32]]
"""A record and the score of each of its frames."""


def verdicts(record: Windows, scores: NDArray[np.float32], threshold: float) -> list[Verdict]:
    """Compare markers with the truth; those where it is unknown are left out. scores: float32 (n,)."""
    every, known = (np.zeros(int(record.frames.max(initial=0)) + 2, np.float32) for _ in range(2))
    every[record.frames], known[record.frames] = scores, record.weight
    frames: list[int] = []
    for frame, _, _ in RunPicker(threshold).push(every):
        if not frames or frame - frames[-1] >= MIN_GAP * 44_100 / HOP:
            frames.append(frame)
    right = measures.near(np.array(frames, np.int64), record.references, TOLERANCE_FRAMES)
    found = zip(frames, right.tolist(), strict=True)
    return [(float(every[frame]), is_right) for frame, is_right in found if is_right or known[frame]]


def _verdicts(scored: Sequence[Scored], threshold: float) -> list[tuple[int, list[Verdict]]]:
    return [(len(one.references), verdicts(one, scores, threshold)) for one, scores in scored]


class Fitted(NamedTuple):
    """A net that was fitted: its value and threshold, see `choose_threshold`; validation losses, epoch by epoch; the
    scores of records that are held out, and of those that decide.
    """

    value: float
    threshold: float
    seed: int
    model: Any
    losses: Sequence[float]
    scored: list[Scored]
    deciding: list[Scored]


def _scored(model: Any, records: Sequence[Windows]) -> list[Scored]:
    return [(one, model.predict(one.x, batch_size=4096, verbose=0)[:, 0]) for one in records if len(one.x)]


def choose_threshold(scored: Sequence[Scored]) -> tuple[float, float]:
    """Choose the threshold with the best F, less what markers cost in records without any chop; give (that, it)."""
    empty = [(one, scores) for one, scores in scored if not len(one.references)]
    minutes = max(1e-9, sum(int(one.frames.max(initial=0)) for one, _ in empty) * HOP / 44_100 / 60)

    def value(level: float) -> float:
        false = sum(len(verdicts(one, scores, level)) for one, scores in empty)
        return measures.f_measure(_verdicts(scored, level)) - FALSE_MARKERS * false / minutes

    return max((value(level), level) for level in THRESHOLDS)


def _count(progress: Progress, member: int, members: int, epochs: int, epoch: int, logs: Mapping[str, float]) -> None:
    which = f", net {member + 1} of {members}" if members > 1 else ""
    progress(f"training{which}, loss {logs['loss']:.3f}", epoch + 1, epochs)


def train(folders: Sequence[Path], options: ChopOptions, run: Run) -> object:
    """Train a window net and write it, but for chop-cnn, which no host can run. Gives what is said of it.

    options.members: so many nets are fitted from different starts, of which the best is kept. options.steps: epochs at
    most; None: EPOCHS. Early stopping on the validation loss, learning rate falling with it. Recordings to calibrate on
    decide the threshold and the strengths, together with those validation records in which there is nothing to chop.
    Raises UserError without data.
    """
    name, seed, progress = options.model_shape, options.seed, run.progress
    shape, prepare = SHAPES[name], partial(records, name=name, seed=seed, jobs=options.jobs, progress=progress)
    found = list(prepare(folders))
    training, validation = ([one for one in found if one.split == split] for split in ("train", "validation"))
    if not any(one.target.any() for one in training) or not validation:
        raise UserError(dataset.NOTHING_HELD_OUT if len(found) < 2 else "no chop is labelled in what is learned from")
    x, target = (np.concatenate([getattr(one, part) for one in training]) for part in ("x", "target"))
    empty = np.concatenate([np.full(len(one.target), 1.0 if len(one.references) else EMPTY) for one in training])
    parts = ("x", "target", "weight")
    thin = PICTURES_THIN if shape.whole else 1
    held_out = [np.concatenate([getattr(one, part)[::thin] for one in validation]) for part in parts]
    epochs = options.steps or EPOCHS
    fitting = {"batch_size": 1024, "epochs": epochs, "verbose": 0, "validation_data": tuple(held_out)}
    real = list(prepare([options.calibrate_on], split="validation")) if options.calibrate_on is not None else []
    nets: list[Fitted] = []
    k = keras()
    for member in range(options.members):
        k.backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
        model = build(shape, seed + member)
        model.compile(optimizer=k.optimizers.Adam(3e-3), loss="binary_crossentropy")
        callbacks = [
            k.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.4, patience=2),
            k.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True),
            k.callbacks.LambdaCallback(on_epoch_end=partial(_count, progress, member, options.members, epochs)),
        ]
        history = model.fit(x, target, sample_weight=empty.astype(np.float32), callbacks=callbacks, **fitting)
        held_out_scored = _scored(model, validation)
        deciding = [*_scored(model, real), *(one for one in held_out_scored if not real or not len(one[0].references))]
        losses = history.history["val_loss"]
        nets.append(Fitted(*choose_threshold(deciding), seed + member, model, losses, held_out_scored, deciding))
    best = max(nets, key=lambda net: net.value)
    model, threshold, scored, deciding = best.model, best.threshold, best.scored, best.deciding
    known = [verdict for one, scores in deciding for verdict in verdicts(one, scores, threshold)]
    f = round(measures.f_measure(_verdicts(scored, threshold)), 4)
    facts = {
        "recordings_train": len(training),
        "recordings_validation": len(validation),
        "recordings_calibration": len(real),
        "windows": len(x),
        "windows_positive": int((target > 0).sum()),
        "seed": best.seed,
        "epochs": len(best.losses),
        "parameters": model.count_params(),
        "validation_chop_f": f,
    }
    if shape.whole:
        return f"not written, as it is to compare with only; {facts}"
    scores = {"validation_chop_f": f, "validation_loss": round(min(best.losses), 4)}
    content = keras_models.to_tflite(model)
    pairs = measures.calibration(known)
    made = Calibrated(content, features_of(shape), scores, threshold, MIN_GAP, calibration=pairs, facts=facts)
    manifest = _written(run, made)
    now = measures.precision_recall(_verdicts(scored, threshold))
    return measures.held_out_summary({manifest.name: now}, len(training), len(validation), chosen_on=not real)


def _written(run: Run, made: Calibrated, version: str = "1.0.0") -> Manifest:
    manifest = keras_models.write(run.out, made, {}, version)
    keras_models.write_card(manifest, ChopTask.card, run.command)
    return manifest


def recalibrate(folders: Sequence[Path], manifest: Manifest, options: ChopOptions, run: Run) -> object:
    """Read a window net's strengths from labelled recordings and write it as another model; its threshold stays. Gives
    its scores. Raises UserError without data, or for a net over other windows than those of SHAPES.
    """
    name = next((name for name, shape in SHAPES.items() if features_of(shape) == manifest.features), None)
    if name is None:
        raise UserError(
            f"--from {manifest.name}: its windows are those of no net that this version trains, {', '.join(SHAPES)}: "
            "name another model"
        )
    known: list[Verdict] = []
    found = list(records(folders, name, options.seed, options.jobs, run.progress, "validation"))
    for one in found:
        scores = np.zeros(len(one.x), np.float32)
        Scorer(manifest, len(one.x)).score(one.x.astype(np.float32), np.zeros(len(one.x), np.bool_), scores)
        known += verdicts(one, scores, manifest.threshold)
    facts = {**manifest.training, "recordings_calibration": len(found)}
    content, pairs = manifest.path.read_bytes(), measures.calibration(known)
    decided = manifest.scores, manifest.threshold, manifest.min_gap
    made = Calibrated(content, manifest.features, *decided, calibration=pairs, facts=facts)
    return _written(run, made, manifest.version).scores
