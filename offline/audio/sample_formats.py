"""Sample formats of wav files, by soundfile's words for them, and audio brought to another one, a block at a time."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

BLOCK = 1 << 16
"""Samples per channel worked on at once: memory stays flat, however long the audio."""
BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of one sample, in every format that slices can have."""
FLOATS = {"FLOAT": "float32", "DOUBLE": "float64"}
"""Those that are no whole numbers, and numpy's words for them."""
MOST_WAV_BYTES = (1 << 32) - (1 << 16)
"""Samples that a plain wav file holds: its sizes have 32 bits, and 64 KB are left for what else stands in it."""


def exact_dtype(subtype: str) -> str:
    """Tell as what libsndfile reads and writes samples of a format unchanged; whole numbers as int32 of full scale."""
    return FLOATS.get(subtype, "int32")


def container(frames: int, channels: int, subtype: str) -> str:
    """Tell which kind of wav holds so many samples per channel: "WAV", or "RF64" where 4 GB do not suffice."""
    return "WAV" if frames * channels * BYTES[subtype] <= MOST_WAV_BYTES else "RF64"


@contextmanager
def wav_file(path: Path, rate: int, channels: int, subtype: str, frames: int) -> Iterator[soundfile.SoundFile]:
    """Open a wav file to be written. frames: the most samples per channel it will get.

    Raises OSError if the disk does not take it; soundfile itself has other errors for that, and asserts.
    """
    try:
        with soundfile.SoundFile(
            path, "w", rate, channels, subtype, format=container(frames, channels, subtype)
        ) as file:
            yield file
    except (soundfile.LibsndfileError, AssertionError) as error:
        reason = getattr(error, "error_string", "not all was written").strip().rstrip(".")
        raise OSError(errno.EIO, f"{reason}: is the disk full?", str(path)) from None


def quantised(samples: NDArray[Any], subtype: str) -> NDArray[Any]:
    """Round floats of full scale ±1 to the steps of a sample format, as `exact_dtype` has them, and clip.

    Floats stay as they are; of what is no number, NaN becomes 0 in whole numbers. libsndfile is not asked to round: it
    scales by one step less on writing than on reading, which would change what nobody touched.
    """
    if subtype in FLOATS:
        return samples.astype(FLOATS[subtype], copy=False)
    steps = 1 << (8 * BYTES[subtype] - 1)
    whole = np.rint(np.nan_to_num(samples.astype(np.float64), posinf=1.0, neginf=-1.0) * steps)
    return (np.clip(whole, -steps, steps - 1) * ((1 << 31) // steps)).astype(np.int32)


def mixed(samples: NDArray[Any], channels: int) -> NDArray[np.float64]:
    """Give float64 (n, channels) of samples (n, any): as they are where channels are as many, else their mean in each.

    What is no number becomes silence, what is endless full scale.
    """
    known = np.nan_to_num(samples.astype(np.float64, copy=False), posinf=1.0, neginf=-1.0)
    if known.shape[1] == channels:
        return known
    return np.repeat(known.mean(axis=1, keepdims=True), channels, axis=1)


def resampled(
    blocks: Iterable[NDArray[np.float64]], rate: int, wanted: int, channels: int
) -> Iterator[NDArray[np.float64]]:
    """Bring a stream of blocks (n, channels) from one sample rate in Hz to another, by soxr at its highest quality.

    The stream does not depend on how it is cut into blocks. Where the rates are the same, it passes unchanged.
    """
    if rate == wanted:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, channels, dtype="float64", quality="VHQ")
    for samples in blocks:
        yield stream.resample_chunk(samples)
    yield stream.resample_chunk(np.zeros((0, channels)), last=True)
