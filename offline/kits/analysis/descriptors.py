"""What every chop sounds like, in numbers: its harmony, its timbre and its level.

Three descriptions of each slice follow from the record's spectra, see `record_spectra`:

- harmonic: the mean over the slice of log(1 + 100 x), where x is the magnitude over the slice's largest. This is what
  chops are compared by. Without the logarithm one loud note decides, with a deeper one the noise floor does.
- frame: the magnitudes in the one frame the slice begins with, as they are: the comparison of 2017.
- timbre: the mean of MFCC 1..19 over TIMBRE_SECONDS from the slice's start, wherever it ends, drums included. Nothing
  is chosen by it: it judges the choice, among sounds of one length.

Descriptions are kept with the spectra: other kits of a record have many of its slices again.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.kits.analysis.record_spectra import HOP, RATE, SEMITONES, TIMBRE_SECONDS, Spectra, spectra
from samplechop.offline.kits.core.options import Compare
from samplechop.offline.kits.core.record import Record

MFCCS = 19
LONGEST_SECONDS = 2.0
"""How much of a slice counts: what comes later says little about how the chop sounds when it is played."""
STEEPNESS = 100.0
SILENCE_DB = -100.0

_LEAST = 10.0 ** (SILENCE_DB / 10)  # of a power
_SLICES = 128  # described at a time
_MOST_KNOWN = 8192  # descriptions that are kept: 6 MB
_SMALLEST = 1e-9  # of a slice's largest magnitude: what is below counts as silence

Similarity = NDArray[np.float32]
"""Of n slices to each other: (n, n), 0..1, 1 on the diagonal."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Descriptions of n slices, float32.

    compare: "slice" or "frame", what they are compared by. sample_rate: of the record, Hz.
    harmonic: (n, 84), 0 or more. frame: (n, 84), magnitudes. timbre: (n, 19), MFCC of decibels.
    level_db: (n,), mean power in dB, -100 for silence, comparable within one record.
    """

    compare: Compare
    sample_rate: int
    harmonic: NDArray[np.float32]
    frame: NDArray[np.float32]
    timbre: NDArray[np.float32]
    level_db: NDArray[np.float32]

    def __len__(self) -> int:
        """Count the slices."""
        return len(self.level_db)

    def part(self, indices: ArrayLike) -> "Descriptors":
        """Give the descriptions of some of the slices."""
        which = np.asarray(indices, np.int64)
        return Descriptors(self.compare, self.sample_rate, *(values[which] for values in self.columns))

    @property
    def columns(self) -> tuple[NDArray[np.float32], ...]:
        """All of them, one row for each slice."""
        return self.harmonic, self.frame, self.timbre, self.level_db

    @property
    def compared(self) -> NDArray[np.float32]:
        """What they are compared by, (n, 84): `harmonic`, or for "frame" the same logarithm of `frame`."""
        return self.harmonic if self.compare == "slice" else _logarithm(self.frame[:, None]).mean(axis=1)

    def similarity(self, indices: ArrayLike) -> Similarity:
        """Compare some of the slices with each other: float32 (k, k), 0..1, 1 on the diagonal."""
        return similarity(self.compared[np.asarray(indices, np.int64)])


def describe(record: Record, starts: ArrayLike, stops: ArrayLike, compare: Compare = "slice") -> Descriptors:
    """Describe n slices of a record, see `describe_in`."""
    begins, ends = np.asarray(starts, np.int64), np.asarray(stops, np.int64)
    _check(begins, ends, record.length)
    first, last = (int(begins.min()), int(ends.max())) if len(begins) else (0, 0)
    return describe_in(spectra(record, first, last), begins, ends, compare)


def describe_in(heard: Spectra, starts: ArrayLike, stops: ArrayLike, compare: Compare = "slice") -> Descriptors:
    """Describe n slices: starts, stops: (n,) samples of the record, in any order; at most the first 2 s count.

    compare: what they will be compared by. A slice too short to hold the centre of a frame gets the next one.
    Raises ValueError where a slice ends before it starts or lies outside the record.
    """
    begin_at, end_at = np.asarray(starts, np.int64), np.asarray(stops, np.int64)
    _check(begin_at, end_at, heard.length)
    n, frames, scale = len(begin_at), len(heard.power), RATE / heard.sample_rate / HOP
    made = _blank(n, compare, heard.sample_rate)
    if not n:
        return made
    end_at = np.minimum(end_at, begin_at + round(LONGEST_SECONDS * heard.sample_rate))
    timbre_at = np.minimum(begin_at + round(TIMBRE_SECONDS * heard.sample_rate), heard.length)
    begins, finishes, judged = (
        np.ceil((places - heard.first) * scale).astype(np.int64) for places in (begin_at, end_at, timbre_at)
    )
    begins = np.minimum(begins, frames - 1)
    finishes, judged = (np.clip(ends, begins + 1, frames) for ends in (finishes, judged))
    keys = begins << 16 | finishes - begins << 8 | judged - begins
    before = heard.known.get(compare)
    there = np.zeros(n, bool) if before is None else before.fill(made, keys)
    which = np.flatnonzero(~there)
    for first in range(0, len(which), _SLICES):
        part = which[first : first + _SLICES]
        rows, bounds = _rows(begins[part], finishes[part])
        power = heard.power[rows]
        harmonic, counts = power[:, :SEMITONES], np.diff(bounds, append=len(rows))[:, None].astype(np.float32)
        largest = np.maximum.reduceat(harmonic.max(axis=1), bounds)
        scales = np.repeat(STEEPNESS / np.maximum(largest, _SMALLEST), counts[:, 0].astype(np.int64))
        made.frame[part] = harmonic[bounds]
        scaled = harmonic * scales[:, None]
        made.harmonic[part] = np.add.reduceat(np.log1p(scaled, out=scaled), bounds) / counts
        levels = np.add.reduceat(power[:, SEMITONES:].sum(axis=1), bounds) / counts[:, 0]
        made.level_db[part] = np.maximum(SILENCE_DB, 10 * np.log10(levels + _LEAST))
        rows, bounds = _rows(begins[part], judged[part])
        decibels = 10 * np.log10(heard.power[rows, SEMITONES:] + _LEAST)
        means = np.add.reduceat(decibels, bounds) / np.diff(bounds, append=len(rows))[:, None]
        made.timbre[part] = scipy.fft.dct(means, norm="ortho")[:, 1 : MFCCS + 1]
    if len(which):
        heard.known[compare] = _Known.of(keys, made) if before is None else before.joined(keys, made, which)
    return made


def _blank(n: int, compare: Compare, sample_rate: int) -> Descriptors:
    harmony, frame, timbre = (np.zeros((n, width), np.float32) for width in (SEMITONES, SEMITONES, MFCCS))
    return Descriptors(compare, sample_rate, harmony, frame, timbre, np.full(n, SILENCE_DB, np.float32))


@dataclass(frozen=True, slots=True)
class _Known:
    """Descriptions of slices by their frames. keys: int64 (n,), rising: first frame, how many, and how many of timbre,
    which are below 256, in one number.
    """

    keys: NDArray[np.int64]
    said: Descriptors

    @classmethod
    def of(cls, keys: NDArray[np.int64], said: Descriptors) -> "_Known":
        """Take them in any order."""
        order = np.argsort(keys)
        return cls(keys[order], said.part(order))

    def fill(self, made: Descriptors, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Write into descriptions, of slices by their keys, those that are known; tell which: bool (n,)."""
        at = np.searchsorted(self.keys, keys).clip(0, len(self.keys) - 1)
        there: NDArray[np.bool_] = self.keys[at] == keys
        for into, values in zip(made.columns, self.said.columns, strict=True):
            into[there] = values[at[there]]
        return there

    def joined(self, keys: NDArray[np.int64], made: Descriptors, fresh: NDArray[np.int64]) -> "_Known":
        """Give them with `fresh` ones of others, indices; or, where that were too many, those others alone."""
        if len(self.keys) + len(fresh) > _MOST_KNOWN:
            return self.of(keys, made)
        both = (np.concatenate([a, b[fresh]]) for a, b in zip(self.said.columns, made.columns, strict=True))
        return self.of(np.concatenate([self.keys, keys[fresh]]), Descriptors(made.compare, made.sample_rate, *both))


def _check(starts: NDArray[np.int64], stops: NDArray[np.int64], length: int) -> None:
    if len(starts) and not (starts.min() >= 0 and np.all(starts <= stops) and stops.max() <= length):
        raise ValueError(f"slices must have starts <= stops and lie in 0..{length} samples")


def _rows(begins: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give all of begins..ends one after the other, and where in these each begins: none of them is empty."""
    counts = ends - begins
    bounds = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(begins - bounds, counts), bounds


def _logarithm(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give log(1 + 100 x) of magnitudes, (..., frames, 84), over the largest of each slice; silence stays 0."""
    largest = magnitudes.max(axis=(-2, -1), keepdims=True)
    logarithm: NDArray[np.float32] = np.log1p(magnitudes * (STEEPNESS / np.maximum(largest, _SMALLEST)))
    return logarithm


def similarity(vectors: NDArray[np.float32]) -> Similarity:
    """Give the cosine between vectors without negative parts, (n, d): float32 (n, n), 0..1, 1 on the diagonal.

    Vectors of zeros, as silence has, are like each other and unlike all others.
    """
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    silent = (lengths == 0).astype(np.float32)
    units = np.concatenate([vectors / (lengths + silent), silent], axis=1)
    cosines: Similarity = units @ units.T
    np.clip(cosines, 0.0, 1.0, out=cosines)
    np.fill_diagonal(cosines, 1.0)
    return cosines
