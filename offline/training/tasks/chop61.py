"""Nets over single windows of constant-Q frames: the classic one, one that keeps the spectrum's shape, and, to compare
with, a convolutional net over the whole window. They alone are fitted by Keras' own loop, as the classic one ever was.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from samplechop.models import Features, Manifest
from samplechop.offline.audio.reading import read_audio
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.common.progress import Progress
from samplechop.offline.training import dataset, keras_models, measures
from samplechop.offline.training.keras_models import Calibrated, keras
from samplechop.offline.training.loop import Run
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.recipes import ChopOptions
from samplechop.offline.training.streaming_targets import Annotation
from samplechop.offline.training.tasks.chop import ChopTask
from samplechop.offline.training.tasks.chop_targets import COARSE, EDGE, annotation
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.chop.peak_picking import RunPicker
from samplechop.realtime.dsp.context_window import ContextWindow
from samplechop.realtime.dsp.cqt import F2_HZ, StreamingCQT
from samplechop.realtime.nets.tflite import Scorer

HOP = 256
CONTEXT = 30
MIN_GAP = 0.25
"""Seconds; one sum over the spectrum cannot separate closer hits."""
MARGIN = 4
"""Frames on either side of a chop that are left out, beyond the one beside it."""
KEEP = 0.1
"""Share of the frames without a chop that is trained on; of a record without any chop three times that."""
BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class Shape:
    """bands: half-open ranges of bins that are summed. whole: the net sees every bin, and the tonnetz, as a picture."""

    bands: tuple[tuple[int, int], ...]
    whole: bool = False


SHAPES = {
    "chop-61": Shape(((0, 48),)),
    "chop-bands": Shape(((0, 48), (0, 12), (12, 24), (24, 36), (36, 48))),
    "chop-cnn": Shape(tuple((low, low + 1) for low in range(48)), whole=True),
}


def features_of(shape: Shape) -> Features:
    """Describe the input of a shape, as a manifest does."""
    return Features(44_100, HOP, F2_HZ, 48, 12, 2, "true", shape.bands, CONTEXT, CONTEXT, "window-zscore")


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one record: x float16 (n, inputs), target float32 (n,) 0..1, weight float32 (n,) 0 or 1.

    frames: int64 (n,), which frame each is about: of a validation record every one that is not silent, of a training
    record those that are trained on. references: int64 (m,), the frames of all its chops. split: "train" or
    "validation".
    """

    x: NDArray[np.float16]
    target: NDArray[np.float32]
    weight: NDArray[np.float32]
    frames: NDArray[np.int64]
    references: NDArray[np.int64]
    split: str


def label(known: Annotation, n_frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give target and weight of every frame: 1 at a chop, EDGE beside it, nothing said up to MARGIN frames around."""
    target, weight = np.zeros(n_frames, np.float32), np.ones(n_frames, np.float32)
    chops = known.events["chop"]
    for start, stop in [*known.unknown.get("chop", ()), *((time, time) for time in chops)]:
        first, last = round(start * 44_100 / HOP) - MARGIN, round(stop * 44_100 / HOP) + MARGIN
        weight[max(0, first) : max(0, last + 1)] = 0
    for time in chops:
        for offset, value in ((-1, EDGE), (1, EDGE), (0, 1.0)):
            frame = round(time * 44_100 / HOP) + offset
            if 0 <= frame < n_frames:
                target[frame], weight[frame] = max(target[frame], value), 1
    return target, weight


@cache
def _frontend(bands: tuple[tuple[int, int], ...]) -> tuple[StreamingCQT, ContextWindow]:
    return StreamingCQT(), ContextWindow(bands, 48, CONTEXT, CONTEXT, BLOCK // HOP + 1)


def windows(
    samples: NDArray[np.float32], shape: Shape
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Give every frame's window as the live host makes it, which are silent, and the constant-Q frames (n, 48)."""
    cqt, context = _frontend(shape.bands)
    cqt.reset()
    context.reset()
    most = BLOCK // HOP + 1
    magnitudes, rows = np.zeros((most, 48), np.float32), np.zeros((most, context.n_inputs), np.float32)
    silent = np.zeros(most, np.bool_)
    padded = np.concatenate([samples, np.zeros(cqt.latency + (CONTEXT + 1) * HOP, np.float32)])
    made = []
    for start in range(0, len(padded), BLOCK):
        frames = cqt.push(padded[start : start + BLOCK], magnitudes)
        n = context.push(magnitudes, frames, rows, silent)
        made.append((rows[:n].copy(), silent[:n].copy(), magnitudes[:frames].copy()))
    found, quiet, spectra = (np.concatenate(parts) for parts in zip(*made, strict=True))
    n_frames = len(samples) // HOP + 1
    return found[:n_frames], quiet[:n_frames], spectra


def with_tonnetz(
    x: NDArray[np.float32], spectra: NDArray[np.float32], frames: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Put six rows of tonnetz under each window of 48 rows: (n, 54 * 61)."""
    chroma = np.roll(spectra.reshape(len(spectra), 4, 12).sum(axis=1), 5, axis=1).T  # the lowest bin is an F
    tonnetz = librosa.feature.tonnetz(chroma=chroma / np.maximum(chroma.sum(axis=0), 1e-6)).T
    padded = np.pad(tonnetz, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    rows = np.zeros((len(frames), 6 * (2 * CONTEXT + 1)), np.float32)
    for row, frame in zip(rows, frames, strict=True):
        row[:] = padded[frame : frame + 2 * CONTEXT + 1].T.reshape(-1)
    return np.concatenate([x, rows], axis=1)


def _record(job: tuple[dataset.Example, str, int]) -> Windows:
    """[worker] Process one recording; of a training record only the frames that are trained on."""
    example, name, seed = job
    shape, rng = SHAPES[name], np.random.default_rng([seed, zlib.crc32(example.audio.name.encode())])
    known = annotation(example.labels, example.audio, MIN_GAP)
    x, silent, spectra = windows(read_audio(example.audio), shape)
    target, weight = label(known, len(x))
    keep = KEEP if target.any() else 3 * KEEP
    use = (weight > 0) & ~silent & ((target > 0) | (rng.random(len(x)) < keep))
    if example.split == "validation":
        use = ~silent
    if shape.whole and example.split == "train":
        use &= (target > 0) | (rng.random(len(x)) < 0.3)
    frames = np.flatnonzero(use)
    chosen = with_tonnetz(x[frames], spectra, frames) if shape.whole else x[frames]
    references = np.array([round(time * 44_100 / HOP) for time in known.events["chop"]], np.int64)
    return Windows(chosen.astype(np.float16), target[frames], weight[frames], frames, references, example.split)


def records(
    folders: Sequence[Path], name: str, seed: int, jobs: int, progress: Progress, split: str | None = None
) -> Iterator[Windows]:
    """Process every labelled recording. split: to which all of them belong, None for what each says."""
    found = dataset.find(COARSE, folders)
    work = [(one if split is None else replace(one, split=split), name, seed) for one in found]
    for done, record in enumerate(in_order(_record, work, jobs), 1):
        progress("processing recordings", done, len(work))
        yield record


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


def train(folders: Sequence[Path], options: ChopOptions, run: Run) -> object:
    """Train a window net and write it, but for chop-cnn, which no host can run. Gives what is said of it.

    Early stopping on the validation loss, learning rate falling with it. options.steps: epochs at most; None: EPOCHS.
    Recordings to calibrate on decide the threshold and the strengths, together with those validation records in which
    there is nothing to chop. Raises UserError without data.
    """
    name, seed, progress = options.model_shape, options.seed, run.progress
    shape, prepare = SHAPES[name], partial(records, name=name, seed=seed, jobs=options.jobs, progress=progress)
    found = list(prepare(folders))
    training, validation = ([one for one in found if one.split == split] for split in ("train", "validation"))
    if not any(one.target.any() for one in training) or not validation:
        raise UserError(dataset.NOTHING_HELD_OUT if len(found) < 2 else "no chop is labelled in what is learned from")
    x, target = (np.concatenate([getattr(one, part) for one in training]) for part in ("x", "target"))
    parts = ("x", "target", "weight")
    thin = PICTURES_THIN if shape.whole else 1
    held_out = [np.concatenate([getattr(one, part)[::thin] for one in validation]) for part in parts]
    k = keras()
    k.backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
    model = build(shape, seed)
    model.compile(optimizer=k.optimizers.Adam(3e-3), loss="binary_crossentropy")
    epochs = options.steps or EPOCHS

    def count(epoch: int, logs: Mapping[str, float]) -> None:
        progress(f"training, loss {logs['loss']:.3f}", epoch + 1, epochs)

    callbacks = [
        k.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.4, patience=2),
        k.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True),
        k.callbacks.LambdaCallback(on_epoch_end=count),
    ]
    fitting = {"batch_size": 1024, "epochs": epochs, "callbacks": callbacks, "verbose": 0}
    history = model.fit(x, target, validation_data=tuple(held_out), **fitting)
    real = list(prepare([options.calibrate_on], split="validation")) if options.calibrate_on is not None else []

    def score(some: Sequence[Windows]) -> list[Scored]:
        return [(one, model.predict(one.x, batch_size=4096, verbose=0)[:, 0]) for one in some if len(one.x)]

    scored = score(validation)
    deciding = [*score(real), *(one for one in scored if not real or not len(one[0].references))]
    threshold = max(THRESHOLDS, key=lambda level: measures.f_measure(_verdicts(deciding, level)))
    known = [verdict for one, scores in deciding for verdict in verdicts(one, scores, threshold)]
    f = round(measures.f_measure(_verdicts(scored, threshold)), 4)
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
        return f"not written, as it is to compare with only; {facts}"
    scores = {"validation_chop_f": f, "validation_loss": round(min(history.history["val_loss"]), 4)}
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
