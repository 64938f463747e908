"""Many examples: mixed in several processes, analysed by the class that runs live, with targets, kept on disk."""

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.common.arrays import map_array
from samplechop.offline.common.atomic import replacing, write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.training.tasks import harmony_library
from samplechop.offline.training.tasks.harmony_mixing import KINDS, LENGTH, Mixed, mix
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.dsp.pitch_spectrum import HarmonySpectrum

PER_JOB = 250
FRAMES = 6
"""Frames learned from in each mix, at any age of its notes."""
TAG = 0xA22
WINDOW = 4096
"""Samples of a frame at the library's rate."""
WEIGHTING_HZ = 500.0
"""Energies are taken above it, falling by 6 dB per octave below, roughly as A-weighting does:
else a bass would drown the chord above it, and a kick drum everything."""
AUDIBLE_DB, LOST_DB = -22.0, -34.0
"""A note that is so far below the loudest is audible, or is not; in between nobody knows."""
COVERED_DB, MASKED_DB = -15.0, -36.0
"""The same of all notes together below drums and noise."""
FAINT_DB = -45.0
"""Of all notes below their loudest frame: the first or last milliseconds of a slice."""
BASS_DB = -24.0


@dataclass(frozen=True, slots=True)
class Frames:
    """Input and targets of the net: x float16 (n, bins); target and weight uint8 (n, 24); FRAMES rows of each mix.

    kind: uint8, (n,), the place of the mix's kind in harmony_mixing.KINDS.
    """

    x: NDArray[np.float16]
    target: NDArray[np.uint8]
    weight: NDArray[np.uint8]
    kind: NDArray[np.uint8]


def targets(mixed: Mixed, centres: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give targets and weights of frames: uint8, (frames, 24), 0 or 1; pitch classes, then the pitch class of the bass.

    centres: int64, (frames,), sample of the mix on which each is centred.
    """
    n = len(centres)
    target, weight = np.zeros((n, 24), np.uint8), np.ones((n, 24), np.uint8)
    if not mixed.pitches:
        return target, weight
    rest = mixed.sound - mixed.stems.sum(axis=0)
    energy = _energies(np.concatenate([mixed.stems, rest[None]]), centres)
    energy, every = energy[:-1], energy[-1]
    tonal = energy.sum(axis=0)
    classes = np.array(mixed.pitches) % 12
    order = np.argsort(mixed.pitches)
    for frame in range(n):
        answer, known = target[frame], weight[frame]
        relative_db = 10 * np.log10(energy[:, frame] / energy[:, frame].max())
        covered_db = 10 * np.log10(tonal[frame] / every[frame])
        faint_db = 10 * np.log10(tonal[frame] / tonal.max())
        if tonal[frame] < 1e-9 or covered_db < MASKED_DB:
            continue
        for pitch_class in range(12):
            own = relative_db[classes == pitch_class]
            loudest = own.max() if len(own) else -np.inf
            answer[pitch_class] = loudest >= AUDIBLE_DB
            known[pitch_class] = not LOST_DB < loudest < AUDIBLE_DB
        audible = [note for note in order if relative_db[note] >= BASS_DB]
        answer[12 + classes[audible[0]]] = 1
        for note in order:
            if note == audible[0]:
                break
            if relative_db[note] > LOST_DB:
                known[12:] = 0
        if covered_db < COVERED_DB or faint_db < FAINT_DB:
            known[:] = 0
    return target, weight


def _energies(sounds: NDArray[np.float32], centres: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the energy of sounds (n, samples) under a Hann window around the centres: float32, (n, centres), above 0."""
    weighted = np.pad(signal.lfilter(*_weighting(), sounds), ((0, 0), (WINDOW // 2, WINDOW // 2)))
    window = np.square(np.hanning(WINDOW))
    columns = [np.square(weighted[:, centre : centre + WINDOW]) @ window for centre in centres]
    return np.asarray(np.stack(columns, axis=1) + 1e-12, np.float32)


@cache
def _weighting() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    over, under = signal.butter(1, WEIGHTING_HZ, "high", fs=harmony_library.RATE)
    return over, under


@cache
def _tools(folder: str, spectrum: str) -> tuple[harmony_library.Library, HarmonySpectrum]:
    return harmony_library.load(Path(folder)), HarmonySpectrum(LENGTH + WINDOW, harmony_library.RATE, kind=spectrum)


def _frames(job: tuple[str, str, int, bool, int]) -> Frames:
    """[worker] Mix and analyse PER_JOB examples: a function of the seed, the split and the job's number alone."""
    folder, spectrum, seed, held_out, number = job
    sounds, analysis = _tools(folder, spectrum)
    rng = np.random.default_rng([TAG, seed, held_out, number])
    count = PER_JOB * FRAMES
    x = np.zeros((count, analysis.n_bins), np.float16)
    target, weight = np.zeros((count, 24), np.uint8), np.zeros((count, 24), np.uint8)
    kind = np.zeros(count, np.uint8)
    last = LENGTH // analysis.hop_length
    for row in range(0, count, FRAMES):
        mixed = mix(rng, sounds, held_out)
        analysis.reset()
        spectra = analysis.push(np.concatenate([mixed.sound, np.zeros(analysis.latency, np.float32)]))
        frames = np.sort(rng.choice(np.arange(2, last - 1), FRAMES, replace=False))
        rows = slice(row, row + FRAMES)
        x[rows] = spectra[frames]
        target[rows], weight[rows] = targets(mixed, frames * analysis.hop_length)
        kind[rows] = list(KINDS).index(mixed.kind)
    return Frames(x, target, weight, kind)


def prepare(
    folder: Path,
    sounds: Path,
    spectrum: str,
    train: int,
    held_out: int,
    seed: int,
    jobs: int = 2,
    on_job: Callable[[int, int], None] | None = None,
) -> tuple[Frames, Frames]:
    """Make `train` frames to learn from and `held_out` of instruments held out, or open those of an equal call before.

    folder: where they are kept. sounds: the library. spectrum: as of HarmonySpectrum. on_job: called with (done, of
    all). Raises UserError if the folder cannot be written.
    """
    work = [
        (str(sounds), spectrum, seed, is_held_out, number)
        for is_held_out, count in ((False, train), (True, held_out))
        for number in range(-(-count // (PER_JOB * FRAMES)))
    ]
    source = hashlib.sha256((sounds / "library.json").read_bytes()).hexdigest()
    made_of = hashlib.sha256(repr((source, [job[1:] for job in work])).encode()).hexdigest()
    index, n = folder / "examples.json", PER_JOB * FRAMES
    names = ("x", "target", "weight", "kind")
    try:
        if not index.is_file() or _made_of(index) != made_of:
            folder.mkdir(parents=True, exist_ok=True)
            index.unlink(missing_ok=True)  # from here on the folder is not finished
            with ExitStack() as stack:
                parts = {name: stack.enter_context(replacing(folder / f"{name}.npy")) for name in names}
                files = {}
                for done, made in enumerate(in_order(_frames, work, jobs), 1):
                    for name, part in parts.items():
                        rows = getattr(made, name)
                        if name not in files:
                            shape = (n * len(work), *rows.shape[1:])
                            files[name] = np.lib.format.open_memmap(part, "w+", rows.dtype, shape)
                        files[name][n * (done - 1) : n * done] = rows
                    if on_job is not None:
                        on_job(done, len(work))
                for file in files.values():
                    file.flush()
                files.clear()  # Windows moves no file that is mapped
            write_text(index, json.dumps(made_of))
    except OSError as error:
        raise UserError(f"The folder {str(folder)!r} cannot be written: {reason_of(error)}") from None
    arrays = [map_array(folder / f"{name}.npy") for name in names]
    middle = n * sum(not job[3] for job in work)
    return Frames(*(array[:middle] for array in arrays)), Frames(*(array[middle:] for array in arrays))


def _made_of(index: Path) -> object:
    """Give what examples were made of; None where that cannot be read, so that they are made anew. Raises OSError."""
    try:
        return documents.read_json(index)
    except ValueError:
        return None
