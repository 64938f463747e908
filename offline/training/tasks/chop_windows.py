"""What nets over single windows of constant-Q frames are shown, and what they are asked."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray

from samplechop.models import Features
from samplechop.offline.audio.reading import read_audio
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.common.progress import Progress
from samplechop.offline.training import dataset
from samplechop.offline.training.streaming_targets import Annotation
from samplechop.offline.training.tasks.chop_targets import COARSE, EDGE, annotation
from samplechop.realtime.dsp.context_window import ContextWindow
from samplechop.realtime.dsp.cqt import F2_HZ, StreamingCQT

HOP = 256
CONTEXT = 30
MIN_GAP = 0.25
"""Seconds; one sum over the spectrum cannot separate closer hits."""
MARGIN = 4
"""Frames on either side of a chop that are left out, beyond the one beside it."""
RISE, RISE_DB = 7, 3.0
"""Frames, 40 ms, within which the level must rise so far at a chop: one sum cannot show others."""
KEEP = 0.3
"""Share of the frames without a chop that is trained on; of a record without any chop all are."""
EMPTY = 3.0
"""What those count: surface noise comes in many kinds, of which no record has more than a few."""
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


def rises(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give how far the level of all bins rises around each frame, dB: its peak in the RISE frames that follow, over its
    mean in those before. spectra: constant-Q frames, float32 (n, bins).
    """
    level = 20 * np.log10(np.maximum(spectra.sum(axis=1), 1e-7))
    padded = np.pad(level, (RISE, RISE), mode="edge")
    parts = np.lib.stride_tricks.sliding_window_view(padded, RISE)
    return np.asarray(parts[RISE : RISE + len(level)].max(axis=1) - parts[: len(level)].mean(axis=1), np.float32)


def label(
    known: Annotation, n_frames: int, rise: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give target and weight of every frame: 1 at a chop, EDGE beside it, nothing said up to MARGIN frames around.

    Nothing is said of chops, either, at which the level does not rise by RISE_DB: one sum cannot show them. rise: dB,
    float32 (n_frames,).
    """
    target, weight = np.zeros(n_frames, np.float32), np.ones(n_frames, np.float32)
    chops = known.events["chop"]
    for start, stop in [*known.unknown.get("chop", ()), *((time, time) for time in chops)]:
        first, last = round(start * 44_100 / HOP) - MARGIN, round(stop * 44_100 / HOP) + MARGIN
        weight[max(0, first) : max(0, last + 1)] = 0
    for time in chops:
        if rise[min(round(time * 44_100 / HOP), n_frames - 1)] < RISE_DB:
            continue
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
    target, weight = label(known, len(x), rises(spectra)[: len(x)])
    keep = KEEP if target.any() else 1.0
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
