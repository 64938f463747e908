"""Wav files: sample formats, by soundfile's words for them, conversion a block at a time, header, and chunks of places.

Multimedia Programming Interface and Data Specifications 1.0 (1991) and New Multimedia Data Types and Data Techniques
(1994) have `cue `, `LIST adtl` and `smpl`; EBU Tech 3306 has RF64. Names are UTF-8, as today's programs write them.
samplechop.offline.labels.formats reads the places that are written here.
"""

import errno
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.realtime.core.channels import WEIGHTS, cancels

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


def mixed(samples: NDArray[Any], channels: int, channel: str = "mix") -> NDArray[np.float64]:
    """Give float64 (n, channels) of samples (n, any): as they are where channels are as many, else their mean in each.

    channel: what takes the place of the mean, see Downmix; "auto" is the difference of stereo that `cancels`. What is
    no number becomes silence, what is endless full scale.
    """
    known = np.nan_to_num(samples.astype(np.float64, copy=False), posinf=1.0, neginf=-1.0)
    if known.shape[1] == channels:
        return known
    if channel == "auto":
        channel = "side" if cancels([known]) else "mix"
    weights = WEIGHTS.get(channel) if known.shape[1] > 1 else None
    one = known.mean(axis=1, keepdims=True) if weights is None else known[:, :2] @ np.array(weights)[:, None]
    return np.repeat(one, channels, axis=1)


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


LARGEST = 0xFFFFFFFF
"""What a size, in bytes, or a position, in samples, can be in 32 bits."""
MIDDLE_C = 60

_PCM, _FLOAT = 1, 3


@dataclass(frozen=True, slots=True)
class Cue:
    """A place in the samples, from 0; its name, "" for none; how many samples belong to it, 0 for a mere point."""

    sample: int
    name: str = ""
    length: int = 0


def chunk(kind: bytes, content: bytes) -> bytes:
    """Give a chunk: kind (four bytes), size, content, and the byte that makes an odd size even."""
    return struct.pack("<4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)


def cue_chunks(cues: Sequence[Cue]) -> bytes:
    """Give the chunk `cue ` and, if a cue has a name or a length, `LIST adtl`; cues are numbered from 1.

    Raises ValueError for a position or length beyond 32 bits.
    """
    for cue in cues:
        if not 0 <= cue.sample <= LARGEST or not 0 <= cue.length <= LARGEST:
            raise ValueError(f"sample and length of a cue must be in 0..{LARGEST}, got {cue.sample}, {cue.length}")
    points = b"".join(
        struct.pack("<II4sIII", number, cue.sample, b"data", 0, 0, cue.sample) for number, cue in enumerate(cues, 1)
    )
    names = b"".join(
        chunk(b"labl", struct.pack("<I", number) + cue.name.encode() + b"\0")
        for number, cue in enumerate(cues, 1)
        if cue.name
    )
    ranges = b"".join(
        chunk(b"ltxt", struct.pack("<II4sHHHH", number, cue.length, b"rgn ", 0, 0, 0, 0))
        for number, cue in enumerate(cues, 1)
        if cue.length
    )
    described = names + ranges
    return chunk(b"cue ", struct.pack("<I", len(cues)) + points) + (
        chunk(b"LIST", b"adtl" + described) if described else b""
    )


def sampler_chunk(cues: Sequence[Cue], sample_rate: int) -> bytes:
    """Give the chunk `smpl`: a forward loop over each cue that has a length, played once, linked to it by number.

    The unity note is middle C. A loop's end is its last sample, as the specification has it.
    """
    loops = [
        struct.pack("<6I", number, 0, cue.sample, cue.sample + cue.length - 1, 0, 1)
        for number, cue in enumerate(cues, 1)
        if cue.length
    ]
    period = round(1e9 / sample_rate)  # nanoseconds
    head = struct.pack("<9I", 0, 0, period, MIDDLE_C, 0, 0, 0, len(loops), 0)
    return chunk(b"smpl", head + b"".join(loops))


def wav_header(subtype: str, sample_rate: int, channels: int, length: int, after: int, largest: int = LARGEST) -> bytes:
    """Give everything before the samples of a wav file that has `after` bytes of chunks behind its samples.

    subtype: soundfile's word. length: samples per channel. largest: bytes a RIFF file can have; a bigger one is RF64.
    Raises ValueError for a subtype that is no wav's.
    """
    if subtype not in BYTES:
        raise ValueError(f"subtype must be one of {', '.join(BYTES)}, got {subtype!r}")
    tag = _FLOAT if subtype in FLOATS else _PCM
    block = channels * BYTES[subtype]
    data = length * block
    form = struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * block, block, 8 * BYTES[subtype])
    if tag == _PCM:
        described = chunk(b"fmt ", form)
    else:  # samples that are not whole numbers: a longer format chunk, and the number of samples
        described = chunk(b"fmt ", form + b"\0\0") + chunk(b"fact", struct.pack("<I", min(length, LARGEST)))
    size = len(b"WAVE") + len(described) + 8 + data + data % 2 + after
    if size <= largest and data <= largest:
        return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + described + struct.pack("<4sI", b"data", data)
    sizes = chunk(b"ds64", struct.pack("<QQQI", size + 36, data, length, 0))
    return struct.pack("<4sI4s", b"RF64", LARGEST, b"WAVE") + sizes + described + struct.pack("<4sI", b"data", LARGEST)


def undate(path: Path) -> None:
    """Set the date in a wav file's chunk `PEAK` to 0; other files stay as they are.

    libsndfile writes that chunk into files of floats, with the second in which they were written: without it, the same
    samples give the same bytes. Version 1 of the chunk: version, date, and for each channel the peak and its place.
    """
    with path.open("r+b") as file:
        at, end = 12, path.stat().st_size
        while at + 16 <= end:
            file.seek(at)
            kind, size = struct.unpack("<4sI", file.read(8))
            if kind == b"PEAK":
                file.seek(at + 12)
                file.write(b"\0\0\0\0")
            if kind == b"data":
                return
            at += 8 + size + size % 2
