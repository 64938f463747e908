"""What every chop sounds like, in numbers: its harmony, its timbre and its level.

The record is read once, in blocks, mixed down as live and brought to 22 050 Hz. Its power spectrum is summed into
semitones and into mel bands. The semitones lose their drums by librosa's HPSS (Fitzgerald, "Harmonic/percussive
separation using median filtering", DAFx 2010). Three descriptions of each slice follow:

- harmonic: the mean over the slice of log(1 + 100 x), where x is the magnitude over the slice's largest. This is what
  chops are compared by. Without the logarithm one loud note decides, with a deeper one the noise floor does.
- frame: the magnitudes in the one frame the slice begins with, as they are: the comparison of 2017.
- timbre: the mean of MFCC 1..19 over TIMBRE_SECONDS from the slice's start, wherever it ends, drums included. Nothing
  is chosen by it: it judges the choice, among sounds of one length.

The spectra of a record are those of all its samples, whatever is cut out: so they are taken once, and kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
import soxr
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.audio.mel import mel_filters
from samplechop.offline.kits.core.options import Compare
from samplechop.offline.kits.core.record import Record

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RATE = 22_050
"""Hz, of the audio the spectrum is of."""
N_FFT = 4096
LOWEST_HZ = 65.406
"""C2: below it a semitone is narrower than half a bin of the spectrum."""
SEMITONES = 84
MELS = 40
HOP = 1024
MFCCS = 19
LONGEST_SECONDS = 2.0
"""How much of a slice counts: what comes later says little about how the chop sounds when it is played."""
TIMBRE_SECONDS = 0.7
KERNEL_FRAMES = 9
"""HPSS: what lasts longer than half of these frames, 0.2 s, is harmonic. librosa's 31 would swallow short chords."""
KERNEL_SEMITONES = 17
STEEPNESS = 100.0
SILENCE_DB = -100.0

_LEAST = 10.0 ** (SILENCE_DB / 10)  # of a power
_BLOCK_SECONDS = 20
_FRAMES = 1024  # spectra gathered before HPSS runs over them
_MARGIN = KERNEL_FRAMES // 2
_SLICES = 128  # described at a time
_LOUDEST = 1e4  # of a sample; damaged float files hold anything
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
        parts = (values[which] for values in (self.harmonic, self.frame, self.timbre, self.level_db))
        return Descriptors(self.compare, self.sample_rate, *parts)

    @property
    def compared(self) -> NDArray[np.float32]:
        """What they are compared by, (n, 84): `harmonic`, or for "frame" the same logarithm of `frame`."""
        return self.harmonic if self.compare == "slice" else _logarithm(self.frame[:, None]).mean(axis=1)

    def similarity(self, indices: ArrayLike) -> Similarity:
        """Compare some of the slices with each other: float32 (k, k), 0..1, 1 on the diagonal."""
        return similarity(self.compared[np.asarray(indices, np.int64)])


@dataclass(frozen=True, slots=True)
class Spectra:
    """The spectra of a part of a record. sample_rate: of the record, Hz; length: its samples.

    first: the sample that frame 0 is centred on; frames follow every HOP samples at RATE Hz.
    power: float32 (frames, 84 + 40), magnitudes of the semitones without drums, and power in mel bands.
    """

    sample_rate: int
    length: int
    first: int
    power: NDArray[np.float32]


def spectra(record: Record, first: int, last: int) -> Spectra:
    """Take the spectra that slices of the samples first..last are described by: 38 MB an hour, kept with the record."""
    ratio = RATE / record.sample_rate
    around = round((_MARGIN * HOP + N_FFT) / ratio)
    begin = max(0, first - around)
    end = min(record.length, last + round(TIMBRE_SECONDS * record.sample_rate) + around)

    def make() -> NDArray[np.float32]:
        return _without_drums(_spectra(_mono(record, begin, end)), 2 + round((end - begin) * ratio) // HOP)

    power = make() if record.cache is None else record.cache.array("spectra", [begin, end], make)
    return Spectra(record.sample_rate, record.length, begin, power)


def _without_drums(parts: Iterator[NDArray[np.float32]], expected: int) -> NDArray[np.float32]:
    """Give spectra as in `Spectra.power`. expected: about how many frames there are."""
    made = np.empty((expected, SEMITONES + MELS), np.float32)
    power, done = np.zeros((0, SEMITONES + MELS), np.float32), 0  # done: frames made; power: from _MARGIN before them
    for part, ended in _gathered(parts):
        power = np.concatenate([power, part])
        harmonic = harmonic_part(np.sqrt(power[:, :SEMITONES]))
        before = min(done, _MARGIN)
        stop = max(before, len(power) - (0 if ended else _MARGIN))
        fresh = stop - before
        if done + fresh > len(made):
            made = np.concatenate([made[:done], np.empty((fresh + HOP, SEMITONES + MELS), np.float32)])
        made[done : done + fresh, :SEMITONES] = harmonic[before:stop]
        made[done : done + fresh, SEMITONES:] = power[before:stop, SEMITONES:]
        done += fresh
        power = power[max(0, stop - _MARGIN) :]
    return made[:done]


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
    n, known, scale = len(begin_at), len(heard.power), RATE / heard.sample_rate / HOP
    harmony, frame, timbre = (np.zeros((n, width), np.float32) for width in (SEMITONES, SEMITONES, MFCCS))
    made = Descriptors(compare, heard.sample_rate, harmony, frame, timbre, np.full(n, SILENCE_DB, np.float32))
    if not n:
        return made
    end_at = np.minimum(end_at, begin_at + round(LONGEST_SECONDS * heard.sample_rate))
    timbre_at = np.minimum(begin_at + round(TIMBRE_SECONDS * heard.sample_rate), heard.length)
    begins, finishes, judged = (
        np.ceil((places - heard.first) * scale).astype(np.int64) for places in (begin_at, end_at, timbre_at)
    )
    begins = np.minimum(begins, known - 1)
    finishes, judged = (np.clip(ends, begins + 1, known) for ends in (finishes, judged))
    for first in range(0, n, _SLICES):
        part = slice(first, first + _SLICES)
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
    return made


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


def _mono(record: Record, first: int, last: int) -> Iterator[NDArray[np.float32]]:
    stream = None
    if record.sample_rate != RATE:
        stream = soxr.ResampleStream(record.sample_rate, RATE, 1, dtype="float32", quality="LQ")
    for block in record.mono(_BLOCK_SECONDS * record.sample_rate, first, last):
        mono = np.clip(block, -_LOUDEST, _LOUDEST)
        yield mono if stream is None else stream.resample_chunk(mono)
    if stream is not None:
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _spectra(blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Give power in semitones and mel bands, (frames, 84 + 40); frame f is centred on sample f * HOP."""
    weights, window = _sparse_bank(), np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    rest = np.zeros(N_FFT // 2, np.float32)

    def frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        windows = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
        spectrum = scipy.fft.rfft(windows * window, axis=1)
        power = np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).T)
        banded: NDArray[np.float32] = (weights @ power).T
        return banded

    for block in blocks:
        rest = np.concatenate([rest, block])
        if len(rest) >= N_FFT:
            power = frames(rest)
            rest = rest[len(power) * HOP :]
            yield power
    yield frames(np.concatenate([rest, np.zeros(N_FFT // 2 + HOP, np.float32)]))


def _gathered(parts: Iterator[NDArray[np.float32]]) -> Iterator[tuple[NDArray[np.float32], bool]]:
    """Join parts to `_FRAMES` frames or more, and say with each whether it is the last."""
    gathered: list[NDArray[np.float32]] = []
    for part in parts:
        if sum(map(len, gathered)) >= _FRAMES:
            yield np.concatenate(gathered), False
            gathered = []
        gathered.append(part)
    yield np.concatenate(gathered), True


def harmonic_part(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Separate magnitudes, (frames, 84), from their drums: those of librosa.decompose.hpss, to rounding.

    That module is not imported for it, as it brings scikit-learn along and with it half a second; a test compares both.
    """
    from scipy.ndimage import median_filter

    lasting = np.square(median_filter(magnitudes, (KERNEL_FRAMES, 1), mode="reflect"))
    struck = np.square(median_filter(magnitudes, (1, KERNEL_SEMITONES), mode="reflect"))
    both = lasting + struck
    share = np.divide(lasting, both, out=np.full_like(both, 0.5), where=both > np.finfo(np.float32).tiny)
    return magnitudes * share


@cache
def bank() -> NDArray[np.float32]:
    """Give the weights of each bin of the spectrum in each semitone and mel band: (bins, 84 + 40)."""
    frequencies = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    centres = LOWEST_HZ * 2 ** (np.arange(SEMITONES) / 12)
    reach = np.maximum(centres * (2 ** (1 / 12) - 1), RATE / N_FFT)
    semitones = np.maximum(0, 1 - np.abs(frequencies[:, None] - centres) / reach)
    semitones /= semitones.sum(axis=0)
    weights: NDArray[np.float32] = np.concatenate(
        [semitones, mel_filters(frequencies, MELS, 0.0, RATE / 2)], axis=1
    ).astype(np.float32)
    return weights


@cache
def _sparse_bank() -> "csr_array":
    # A dense product would be that of BLAS, whose sums differ with its threads: a kit must not differ with the cores.
    from scipy.sparse import csr_array

    return csr_array(bank().T)


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
