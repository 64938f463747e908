"""The spectra of a record, by which its slices are described and compared.

The record is read once, in blocks, mixed down as live and brought to 22 050 Hz. Its power spectrum is summed into
semitones and into mel bands. The semitones lose their drums by librosa's HPSS (Fitzgerald, "Harmonic/percussive
separation using median filtering", DAFx 2010).

The spectra are those of all samples of a record, whatever is cut out: so they are taken once, and kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from samplechop.offline.audio.mel import mel_filters
from samplechop.offline.kits.analysis.running_median import running_median
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
TIMBRE_SECONDS = 0.7
"""How much of a slice is judged by its timbre."""
KERNEL_FRAMES = 9
"""HPSS: what lasts longer than half of these frames, 0.2 s, is harmonic. librosa's 31 would swallow short chords."""
KERNEL_SEMITONES = 17

_KIND = "spectra"
_BLOCK_SECONDS = 20
_FRAMES = 1024  # spectra gathered before HPSS runs over them
_MARGIN = KERNEL_FRAMES // 2
_LOUDEST = 1e4  # of a sample; damaged float files hold anything


@dataclass(frozen=True, slots=True)
class Spectra:
    """The spectra of a part of a record. sample_rate: of the record, Hz; length: its samples.

    first: the sample that frame 0 is centred on; frames follow every HOP samples at RATE Hz.
    power: float32 (frames, 84 + 40), magnitudes of the semitones without drums, and power in mel bands.
    known: descriptions of slices that were asked for before: other kits of a record mostly have them, too.
    """

    sample_rate: int
    length: int
    first: int
    power: NDArray[np.float32]
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


def spectra(record: Record, first: int, last: int) -> Spectra:
    """Take the spectra that slices of the samples first..last are described by: 38 MB an hour, kept with the record."""
    begin, end = _heard(record, first, last)
    ratio = RATE / record.sample_rate

    def make() -> NDArray[np.float32]:
        return _without_drums(_spectra(_mono(record, begin, end)), 2 + round((end - begin) * ratio) // HOP)

    def read(power: NDArray[np.float32]) -> Spectra:
        return Spectra(record.sample_rate, record.length, begin, power)

    return read(make()) if record.cache is None else record.cache.array_value(_KIND, [begin, end], read, make)


def kept_spectra(record: Record, first: int, last: int) -> Spectra | None:
    """Give the spectra of a part of a record that were taken before; None where they were not."""
    begin, end = _heard(record, first, last)
    power = None if record.cache is None else record.cache.kept_array(_KIND, [begin, end])
    return None if power is None else Spectra(record.sample_rate, record.length, begin, power)


def _heard(record: Record, first: int, last: int) -> tuple[int, int]:
    """Give the samples whose spectra say all of the part first..last."""
    around = round((_MARGIN * HOP + N_FFT) / (RATE / record.sample_rate))
    end = last + round(TIMBRE_SECONDS * record.sample_rate) + around
    return max(0, first - around), min(record.length, end)


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
    lasting = np.square(running_median(magnitudes, KERNEL_FRAMES, 0))
    struck = np.square(running_median(magnitudes, KERNEL_SEMITONES, 1))
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
