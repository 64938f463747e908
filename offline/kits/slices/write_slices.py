"""Cutting: pieces of the record as wav files, sample for sample unless something else was asked for.

Without any change what is written are the record's own numbers: they are read and written as integers of their size, or
as floats, so slices in order are the record, bit for bit. What can be changed is in slices.fades_and_gain.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BLOCK, exact_dtype, quantised, wav_file
from samplechop.offline.audio.wav_chunks import undate
from samplechop.offline.kits.open import Record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.slices.fades_and_gain import shaped
from samplechop.offline.kits.slices.slicing import Piece


def changes(options: ChopOptions) -> bool:
    """Tell whether slices differ from the record's own samples."""
    return bool(
        options.fade_ms
        or options.tail_ms
        or options.normalise
        or options.mono
        or options.resample is not None
        or options.trim
    )


def write_slice(record: Record, piece: Piece, path: Path, options: ChopOptions, last: int) -> int:
    """Write a piece as wav in the record's sample format and give its length, samples per channel of the file, >= 1.

    last: where the record, or its part that is chopped, ends: no ring-out goes beyond. A block at a time is in memory.
    Raises OSError.
    """
    rate = options.resample or record.sample_rate
    channels = 1 if options.mono else record.channels
    frames = 0
    with wav_file(path, rate, channels, record.subtype, _most_frames(record, piece, options)) as out:
        for samples in _samples(record, piece, options, last):
            out.write(samples)
            frames += len(samples)
    undate(path)
    return frames


def _samples(record: Record, piece: Piece, options: ChopOptions, last: int) -> Iterator[NDArray[Any]]:
    """Give what the file is to hold, in blocks as libsndfile writes them unchanged."""
    if not changes(options):
        yield from record.blocks(BLOCK, piece.start, piece.stop, exact_dtype(record.subtype))
        return
    for samples in shaped(record, piece, options, last):
        yield quantised(samples, record.subtype)


def _most_frames(record: Record, piece: Piece, options: ChopOptions) -> int:
    """Tell how long the file can become: the header comes before what decides it."""
    seconds = (piece.stop - piece.start) / record.sample_rate + options.tail_ms / 1000
    return math.ceil(seconds * (options.resample or record.sample_rate)) + 1
