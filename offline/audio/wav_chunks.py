"""Chunks of wav files that hold places: cue points, their names and lengths, and a sampler's loops.

Multimedia Programming Interface and Data Specifications 1.0 (1991) and New Multimedia Data Types and Data Techniques
(1994) have `cue `, `LIST adtl` and `smpl`; EBU Tech 3306 has RF64. Names are UTF-8, as today's programs write them.
samplechop.offline.labels.cues reads what is written here.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samplechop.offline.audio.sample_formats import BYTES, FLOATS

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
    told = names + ranges
    return chunk(b"cue ", struct.pack("<I", len(cues)) + points) + (chunk(b"LIST", b"adtl" + told) if told else b"")


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
