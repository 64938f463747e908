"""What can be asked of slices beyond cutting them out of the record, a block at a time.

In this order: ring-out, mono, trimming, resampling, normalising, fade. Trimming and normalising must know the whole
slice first, so it is read more than once rather than held: memory stays flat, however long the slice.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BLOCK, mixed, resampled
from samplechop.offline.kits.open import Record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.slices.loudness import loudness
from samplechop.offline.kits.slices.slicing import Piece

PEAK_DBFS = -0.3
"""Of a slice that is normalised by its peak; room for what resampling on playback adds."""
LUFS = -14.0
"""Loudness of a slice that is normalised by loudness (ITU-R BS.1770-4)."""
SILENCE_DB = -60.0
"""Below the slice's own peak: what is trimmed at its ends."""

Blocks = Iterator[NDArray[np.float64]]


def shaped(record: Record, piece: Piece, options: ChopOptions, last: int) -> Blocks:
    """Read a piece and work on it: blocks of float64 (n, channels), full scale ±1, at least one sample in all.

    last: where the record, or its part that is chopped, ends: no ring-out goes beyond.
    """
    tail = min(_samples(options.tail_ms, record.sample_rate), last - piece.stop)
    channels = 1 if options.mono else record.channels
    rate = options.resample or record.sample_rate
    start, stop = piece.start, piece.stop + tail
    if options.trim:
        begin, end = edges(lambda: _rung_out(record, piece.stop, tail, channels, start, stop))
        start, stop = start + begin, start + end

    def made() -> Blocks:
        sound = _rung_out(record, piece.stop, tail, channels, start, stop)
        return _some(resampled(sound, record.sample_rate, rate, channels), channels)

    factor = gain(made, rate, options.normalise) if options.normalise else 1.0
    return faded((samples * factor for samples in made()), _samples(options.fade_ms, rate))


def edges(blocks: Callable[[], Blocks]) -> tuple[int, int]:
    """Tell where the first sample is that is not silent, and the one after the last; of silence alone one sample stays.

    Silent is what lies SILENCE_DB below the peak. blocks: gives the stream anew each time.
    """
    limit = peak(blocks()) * 10 ** (SILENCE_DB / 20)
    begin, end, position = 0, 0, 0
    for samples in blocks():
        loud = np.flatnonzero(np.abs(samples).max(axis=1) > limit)
        if len(loud):
            begin = begin if end else position + int(loud[0])
            end = position + int(loud[-1]) + 1
        position += len(samples)
    return begin, max(end, 1)


def peak(blocks: Blocks) -> float:
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


def faded(blocks: Iterable[NDArray[np.float64]], length: int) -> Blocks:
    """Let the last `length` samples, or all where there are fewer, fall to zero; what is before passes unchanged."""
    held: NDArray[np.float64] | None = None  # what may turn out to be the end
    for samples in blocks:
        held = samples if held is None else np.concatenate([held, samples])
        if len(held) > length:
            yield held[: len(held) - length]
            held = held[len(held) - length :]
    if held is not None and len(held):
        yield held * _falling(0, len(held), len(held))


def _rung_out(record: Record, stop: int, tail: int, channels: int, first: int, last: int) -> Blocks:
    """Read the samples first..last, which after `stop` fall to zero within `tail`, in so many channels."""
    position = first
    for samples in record.blocks(BLOCK, first, last, "float64"):
        sound = mixed(samples, channels)
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


def _samples(milliseconds: float, rate: int) -> int:
    return round(milliseconds / 1000 * rate)
