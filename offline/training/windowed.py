"""Nets over single windows of constant-Q frames: the classic one, one that keeps the spectrum's shape, and, to compare
with, a convolutional net over the whole window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from models import Features, Manifest
from offline.crate.sounds import read as read_audio
from offline.jobs import run
from offline.training import export, folder
from offline.training.keras_backend import keras
from offline.training.progress import Told
from offline.training.targets import EDGE, Wanted
from realtime.context import ContextWindow
from realtime.cqt import F2_HZ, StreamingCQT
from realtime.errors import UserError
from realtime.peaks import RunPicker

HOP = 256
CONTEXT = 30
LAYERS = (32, 16, 8, 4)
MIN_GAP = 0.25
"""Seconds; one sum over the spectrum cannot tell closer hits apart."""
MARGIN = 4
"""Frames on either side of a chop that are left out, beyond the one beside it."""
KEEP = 0.1
"""Share of the frames without a chop that is trained on; of a record without any chop three times that."""
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
TOLERANCE_FRAMES = 9
BLOCK = 32_768
EPOCHS = 40


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
    """Describe what a shape hears, as a manifest does."""
    return Features(44_100, HOP, F2_HZ, 48, 12, 2, "true", shape.bands, CONTEXT, CONTEXT, "window-zscore")


@dataclass(frozen=True, slots=True)
class Windows:
    """x float16 (n, inputs), target float32 (n,) 0..1, weight float32 (n,) 0 or 1, of one record's every frame."""

    x: NDArray[np.float16]
    target: NDArray[np.float32]
    weight: NDArray[np.float32]
    frames: NDArray[np.int64]
    truth: NDArray[np.int64]
    split: str


def label(wanted: Wanted, n_frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give target and weight of every frame: 1 at a chop, EDGE beside it, nothing said up to MARGIN frames around."""
    target, weight = np.zeros(n_frames, np.float32), np.ones(n_frames, np.float32)
    chops = wanted.events["chop"]
    for start, stop in [*wanted.unknown.get("chop", ()), *((time, time) for time in chops)]:
        first, last = round(start * 44_100 / HOP) - MARGIN, round(stop * 44_100 / HOP) + MARGIN
        weight[max(0, first) : max(0, last + 1)] = 0
    for time in chops:
        for offset, value in ((-1, EDGE), (1, EDGE), (0, 1.0)):
            frame = round(time * 44_100 / HOP) + offset
            if 0 <= frame < n_frames:
                target[frame], weight[frame] = max(target[frame], value), 1
    return target, weight


@cache
def _hearing(bands: tuple[tuple[int, int], ...]) -> tuple[StreamingCQT, ContextWindow]:
    return StreamingCQT(), ContextWindow(bands, 48, CONTEXT, CONTEXT, BLOCK // HOP + 1)


def windows(
    samples: NDArray[np.float32], shape: Shape
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Give every frame's window as the live host makes it, which are silent, and the constant-Q frames (n, 48)."""
    cqt, context = _hearing(shape.bands)
    cqt.reset()
    context.reset()
    most = BLOCK // HOP + 1
    magnitudes, rows = np.zeros((most, 48), np.float32), np.zeros((most, context.n_inputs), np.float32)
    silent = np.zeros(most, np.bool_)
    padded = np.concatenate([samples, np.zeros(cqt.latency + (CONTEXT + 1) * HOP, np.float32)])
    found: list[NDArray[np.float32]] = []
    quiet: list[NDArray[np.bool_]] = []
    spectra: list[NDArray[np.float32]] = []
    for start in range(0, len(padded), BLOCK):
        frames = cqt.push(padded[start : start + BLOCK], magnitudes)
        n = context.push(magnitudes, frames, rows, silent)
        found.append(rows[:n].copy())
        quiet.append(silent[:n].copy())
        spectra.append(magnitudes[:frames].copy())
    n_frames = len(samples) // HOP + 1
    return np.concatenate(found)[:n_frames], np.concatenate(quiet)[:n_frames], np.concatenate(spectra)


def with_tonnetz(
    x: NDArray[np.float32], spectra: NDArray[np.float32], frames: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Put six rows of tonnetz under each window of 48 rows: (n, 54 * 61)."""
    chroma = np.roll(spectra.reshape(len(spectra), 4, 12).sum(axis=1), 5, axis=1).T  # the lowest bin is an F
    tonnetz = librosa.feature.tonnetz(chroma=chroma / np.maximum(chroma.sum(axis=0), 1e-6)).T
    padded = np.pad(tonnetz, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    rows = np.stack([padded[frame : frame + 2 * CONTEXT + 1].T.reshape(-1) for frame in frames])
    return np.concatenate([x, rows.astype(np.float32)], axis=1)


def _hear(job: tuple[folder.Example, str, int]) -> Windows:
    """Hear one recording; of a training record only the frames that are trained on."""
    example, name, seed = job
    shape, rng = SHAPES[name], np.random.default_rng([seed, len(example.audio.name)])
    wanted = folder.wanted(example, MIN_GAP)
    x, silent, spectra = windows(read_audio(example.audio), shape)
    target, weight = label(wanted, len(x))
    keep = KEEP if target.any() else 3 * KEEP
    use = (weight > 0) & ~silent & ((target > 0) | (rng.random(len(x)) < keep))
    if example.split == "validation":
        use = ~silent
    if shape.whole and example.split == "train":
        use &= (target > 0) | (rng.random(len(x)) < 0.3)
    frames = np.flatnonzero(use)
    chosen = with_tonnetz(x[frames], spectra, frames) if shape.whole else x[frames]
    truth = np.array([round(time * 44_100 / HOP) for time in wanted.events["chop"]], np.int64)
    return Windows(chosen.astype(np.float16), target[frames], weight[frames], frames, truth, example.split)


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


def f_measure(records: Sequence[tuple[Windows, NDArray[np.float32]]], threshold: float) -> float:
    """Give the F-measure of the markers against the chops, ±46 ms, over all validation records."""
    right = wrong = chops = 0
    for record, scores in records:
        every = np.zeros(int(record.frames[-1]) + 2 if len(record.frames) else 2, np.float32)
        every[record.frames] = scores
        known = np.zeros(len(every), np.float32)
        known[record.frames] = record.weight
        last = -len(every)
        for frame, _, _ in RunPicker(threshold).push(every):
            if frame - last < MIN_GAP * 44_100 / HOP:
                continue
            last = frame
            if len(record.truth) and np.min(np.abs(record.truth - frame)) <= TOLERANCE_FRAMES:
                right += 1
            elif known[frame]:
                wrong += 1
        chops += len(record.truth)
    return 2 * right / (right + wrong + chops) if right else 0.0


def hear(folders: Sequence[Path], name: str, seed: int, jobs: int, told: Told) -> Iterator[Windows]:
    """Hear every labelled recording."""
    work = [(example, name, seed) for example in folder.find(folders)]
    for done, heard in enumerate(run(_hear, work, jobs), 1):
        told("listening", done, len(work))
        yield heard


def train(
    folders: Sequence[Path],
    out: Path,
    name: str,
    seed: int,
    jobs: int,
    epochs: int | None,
    told: Told,
) -> tuple[Manifest | None, dict[str, Any]]:
    """Train a window net and write it. Gives the manifest (None for chop-cnn, which no host can run) and the facts.

    Early stopping on the validation loss, learning rate falling with it. Raises UserError without data.
    """
    shape = SHAPES[name]
    heard = list(hear(folders, name, seed, jobs, told))
    training, validation = ([one for one in heard if one.split == split] for split in ("train", "validation"))
    if not any(one.target.any() for one in training) or not validation:
        raise UserError("training needs labelled recordings to learn from, and at least one more to check with")
    x, target = (np.concatenate([getattr(one, part) for one in training]) for part in ("x", "target"))
    parts = ("x", "target", "weight")
    held = [np.concatenate([getattr(one, part) for one in validation]) for part in parts]
    k = keras()
    k.backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
    model = build(shape, seed)
    model.compile(optimizer=k.optimizers.Adam(3e-3), loss="binary_crossentropy")
    stop = k.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
    slower = k.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.4, patience=2)
    epochs = epochs or EPOCHS
    count = k.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: told(f"training, loss {logs['loss']:.3f}", epoch + 1, epochs)
    )
    history = model.fit(
        *(x, target),
        batch_size=1024,
        epochs=epochs,
        validation_data=tuple(held),
        callbacks=[slower, stop, count],
        verbose=0,
    )
    said = [(one, model.predict(one.x, batch_size=4096, verbose=0)[:, 0]) for one in validation if len(one.x)]
    threshold = max(THRESHOLDS, key=lambda level: f_measure(said, level))
    score = round(f_measure(said, threshold), 4)
    facts = {
        "recordings_train": len(training),
        "recordings_validation": len(validation),
        "windows": len(x),
        "windows_positive": int((target > 0).sum()),
        "seed": seed,
        "epochs": len(history.history["val_loss"]),
        "parameters": model.count_params(),
        "validation_chop_f": score,
    }
    if shape.whole:
        return None, facts
    scores = {"validation_chop_f": score, "validation_loss": round(min(history.history["val_loss"]), 4)}
    content = export.to_tflite(model)
    return export.write(out, content, features_of(shape), threshold, MIN_GAP, facts, scores), facts
