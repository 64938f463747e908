"""Cutting: pieces of the record as wav files, sample for sample unless something else was asked for.

Without any of the changes below, what is written are the record's own numbers: they are read and written as integers of
their size, or as floats, so slices in order are the record, bit for bit. With them, a slice is worked on in this order:
ring-out, mono, trimming, resampling, normalising, fade.
"""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from offline.chop.opening import Record
from offline.chop.options import ChopOptions
from offline.chop.slicing import Piece
from offline.riff import undate

BLOCK = 1 << 16
"""Samples copied at a time: memory stays flat, however long the slice."""
PEAK_DBFS = -0.3
"""Of a slice that is normalised by its peak; room for what resampling on playback adds."""
LUFS = -14.0
"""Loudness of a slice that is normalised by loudness (ITU-R BS.1770-4)."""
LOUDNESS_BLOCK_SECONDS = 0.4
SILENCE_DB = -60.0
"""Below the slice's own peak: what is trimmed at its ends."""

BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of one sample."""
HEADER = 1 << 16
"""Bytes left free for what else stands in a wav."""

_EXACT = {"FLOAT": "float32", "DOUBLE": "float64"}


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
    """Write a piece as wav in the record's sample format and give its length, samples per channel of the file.

    last: where the record, or its part that is chopped, ends: no ring-out goes beyond. Raises OSError.
    """
    rate = record.sample_rate if options.resample is None else options.resample
    channels = 1 if options.mono else record.channels
    if changes(options):
        samples = shaped(record, piece, options, last)
        frames, kind = len(samples), container(len(samples), channels, record.subtype)
        soundfile.write(path, quantised(samples, record.subtype), rate, record.subtype, format=kind)
    else:
        frames = piece.stop - piece.start
        kind = container(frames, channels, record.subtype)
        with soundfile.SoundFile(path, "w", rate, channels, record.subtype, format=kind) as out:
            for block in record.blocks(BLOCK, piece.start, piece.stop, _EXACT.get(record.subtype, "int32")):
                out.write(block)
    undate(path)
    return frames


def container(frames: int, channels: int, subtype: str) -> str:
    """Tell which kind of wav holds so many frames: "WAV", or "RF64" where 4 GB do not suffice."""
    return "WAV" if frames * channels * BYTES[subtype] < (1 << 32) - HEADER else "RF64"


def shaped(record: Record, piece: Piece, options: ChopOptions, last: int) -> NDArray[np.float64]:
    """Read a piece and work on it: float64 (n, channels), full scale ±1, n >= 1."""
    tail = min(round(options.tail_ms / 1000 * record.sample_rate), last - piece.stop)
    samples = np.concatenate(list(record.blocks(BLOCK, piece.start, piece.stop + tail, "float64")))
    samples = np.nan_to_num(samples, posinf=1.0, neginf=-1.0)
    rate = record.sample_rate
    if options.mono:
        samples = samples.mean(axis=1, keepdims=True)
    if tail:
        samples[-tail:] *= _falling(tail)
    if options.trim:
        samples = trimmed(samples)
    if options.resample is not None and options.resample != rate:
        import soxr

        samples = soxr.resample(samples, rate, options.resample, "VHQ")
        rate = options.resample
    if options.normalise is not None:
        samples = samples * gain(samples, rate, options.normalise)
    fade = min(round(options.fade_ms / 1000 * rate), len(samples))
    if fade:
        samples[-fade:] *= _falling(fade)
    return samples


def quantised(samples: NDArray[np.float64], subtype: str) -> NDArray[Any]:
    """Round to the steps of a sample format, in int32 full scale, and clip; floats stay as they are.

    libsndfile scales floats by one step less on writing than on reading, which would change what nobody touched.
    """
    if subtype in _EXACT:
        return samples
    steps = 1 << (8 * BYTES[subtype] - 1)
    return np.asarray(np.clip(np.rint(samples * steps), -steps, steps - 1) * ((1 << 31) // steps)).astype(np.int32)


def _falling(length: int) -> NDArray[np.float64]:
    """Give half a cosine from one to zero, (length, 1), whose last value is zero."""
    steps = np.arange(1, length + 1) / length
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * steps))[:, None]


def trimmed(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out what is silent at both ends: SILENCE_DB below the slice's peak. Of silence alone one sample stays."""
    loud = np.abs(samples).max(axis=1)
    kept = np.flatnonzero(loud > loud.max() * 10 ** (SILENCE_DB / 20))
    return samples[kept[0] : kept[-1] + 1] if len(kept) else samples[:1]


def gain(samples: NDArray[np.float64], rate: int, by: str) -> float:
    """Find the factor that brings a slice to PEAK_DBFS, or to LUFS as far as its peak then allows; 1 for silence.

    Loudness is measured by pyloudnorm; a slice shorter than its 0.4 s is one block.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return 1.0
    most = 10 ** (PEAK_DBFS / 20) / peak
    if by == "peak":
        return most
    import pyloudnorm

    seconds = min(LOUDNESS_BLOCK_SECONDS, len(samples) / rate)
    loudness = pyloudnorm.Meter(rate, block_size=seconds).integrated_loudness(samples[:, :5])
    return min(most, float(10 ** ((LUFS - loudness) / 20))) if np.isfinite(loudness) else 1.0
