"""[worker] From files to sounds: read, mixed to mono, brought to one rate, cut, trimmed and described.

A sound begins with the first and ends with the last sample that is no more than 60 dB below its peak: the limit is that
of librosa.effects.trim, which compares means of 2048 samples instead and would leave up to 46 ms before an attack. Its
descriptors are librosa's, from one spectrum for all of them: each is the mean over frames of what librosa.feature gives
with hop_length=1024 and else its defaults (frames of 2048 samples, zeros around the sound).

The samples of all sounds go one after the other to one file of float32, and all else is plain, for JSON: so it comes
back from a worker process, see samplechop.offline.kits.batch_workers.
"""

import re
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.find_files import Item
from samplechop.offline.atlas.collect.segmentation import by_chops, by_energy
from samplechop.offline.audio import ffmpeg
from samplechop.offline.audio.decode import UNKNOWN
from samplechop.offline.audio.sample_formats import BLOCK
from samplechop.offline.kits.core.record import Record, audio_files, open_record
from samplechop.realtime.audio.file_source import open_audio
from samplechop.realtime.core.errors import UserError

TRIM_DB = 60.0
"""Below the peak; what is quieter at either end is silence."""
SILENT_DB = -80.0
"""Of full scale; what never gets louder is silent. The noise that is added when 16 bits are rounded reaches -84."""
_SILENT = 10 ** (SILENT_DB / 20)
_TRIM = 10 ** (-TRIM_DB / 20)


def trimmed(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], int, float] | None:
    """Give the sound, float32 (m,), with peak 1, where in `samples` it begins, and the peak it had; None for silence.

    samples: float32 (n,), mono, full scale ±1. A constant is silent, too, however large.
    """
    if not len(samples):
        return None
    low, high = float(samples.min()), float(samples.max())
    if (high - low) / 2 <= _SILENT:
        return None
    peak = max(-low, high)
    loud = np.abs(samples) >= peak * _TRIM
    first = int(loud.argmax())
    last = len(samples) - int(loud[::-1].argmax())
    return samples[first:last] / np.float32(peak), first, peak


N_FFT, HOP = 2048, 1024
ROLLOFF = 0.85
"""Share of the magnitudes that lies below the rolloff."""
_LEAST = 1e-10
_FRAMES = 512
"""Frames worked on at once: memory stays flat."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """rms: 0..1, of all samples. centroid, bandwidth, rolloff: Hz. flatness: 0..1. zero_crossings: per second."""

    rms: float
    centroid: float
    bandwidth: float
    rolloff: float
    flatness: float
    zero_crossings: float


def statistics(samples: NDArray[np.float32], sample_rate: int) -> Statistics:
    """Describe a sound, float32 (n,), mono, with n at least 1."""
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    parts = [_spectral(frames[at : at + _FRAMES], sample_rate) for at in range(0, len(frames), _FRAMES)]
    centroid, bandwidth, rolloff, flatness = np.concatenate(parts, axis=1).mean(axis=1, dtype=np.float64).tolist()
    signs = np.signbit(samples)
    crossings = int(np.count_nonzero(signs[1:] != signs[:-1]))
    return Statistics(
        rms=float(np.sqrt(np.dot(samples, samples) / len(samples))),
        centroid=centroid,
        bandwidth=bandwidth,
        rolloff=rolloff,
        flatness=flatness,
        zero_crossings=crossings * sample_rate / len(samples),
    )


def _spectral(frames: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Give centroid, bandwidth, rolloff and flatness of frames (n, N_FFT): float32 (4, n)."""
    from scipy.fft import rfft

    window, hertz = _tables(sample_rate)
    magnitude = np.abs(rfft(frames * window, axis=1))
    total = magnitude.sum(axis=1)
    safe = np.where(total > 0, total, np.float32(1))
    centroid = magnitude @ hertz / safe
    away = hertz - centroid[:, np.newaxis]
    np.square(away, out=away)
    bandwidth = np.sqrt(np.einsum("ij,ij->i", magnitude, away) / safe)
    below = np.cumsum(magnitude, axis=1, out=away)
    rolloff = hertz[np.argmax(below >= ROLLOFF * below[:, -1:], axis=1)]
    power = np.maximum(np.square(magnitude, out=magnitude), _LEAST, out=magnitude)
    mean = power.mean(axis=1)
    flatness = np.exp(np.log(power, out=power).mean(axis=1)) / mean
    return np.stack([centroid, bandwidth, rolloff, flatness])


@lru_cache
def _tables(sample_rate: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the window, and the frequency of each bin in Hz."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return window.astype(np.float32), np.fft.rfftfreq(N_FFT, 1 / sample_rate).astype(np.float32)


BUG = "a bug"
Made = tuple[str, list[list[Any]]]
"""Of one item: why nothing came of it, or what is to be known, or ""; and of each sound the fields of `Part`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How sounds are made. rate: Hz. width: samples that are kept of one at most. max_seconds: of a file, or a piece.

    split: what is done to longer ones: "none", "chops" or "energy". share: of the duration, for "energy".
    """

    rate: int
    width: int
    max_seconds: float
    split: str = "none"
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to become a sound. start, stop: samples of the record. title, label: as in `Part`."""

    start: int
    stop: int
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """A sound that was made. title: what its name has after that of its file. Else as in store.Sound."""

    title: str
    label: str
    start: float
    duration: float
    length: int
    peak: float
    rms: float
    centroid: float
    bandwidth: float
    rolloff: float
    flatness: float
    zero_crossings: float


_MENDED = re.compile(r"(; what .* was used|: they became silence)$")
"""What chopping makes of damage; for a pile of samples it is a reason to leave one out."""
_FIELDS = tuple(field.name for field in fields(Part))


def make(items: Sequence[Item], recipe: Recipe, target: Path) -> list[Made]:
    """Make the sounds of some items; what cannot be used gives a reason. target: gets the samples. Raises OSError."""
    made: list[Made] = []
    with target.open("wb") as file, tempfile.TemporaryDirectory(prefix="decoded-", dir=target.parent) as scratch:
        for item in items:
            before = file.tell()
            parts: list[list[Any]] = []
            try:
                record = _record(item, recipe, Path(scratch))
                pieces = list(_pieces(item, record, recipe))
                for piece in pieces:
                    mono = _mono(record, piece.start, piece.stop)
                    for part, samples in _sound(mono, record.sample_rate, piece, recipe):
                        parts.append([getattr(part, name) for name in _FIELDS])
                        file.write(samples.astype("<f4", copy=False).tobytes())
                reason = _silent(item, len(pieces), len(parts))
            except UserError as error:
                reason = str(error)
            except (
                Exception
            ) as error:  # a bug that one file meets must not cost the others theirs; it is reported as one
                where = traceback.extract_tb(error.__traceback__)[-1]
                reason = f"{BUG}: {error!r} in {Path(where.filename).name} line {where.lineno}"
            else:
                made.append((reason, parts))
                continue
            finally:
                for copy in Path(scratch).iterdir():
                    copy.unlink()
            file.seek(before)
            file.truncate()
            made.append((reason, []))
    return made


def _silent(item: Item, pieces: int, sounds: int) -> str:
    if not sounds:
        return f"{str(item.path)!r} is silent"
    return f"{str(item.path)!r}: {pieces - sounds} of {pieces} pieces are silent" if sounds < pieces else ""


def _record(item: Item, recipe: Recipe, scratch: Path) -> Record:
    """Open what is to be used. Raises UserError for what is not."""
    if item.reason:
        raise UserError(item.reason)
    (audio,) = audio_files(item.path)
    whole = recipe.split == "none" and item.segments is None
    if whole:
        _check_length(audio, recipe)
    record = open_record(item.path, scratch)
    if record.warnings:
        raise UserError(_MENDED.sub("", record.warnings[0]))
    if whole and record.length > recipe.max_seconds * record.sample_rate:
        raise UserError(_too_long(audio, record.length / record.sample_rate, recipe))
    return record


def _pieces(item: Item, record: Record, recipe: Recipe) -> Iterator[Piece]:
    """Yield the pieces into which a recording is cut."""
    rate = record.sample_rate
    if item.segments is not None:
        for number, segment in enumerate(item.segments, 1):
            start, stop = (
                round(segment.start * rate),
                round(min(segment.stop, segment.start + recipe.max_seconds) * rate),
            )
            if start >= record.length:
                raise UserError(
                    f"{segment.label!r} is spoken at {segment.start:.2f} s, but {str(item.path)!r} lasts "
                    f"{record.length / rate:.2f} s: give the alignment of this recording"
                )
            yield Piece(start, min(stop, record.length), f"_{number:04d}_{segment.label}", segment.label)
    elif record.length <= recipe.max_seconds * rate:
        yield Piece(0, record.length, "", item.label)
    else:
        chops = recipe.split == "chops"
        spans = by_chops(record, recipe.max_seconds) if chops else by_energy(record, recipe.max_seconds, recipe.share)
        for number, (start, stop) in enumerate(spans, 1):
            yield Piece(start, stop, f"_{number:04d}", item.label)


def _check_length(audio: Path, recipe: Recipe) -> None:
    """Refuse by its header what is too long, before anything is decoded."""
    try:
        with open_audio(audio) as file:
            seconds = file.frames / file.samplerate
    except UserError:
        if ffmpeg.is_ours(audio):
            raise
        return
    if recipe.max_seconds < seconds < UNKNOWN / file.samplerate:
        raise UserError(_too_long(audio, seconds, recipe))


def _too_long(audio: Path, seconds: float, recipe: Recipe) -> str:
    return (
        f"{str(audio)!r} lasts {seconds:.1f} s, longer than --max-seconds {recipe.max_seconds:g}: "
        f"--split chops or --split energy cuts it"
    )


def _mono(record: Record, first: int, last: int) -> NDArray[np.float32]:
    weights = np.full(record.channels, 1 / record.channels, np.float32)
    blocks = [block @ weights for block in record.blocks(BLOCK, first, last)]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _sound(
    mono: NDArray[np.float32], rate: int, piece: Piece, recipe: Recipe
) -> Iterator[tuple[Part, NDArray[np.float32]]]:
    """Make a sound of the samples of a piece; none if they are silent."""
    if rate != recipe.rate:
        import soxr

        mono = soxr.resample(mono, rate, recipe.rate)
    found = trimmed(mono)
    if found is None:
        return
    samples, begin, peak = found
    samples = samples[: recipe.width]
    start, duration = piece.start / rate + begin / recipe.rate, len(samples) / recipe.rate
    about = asdict(statistics(samples, recipe.rate))
    part = Part(piece.title, piece.label, start, duration, len(samples), peak, **about)
    yield part, samples
