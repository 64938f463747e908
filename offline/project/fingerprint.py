"""What is kept of a record's sound, so that decisions find their places in another file of it when this one is gone.

The sound itself, low: mono at 2 kHz in 8 bits, each moment brought to one level; some 7 MB an hour. Peaks of a spectrum
would take less, and tell a place to 10 ms at best; from the waveform it is read to a tenth of a millisecond.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from samplechop.offline.common.arrays import read_arrays
from samplechop.offline.common.atomic import replacing
from samplechop.offline.kits.core.record import Record

RATE = 2_000
"""Hz."""
LEVEL_SECONDS = 1.0
"""Over so much a level is a mean: what is louder or softer as a whole, or from part to part, is the same sound."""
_PEAK = 32.0
"""One standard deviation, in steps of 8 bits."""
_BLOCK = 1 << 18
_LOUDEST = 1e4


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """samples: int8 (n,), at RATE Hz. sample_rate: Hz, length: samples per channel, of the record."""

    samples: NDArray[np.int8]
    sample_rate: int
    length: int


def fingerprint_of(record: Record) -> Fingerprint:
    """Read a record through and take its fingerprint. Raises UserError as `Record.blocks`."""
    stream = soxr.ResampleStream(record.sample_rate, RATE, 1, dtype="float32", quality="HQ")
    parts = [stream.resample_chunk(np.clip(np.nan_to_num(block), -_LOUDEST, _LOUDEST)) for block in record.mono(_BLOCK)]
    parts.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return Fingerprint(levelled(np.concatenate(parts)), record.sample_rate, record.length)


def levelled(sound: NDArray[np.float32]) -> NDArray[np.int8]:
    """Bring every moment of a sound, float32 (n,) at RATE Hz, to one level, in 8 bits."""
    from scipy.ndimage import uniform_filter1d

    energy = uniform_filter1d(np.square(sound, dtype=np.float64), round(LEVEL_SECONDS * RATE), mode="nearest")
    level = np.sqrt(np.maximum(energy, 1e-12))
    return np.clip(np.round(sound / level * _PEAK), -127, 127).astype(np.int8)


def write(path: Path, found: Fingerprint) -> None:
    """Write a fingerprint whole or not at all, as .npz. Raises UserError if the disk does not take it."""
    with replacing(path) as part:
        np.savez_compressed(part, samples=found.samples, record=np.array([found.sample_rate, found.length]))


def read(path: Path) -> Fingerprint:
    """Read a fingerprint. Raises OSError, and ValueError for what is none."""
    arrays = read_arrays(path)
    try:
        samples, (rate, length) = arrays["samples"], arrays["record"].tolist()
    except (KeyError, TypeError, ValueError):
        raise ValueError("it is no fingerprint of a record") from None
    if (
        samples.dtype != np.int8
        or samples.ndim != 1
        or not all(isinstance(one, int) and one > 0 for one in (rate, length))
    ):
        raise ValueError("it is no fingerprint of a record")
    return Fingerprint(samples, rate, length)
