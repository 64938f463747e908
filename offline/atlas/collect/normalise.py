"""[worker] From files to sounds: read, mixed to mono, brought to one rate, cut, trimmed and described.

A sound begins with the first and ends with the last sample that is no more than 60 dB below its peak: the limit is that
of librosa.effects.trim, which compares means of 2048 samples instead and would leave up to 46 ms before an attack. Its
descriptors are librosa's, from one spectrum for all of them: each is the mean over frames of what librosa.feature gives
with hop_length=1024 and else its defaults (frames of 2048 samples, zeros around the sound).

The samples of all sounds go one after the other to one file of float32; all else is plain.
"""

import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.find_files import Item
from samplechop.offline.atlas.collect.segmentation import by_chops, by_energy
from samplechop.offline.atlas.settings import CollectSettings
from samplechop.offline.atlas.store import Sound
from samplechop.offline.audio.sample_formats import BLOCK, mixed
from samplechop.offline.kits.core.record import Record, audio_files, open_record
from samplechop.realtime.audio.audio_file import UNKNOWN, open_audio
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


def statistics(samples: NDArray[np.float32], sample_rate: int) -> dict[str, float]:
    """Describe a sound, float32 (n,), mono, with n at least 1, by the figures that `Sound` has."""
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    parts = [_spectral(frames[at : at + _FRAMES], sample_rate) for at in range(0, len(frames), _FRAMES)]
    means = np.concatenate(parts, axis=1).mean(axis=1, dtype=np.float64).tolist()
    signs = np.signbit(samples)
    crossings = int(np.count_nonzero(signs[1:] != signs[:-1]))
    return {
        "rms": float(np.sqrt(np.dot(samples, samples) / len(samples))),
        **dict(zip(("centroid", "bandwidth", "rolloff", "flatness"), means, strict=True)),
        "zero_crossings": crossings * sample_rate / len(samples),
    }


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
_FIELDS = tuple(one.name for one in fields(Sound))
Made = tuple[str, list[list[Any]]]
"""Of one item: why nothing came of it, or what is to be known, or ""; and the fields of each `Sound` that was made,
whose names need not be unique yet."""
_MENDED = (("; what ", " was used"), (", which became silence", ""))
"""What chopping makes of damage; for a pile of samples it is a reason to leave one out."""


def _without_mending(warning: str) -> str:
    """Give a warning of the chopper without what it made of the damage."""
    for begin, end in _MENDED:
        head, found, tail = warning.partition(begin)
        if found and tail.endswith(end) and (end or not tail):
            return head
    return warning


class Piece(NamedTuple):
    """What is to become a sound. start, stop: samples of the record. title: what follows the name of its file."""

    start: int
    stop: int
    title: str
    label: str


def make(items: Sequence[Item], settings: CollectSettings, target: Path) -> list[Made]:
    """Make the sounds of some items; what cannot be used gives a reason. target: gets the samples. Raises OSError."""
    made: list[Made] = []
    with target.open("wb") as file, tempfile.TemporaryDirectory(prefix="decoded-", dir=target.parent) as scratch:
        for item in items:
            before = file.tell()
            sounds: list[list[Any]] = []
            try:
                record = _record(item, settings, Path(scratch))
                pieces = list(_pieces(item, record, settings))
                for piece in pieces:
                    found = _sound(item, record, piece, settings)
                    if found is not None:
                        sounds.append([getattr(found[0], name) for name in _FIELDS])
                        file.write(found[1].astype("<f4", copy=False).tobytes())
                reason = _silent(item, len(pieces), len(sounds))
            except UserError as error:
                reason, sounds = str(error), []
            except Exception as error:  # a bug that one file meets must not cost the others theirs; it is reported
                where = traceback.extract_tb(error.__traceback__)[-1]
                reason, sounds = f"{BUG}: {error!r} in {Path(where.filename).name} line {where.lineno}", []
            if not sounds:
                file.seek(before)
                file.truncate()
            for copy in Path(scratch).iterdir():
                copy.unlink()
            made.append((reason, sounds))
    return made


def _silent(item: Item, pieces: int, sounds: int) -> str:
    if not sounds:
        return f"{str(item.path)!r} is silent"
    return f"{str(item.path)!r}: {pieces - sounds} of {pieces} pieces are silent" if sounds < pieces else ""


def _record(item: Item, settings: CollectSettings, scratch: Path) -> Record:
    """Open what is to be used. Raises UserError for what is not."""
    if item.reason:
        raise UserError(item.reason)
    (audio,) = audio_files(item.path)
    whole = settings.split == "none" and item.segments is None
    if whole:
        _check_length(audio, settings)
    record = open_record(item.path, scratch)
    if record.warnings:
        raise UserError(_without_mending(record.warnings[0]))
    if whole and record.length > settings.max_seconds * record.sample_rate:
        raise UserError(_too_long(audio, record.length / record.sample_rate, settings))
    return record


def _pieces(item: Item, record: Record, settings: CollectSettings) -> Iterator[Piece]:
    """Yield the pieces into which a recording is cut."""
    rate = record.sample_rate
    if item.segments is not None:
        for number, segment in enumerate(item.segments, 1):
            start = round(segment.start * rate)
            stop = round(min(segment.stop, segment.start + settings.max_seconds) * rate)
            if start >= record.length:
                raise UserError(
                    f"{segment.label!r} is spoken at {segment.start:.2f} s, but {str(item.path)!r} lasts "
                    f"{record.length / rate:.2f} s: give the alignment of this recording"
                )
            yield Piece(start, min(stop, record.length), f"_{number:04d}_{segment.label}", segment.label)
    elif record.length <= settings.max_seconds * rate:
        yield Piece(0, record.length, "", item.label)
    else:
        chops = settings.split == "chops"
        spans = (
            by_chops(record, settings.max_seconds) if chops else by_energy(record, settings.max_seconds, settings.share)
        )
        for number, (start, stop) in enumerate(spans, 1):
            yield Piece(start, stop, f"_{number:04d}", item.label)


def _check_length(audio: Path, settings: CollectSettings) -> None:
    """Refuse by its header what is too long, before anything is decoded."""
    try:
        with open_audio(audio) as file:
            seconds = file.frames / file.samplerate
    except UserError:
        return  # ffmpeg may know it
    if settings.max_seconds < seconds < UNKNOWN / file.samplerate:
        raise UserError(_too_long(audio, seconds, settings))


def _too_long(audio: Path, seconds: float, settings: CollectSettings) -> str:
    return (
        f"{str(audio)!r} lasts {seconds:.1f} s, longer than --max-seconds {settings.max_seconds:g}: "
        f"--split chops or --split energy cuts it"
    )


def _sound(
    item: Item, record: Record, piece: Piece, settings: CollectSettings
) -> tuple[Sound, NDArray[np.float32]] | None:
    """Make a sound of a piece, with its samples, float32 (n,); None if they are silent."""
    rate = record.sample_rate
    blocks = list(record.blocks(BLOCK, piece.start, piece.stop))
    # As a whole: what comes first in a sound must not be mixed otherwise than the rest.
    mono = mixed(np.concatenate(blocks), 1, record.channel)[:, 0].astype(np.float32)
    if rate != settings.rate:
        import soxr

        mono = soxr.resample(mono, rate, settings.rate)
    found = trimmed(mono)
    if found is None:
        return None
    samples, begin, peak = found
    samples = samples[: settings.width]
    sound = Sound(
        name=item.name + piece.title,
        path=str(item.path.absolute()),
        start=piece.start / rate + begin / settings.rate,
        duration=len(samples) / settings.rate,
        length=len(samples),
        peak=peak,
        label=piece.label,
        pack=item.pack,
        **statistics(samples, settings.rate),
    )
    return sound, samples
