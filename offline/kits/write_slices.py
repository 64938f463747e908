"""Pieces of the record as wav files, sample for sample unless something else was asked for.

Without any change what is written are the record's own numbers: they are read and written as integers of their size, or
as floats, so slices in order are the record, bit for bit. What can be asked for, in this order: ring-out, mono,
trimming, resampling, normalising, declick and fade. Trimming and normalising must know the whole slice first, so it is
read more than once rather than pending: memory stays flat, however long the slice.

Loudness is that of ITU-R BS.1770-4. pyloudnorm weights and measures; it wants the whole signal, so it is given
stretches, each with a second more on either side: the weighting filters forget within milliseconds, so the power of
each gating block is the one the whole would have. Only the gating, which needs the blocks of all, is done here.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BLOCK, exact_dtype, mixed, quantised, resampled, undate, wav_file
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.options import DECLICK_MS, ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.channels import cancels

PEAK_DBFS = -0.3
"""Of a slice that is normalised by its peak; room for what resampling on playback adds."""
LUFS = -14.0
"""Loudness of a slice that is normalised by loudness (ITU-R BS.1770-4)."""
SILENCE_DB = -60.0
"""Below the slice's own peak: what is trimmed at its ends."""

GATING_SECONDS = 0.4
"""Of a gating block; one begins every quarter of it. A signal that is shorter is one block."""
STRETCH_SECONDS = 10
"""Measured at a time. A whole number, as the one beside it, so that the blocks of all stretches are in step."""
BESIDE_SECONDS = 1
MOST_CHANNELS = 5
"""For which the recommendation has weights; others do not count."""

_BLOCKS_PER_SECOND = 10
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0

Blocks = Iterator[NDArray[np.float64]]


def changes(options: ChopOptions) -> bool:
    """Tell whether slices differ from the record's own samples."""
    level = options.fade_ms, options.declick, options.normalise
    return any((*level, options.tail_ms, options.mono, options.resample, options.trim))


def write_slice(record: Record, piece: Piece, path: Path, options: ChopOptions, last: int, gain_db: float = 0.0) -> int:
    """Write a piece as wav in the record's sample format and give its length, samples per channel of the file, >= 1.

    last: where the record, or its part that is chopped, ends: no ring-out goes beyond. gain_db: of this slice, above
    all else. A block at a time is in memory.
    Raises OSError.
    """
    rate = options.resample or record.sample_rate
    channels = 1 if options.mono else record.channels
    frames, seconds = 0, (piece.stop - piece.start) / record.sample_rate + options.tail_ms / 1000
    most = math.ceil(seconds * rate) + 1  # the header comes before what decides how long it really becomes
    if changes(options) or gain_db:
        factor = 10 ** (gain_db / 20)
        blocks: Iterator[NDArray[Any]] = (
            quantised(samples * factor, record.subtype) for samples in shaped(record, piece, options, last)
        )
    else:
        blocks = record.blocks(BLOCK, piece.start, piece.stop, exact_dtype(record.subtype))
    with wav_file(path, rate, channels, record.subtype, most) as out:
        for samples in blocks:
            out.write(samples)
            frames += len(samples)
    undate(path)
    return frames


def shaped(
    record: Record, piece: Piece, options: ChopOptions, last: int, begins: Callable[[int], object] = int
) -> Blocks:
    """Read a piece and work on it: blocks of float64 (n, channels), full scale ±1, at least one sample in all.

    last: where the record, or its part that is chopped, ends: no ring-out goes beyond. begins: is called with the
    sample of the record that it begins with, as trimming may take some away.
    """
    tail = min(_frames(options.tail_ms, record.sample_rate), last - piece.stop)
    channels = 1 if options.mono else record.channels
    rate = options.resample or record.sample_rate
    start, stop = piece.start, piece.stop + tail
    channel: str = record.channel
    if channels < record.channels and channel == "auto":
        channel = "side" if cancels(record.blocks(BLOCK, start, stop)) else "mix"
    rung_out = partial(_rung_out, record, piece.stop, tail, channels, channel)
    if options.trim:
        begin, end = edges(lambda: rung_out(start, stop))
        start, stop = start + begin, start + end
    begins(start)

    def made() -> Blocks:
        sound = rung_out(start, stop)
        return _some(resampled(sound, record.sample_rate, rate, channels), channels)

    factor = gain(made, rate, options.normalise) if options.normalise else 1.0
    declick = _frames(DECLICK_MS, rate) if options.declick else 0
    risen = faded_in((samples * factor for samples in made()), declick)
    return faded(risen, max(declick, _frames(options.fade_ms, rate)))


def edges(blocks: Callable[[], Iterator[NDArray[Any]]], silence_db: float = SILENCE_DB) -> tuple[int, int]:
    """Tell where the first sample is that is not silent, and the one after the last; of silence alone one sample stays.

    Silent is what lies silence_db below the peak. blocks: gives the stream anew each time.
    """
    limit = peak(blocks()) * 10 ** (silence_db / 20)
    begin, end, position = 0, 0, 0
    for samples in blocks():
        loud = np.flatnonzero(np.abs(samples).max(axis=1) > limit)
        if len(loud):
            begin = begin if end else position + int(loud[0])
            end = position + int(loud[-1]) + 1
        position += len(samples)
    return begin, max(end, 1)


def peak(blocks: Iterable[NDArray[Any]]) -> float:
    """Give the largest absolute value; 0 for nothing."""
    return max((float(np.abs(samples).max(initial=0.0)) for samples in blocks), default=0.0)


def gain(blocks: Callable[[], Blocks], rate: int, by: str) -> float:
    """Find the factor that brings a slice to PEAK_DBFS, or to LUFS as far as its peak then allows; 1 for silence.

    by: "peak" or "lufs". blocks: gives the stream anew each time. rate: Hz.
    """
    highest = peak(blocks())
    if highest == 0.0:
        return 1.0
    most = float(10 ** (PEAK_DBFS / 20)) / highest
    if by == "peak":
        return most
    level = loudness(blocks(), rate)
    return min(most, float(10 ** ((LUFS - level) / 20))) if np.isfinite(level) else 1.0


def faded_in(blocks: Iterable[NDArray[np.float64]], length: int) -> Blocks:
    """Let the first `length` samples rise from zero; what comes after passes unchanged."""
    position = 0
    for samples in blocks:
        rising = min(length - position, len(samples))
        if rising > 0:
            samples = samples.copy()
            samples[:rising] *= 1.0 - _falling(position - 1, position - 1 + rising, length)
        position += len(samples)
        yield samples


def faded(blocks: Iterable[NDArray[np.float64]], length: int) -> Blocks:
    """Let the last `length` samples, or all where there are fewer, fall to zero; what is before passes unchanged."""
    pending: NDArray[np.float64] | None = None  # what may turn out to be the end
    for samples in blocks:
        pending = samples if pending is None else np.concatenate([pending, samples])
        if len(pending) > length:
            yield pending[: len(pending) - length]
            pending = pending[len(pending) - length :]
    if pending is not None and len(pending):
        yield pending * _falling(0, len(pending), len(pending))


def _rung_out(record: Record, stop: int, tail: int, channels: int, channel: str, first: int, last: int) -> Blocks:
    """Read the samples first..last, which after `stop` fall to zero within `tail`, in so many channels."""
    position = first
    for samples in record.blocks(BLOCK, first, last, "float64"):
        sound = mixed(samples, channels, channel)
        position += len(sound)
        beyond = min(position - stop, len(sound))
        if beyond > 0:
            sound[-beyond:] *= _falling(position - beyond - stop, position - stop, tail)
        yield sound


def _some(blocks: Blocks, channels: int) -> Blocks:
    """Pass what is not empty; a slice so short that resampling leaves nothing of it becomes a sample of silence."""
    empty = True
    for samples in blocks:
        if len(samples):
            empty = False
            yield samples
    if empty:
        yield np.zeros((1, channels))


def _falling(first: int, last: int, length: int) -> NDArray[np.float64]:
    """Give first..last of half a cosine from one to zero, (n, 1), whose last value, at length - 1, is zero."""
    steps = np.arange(first + 1, last + 1) / length
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * steps))[:, None]


def _frames(milliseconds: float, rate: int) -> int:
    return round(milliseconds / 1000 * rate)


def loudness(blocks: Iterable[NDArray[np.float64]], rate: int) -> float:
    """Give the integrated loudness in LUFS, -inf for silence. blocks: float64 (n, channels), full scale ±1."""
    size, beside = STRETCH_SECONDS * rate, BESIDE_SECONDS * rate
    before, blocks_before = 0, 0
    measured: list[float] = []
    pending = np.zeros((0, 1))
    for samples in blocks:
        weighted = samples[:, :MOST_CHANNELS]
        pending = np.concatenate([pending, weighted]) if len(pending) else weighted
        while len(pending) >= before + size + beside:
            stop = before + size
            levels = _blockwise(pending[: stop + beside], rate)
            measured += levels[blocks_before : blocks_before + STRETCH_SECONDS * _BLOCKS_PER_SECOND]
            pending = pending[stop - beside :]
            before, blocks_before = beside, BESIDE_SECONDS * _BLOCKS_PER_SECOND
    if len(pending):
        measured += _blockwise(pending, rate)[blocks_before:]
    return gated(measured)


def gated(blockwise: Sequence[float]) -> float:
    """Give the mean, in LUFS, of the gating blocks that are neither near silence nor far below the others."""
    each = np.array(blockwise)
    audible = each[each >= _ABSOLUTE_GATE]
    if not len(audible):
        return -np.inf
    return _mean(audible[audible > _mean(audible) + _RELATIVE_GATE])


def _mean(levels: NDArray[np.float64]) -> float:
    """Give the level of the mean power."""
    return float(10.0 * np.log10(np.mean(10.0 ** (levels / 10.0))))


def _blockwise(samples: NDArray[np.float64], rate: int) -> list[float]:
    """Measure the gating blocks of a stretch, in LUFS."""
    import pyloudnorm

    # The next number below: of a signal as long as one block, pyloudnorm may otherwise say that it is too short.
    meter = pyloudnorm.Meter(rate, block_size=min(GATING_SECONDS, float(np.nextafter(len(samples) / rate, 0.0))))
    with np.errstate(divide="ignore", invalid="ignore"):
        meter.integrated_loudness(samples)
    return [float(level) for level in meter.blockwise_loudness]
