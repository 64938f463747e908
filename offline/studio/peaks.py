"""The lowest and highest sample of every so many: what a waveform of hours is drawn from, at every zoom.

    level 64     128 samples → two pairs of (min, max) for each channel, int16
    level 256, 1024 … 65,536: of four pairs of the level before

It is the picture alone that is rounded to 16 bits; what is played and cut are the samples themselves. Made once for a
record, and kept beside what was detected in it.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import FLOATS
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.core.record_cache import RecordCache

FINEST, STEP = 64, 4
LEVELS = tuple(FINEST * STEP**power for power in range(6))
"""Samples that a pair stands for: 64 … 65,536."""
_BLOCK = 64 * LEVELS[-1]
_KIND, _FACTS = "peaks", [FINEST, STEP, len(LEVELS)]


def peaks_of(record: Record, told: Callable[[int], object] = int) -> NDArray[np.int16]:
    """Give all levels one after another, int16 (pairs, channels, 2); `span` says where each lies.

    told: is called with how many samples are done. Raises UserError as `Record.blocks`.
    """
    if record.cache is None:
        return _made(record, told)
    return record.cache.array(_KIND, _FACTS, lambda: _made(record, told))


def key_of(cache: RecordCache) -> str:
    """Give the key under which all levels are kept."""
    return cache.key(_KIND, _FACTS)


def span(length: int, level: int) -> tuple[int, int]:
    """Give where the pairs of a level lie in the array of a record of `length` samples. Raises ValueError."""
    begin = 0
    for one in LEVELS[: LEVELS.index(level)]:
        begin += -(-length // one)
    return begin, begin - (-length // level)


def part(peaks: NDArray[np.int16], length: int, level: int, first: int, last: int) -> NDArray[np.int16]:
    """Give the pairs of a level that touch the samples first..last: int16 (n, channels, 2). Raises ValueError."""
    begin, end = span(length, level)
    return peaks[begin + max(0, first) // level : min(end, begin - (-max(0, last) // level))]


def _made(record: Record, told: Callable[[int], object]) -> NDArray[np.int16]:
    sizes = [span(record.length, level) for level in LEVELS]
    found = np.zeros((sizes[-1][1], record.channels, 2), np.int16)
    begin = done = 0
    for samples in _blocks(record):
        pairs = extremes(samples, FINEST)
        found[begin : begin + len(pairs)] = pairs
        begin, done = begin + len(pairs), done + len(samples)
        told(done)
    for (low, high), (start, stop) in pairwise(sizes):
        finer, into = found[low:high], found[start:stop]
        whole = len(finer) // STEP * STEP
        grouped = finer[:whole].reshape(-1, STEP, record.channels, 2)
        into[: len(grouped), :, 0], into[: len(grouped), :, 1] = grouped[..., 0].min(1), grouped[..., 1].max(1)
        if whole < len(finer):
            into[-1, :, 0], into[-1, :, 1] = finer[whole:, :, 0].min(0), finer[whole:, :, 1].max(0)
    return found


def _blocks(record: Record) -> Iterator[NDArray[np.int16]]:
    if record.subtype not in FLOATS:
        yield from record.blocks(_BLOCK, dtype="int16")
        return
    for samples in record.blocks(_BLOCK):  # libsndfile scales no floats to whole numbers
        yield whole_numbers(samples)


def whole_numbers(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round floats of full scale ±1 to 16 bits; what is louder is clipped, what is no number is 0."""
    scaled = np.clip(np.nan_to_num(samples) * 2.0**15, -(2**15), 2**15 - 1)
    return np.rint(scaled).astype(np.int16)


def extremes(samples: NDArray[np.int16], size: int) -> NDArray[np.int16]:
    """Give the lowest and highest of every `size` samples, (n, channels), and of what is left at the end."""
    n, channels = samples.shape
    found = np.empty((-(-n // size), channels, 2), np.int16)
    whole = n // size
    lanes = np.ascontiguousarray(samples[: whole * size].T).reshape(channels, whole, size)
    found[:whole, :, 0], found[:whole, :, 1] = lanes.min(2).T, lanes.max(2).T
    if whole * size < n:
        rest = samples[whole * size :]
        found[whole, :, 0], found[whole, :, 1] = rest.min(0), rest.max(0)
    return found
