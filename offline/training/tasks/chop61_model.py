"""Nets over single windows of constant-Q frames: the classic one, one that keeps the spectrum's shape, and, to compare
with, a convolutional net over the whole window. They alone are fitted by Keras' own loop, as the classic one ever was.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest
from samplechop.offline.common.progress import Progress
from samplechop.offline.training import write_model
from samplechop.offline.training.calibration import Verdict, calibration, f_measure, near
from samplechop.offline.training.keras_backend import keras
from samplechop.offline.training.tasks.chop61_windows import (
    CONTEXT,
    HOP,
    MIN_GAP,
    SHAPES,
    Shape,
    Windows,
    features_of,
    records,
)
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.chop.minimum_gap import RunPicker
from samplechop.realtime.nets.tflite import Scorer

LAYERS = (32, 16, 8, 4)
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
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
    """Judge the markers of one record; those where the truth is unknown are left out. scores: float32 (n,)."""
    every, known = (np.zeros(int(record.frames.max(initial=0)) + 2, np.float32) for _ in range(2))
    every[record.frames], known[record.frames] = scores, record.weight
    frames: list[int] = []
    for frame, _, _ in RunPicker(threshold).push(every):
        if not frames or frame - frames[-1] >= MIN_GAP * 44_100 / HOP:
            frames.append(frame)
    right = near(np.array(frames, np.int64), record.references, TOLERANCE_FRAMES)
    judged = zip(frames, right.tolist(), strict=True)
    return [(float(every[frame]), is_right) for frame, is_right in judged if is_right or known[frame]]


def _verdicts(scored: Sequence[Scored], threshold: float) -> list[tuple[int, list[Verdict]]]:
    return [(len(one.references), verdicts(one, scores, threshold)) for one, scores in scored]


def train(
    folders: Sequence[Path],
    out: Path,
    name: str,
    seed: int,
    jobs: int,
    epochs: int | None,
    progress: Progress,
    calibrate_on: Path | None = None,
) -> tuple[Manifest | None, dict[str, Any]]:
    """Train a window net and write it. Gives the manifest (None for chop-cnn, which no host can run) and the facts.

    Early stopping on the validation loss, learning rate falling with it. epochs: at most; None for EPOCHS.
    calibrate_on: real recordings that decide the threshold and the strengths, together with those validation records in
    which there is nothing to chop. Raises UserError without data.
    """
    shape = SHAPES[name]
    found = list(records(folders, name, seed, jobs, progress))
    training, validation = ([one for one in found if one.split == split] for split in ("train", "validation"))
    if not any(one.target.any() for one in training) or not validation:
        raise UserError("training needs labelled recordings to learn from, and at least one more to check with")
    x, target = (np.concatenate([getattr(one, part) for one in training]) for part in ("x", "target"))
    parts = ("x", "target", "weight")
    thin = PICTURES_THIN if shape.whole else 1
    held_out = [np.concatenate([getattr(one, part)[::thin] for one in validation]) for part in parts]
    k = keras()
    k.backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
    model = build(shape, seed)
    model.compile(optimizer=k.optimizers.Adam(3e-3), loss="binary_crossentropy")
    stop = k.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
    slower = k.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.4, patience=2)
    epochs = epochs or EPOCHS
    count = k.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: progress(f"training, loss {logs['loss']:.3f}", epoch + 1, epochs)
    )
    history = model.fit(
        *(x, target),
        batch_size=1024,
        epochs=epochs,
        validation_data=tuple(held_out),
        callbacks=[slower, stop, count],
        verbose=0,
    )
    real = list(records([calibrate_on], name, seed, jobs, progress, "validation")) if calibrate_on is not None else []

    def score(some: Sequence[Windows]) -> list[Scored]:
        return [(one, model.predict(one.x, batch_size=4096, verbose=0)[:, 0]) for one in some if len(one.x)]

    scored = score(validation)
    deciding = [*score(real), *(one for one in scored if not real or not len(one[0].references))]
    threshold = max(THRESHOLDS, key=lambda level: f_measure(_verdicts(deciding, level)))
    known = [verdict for one, scores in deciding for verdict in verdicts(one, scores, threshold)]
    f = round(f_measure(_verdicts(scored, threshold)), 4)
    facts = {
        "recordings_train": len(training),
        "recordings_validation": len(validation),
        "recordings_calibration": len(real),
        "windows": len(x),
        "windows_positive": int((target > 0).sum()),
        "seed": seed,
        "epochs": len(history.history["val_loss"]),
        "parameters": model.count_params(),
        "validation_chop_f": f,
    }
    if shape.whole:
        return None, facts
    scores = {"validation_chop_f": f, "validation_loss": round(min(history.history["val_loss"]), 4)}
    content = write_model.to_tflite(model)
    pairs = calibration(known)
    manifest = write_model.write(out, content, features_of(shape), threshold, MIN_GAP, facts, scores, calibration=pairs)
    return manifest, facts


def recalibrate(
    folders: Sequence[Path], out: Path, manifest: Manifest, seed: int, jobs: int, progress: Progress
) -> Manifest:
    """Read a window net's strengths from labelled recordings and write it as another model; its threshold stays.

    Raises UserError without data.
    """
    name = next(name for name, shape in SHAPES.items() if features_of(shape) == manifest.features)
    known: list[Verdict] = []
    found = list(records(folders, name, seed, jobs, progress, "validation"))
    for one in found:
        scores = np.zeros(len(one.x), np.float32)
        Scorer(manifest, len(one.x)).score(one.x.astype(np.float32), np.zeros(len(one.x), np.bool_), scores)
        known += verdicts(one, scores, manifest.threshold)
    facts = {**manifest.training, "recordings_calibration": len(found)}
    return write_model.write(
        out,
        manifest.path.read_bytes(),
        manifest.features,
        manifest.threshold,
        manifest.min_gap,
        facts,
        manifest.scores,
        manifest.version,
        calibration=calibration(known),
    )
