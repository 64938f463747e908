"""[worker] From files to sounds: read, mixed to mono, brought to one rate, cut, trimmed and described.

The samples of all sounds go one after the other to one file of float32, and all else is plain, for JSON: so it comes
back from a worker process, see samplechop.offline.kits.batch_workers.
"""

import re
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.find_files import Item
from samplechop.offline.atlas.collect.split import by_chops, by_energy
from samplechop.offline.atlas.collect.trim import trimmed
from samplechop.offline.atlas.features.descriptors import statistics
from samplechop.offline.audio import ffmpeg
from samplechop.offline.audio.decode import UNKNOWN
from samplechop.offline.audio.sample_formats import BLOCK
from samplechop.offline.kits.open import Record, audio_files, open_record
from samplechop.realtime.audio.file_source import open_audio
from samplechop.realtime.core.errors import UserError

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
            except Exception as error:  # a bug that one file meets must not cost the others theirs; it is told as one
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
    whole = recipe.split == "none" and item.said is None
    if whole:
        _check_length(audio, recipe)
    record = open_record(item.path, scratch)
    if record.warnings:
        raise UserError(_MENDED.sub("", record.warnings[0]))
    if whole and record.length > recipe.max_seconds * record.sample_rate:
        raise UserError(_too_long(audio, record.length / record.sample_rate, recipe))
    return record


def _pieces(item: Item, record: Record, recipe: Recipe) -> Iterator[Piece]:
    """Tell where a recording is cut."""
    rate = record.sample_rate
    if item.said is not None:
        for number, said in enumerate(item.said, 1):
            start, stop = round(said.start * rate), round(min(said.stop, said.start + recipe.max_seconds) * rate)
            if start >= record.length:
                raise UserError(
                    f"{said.label!r} is said at {said.start:.2f} s, but {str(item.path)!r} lasts "
                    f"{record.length / rate:.2f} s: give the alignment of this recording"
                )
            yield Piece(start, min(stop, record.length), f"_{number:04d}_{said.label}", said.label)
    elif record.length <= recipe.max_seconds * rate:
        yield Piece(0, record.length, "", item.label)
    else:
        chops = recipe.split == "chops"
        spans = by_chops(record, recipe.max_seconds) if chops else by_energy(record, recipe.max_seconds, recipe.share)
        for number, (start, stop) in enumerate(spans, 1):
            yield Piece(start, stop, f"_{number:04d}", item.label)


def _check_length(audio: Path, recipe: Recipe) -> None:
    """Tell by the header what is too long, before anything is decoded."""
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
    about = statistics(samples, recipe.rate)
    part = Part(
        piece.title,
        piece.label,
        start=piece.start / rate + begin / recipe.rate,
        duration=len(samples) / recipe.rate,
        length=len(samples),
        peak=peak,
        rms=about.rms,
        centroid=about.centroid,
        bandwidth=about.bandwidth,
        rolloff=about.rolloff,
        flatness=about.flatness,
        zero_crossings=about.zero_crossings,
    )
    yield part, samples
