"""Cue points of a wav file, with their names: read, and written into a copy of it.

libsndfile drops the names, so the chunks are walked here: `cue ` and `LIST adtl` of RIFF, RF64 and BW64 (Multimedia
Programming Interface and Data Specifications 1.0; EBU Tech 3306 for RF64, whose chunk `ds64` has the sizes that do not
fit into 32 bits). Sizes are believed only as far as the file goes, and the audio itself is never read.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from samplechop.offline.audio.sample_formats import LARGEST, Cue, chunk, cue_chunks
from samplechop.offline.common.atomic import write_bytes
from samplechop.offline.labels.model import Labels, Mark
from samplechop.offline.labels.writing import check_target
from samplechop.realtime.core.errors import UserError

CUES = "cue points"
_TOO_LONG = 0xFFFFFFFF
"""A 32-bit size that says: look into ds64."""
_MOST_BYTES = 1 << 24
"""Of a chunk that is read whole; 16 MB of cue points are 700 000."""
_READ = (b"ds64", b"fmt ", b"cue ", b"LIST")


def read_cues(path: Path) -> tuple[list[Mark], str]:
    """Read the cue points, in the order of their places; those at one place are one, with the first name there is.

    Raises UserError if the file is no wav.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
            raise UserError(f"{str(path)!r} is not a wav file: cue points are read from wav only")
        chunks = list(_chunks(file))
    rate = 0
    cues: dict[int, int] = {}
    names: dict[int, str] = {}
    for kind, body in chunks:
        if kind == b"fmt " and len(body) >= 8:
            rate = struct.unpack_from("<I", body, 4)[0]
        elif kind == b"cue " and len(body) >= 4:
            count = min(struct.unpack_from("<I", body)[0], (len(body) - 4) // 24)
            for i in range(count):
                number, *_, sample = struct.unpack_from("<II4sIII", body, 4 + 24 * i)
                cues[number] = sample
        elif kind == b"LIST" and body[:4] == b"adtl":
            names |= _names(body[4:])
    if not rate:
        raise UserError(f"{str(path)!r} is not a whole wav file: it has no format chunk")
    places: dict[int, Mark] = {}
    for number, sample in sorted(cues.items(), key=lambda cue: cue[1]):
        name = names.get(number, "")
        if sample not in places or not places[sample].name:
            places[sample] = Mark(sample / rate, name, f"cue point {number}")
    return list(places.values()), CUES


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and content of every chunk that matters here; the file stands at the first."""
    end = os.fstat(file.fileno()).st_size
    data_size: int | None = None
    at = 12
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind in _READ:
            body = file.read(min(size, _MOST_BYTES))
            if kind == b"ds64" and len(body) >= 16:
                data_size = struct.unpack_from("<Q", body, 8)[0]
            yield kind, body
        if size == _TOO_LONG:
            if kind != b"data" or data_size is None:
                return
            size = data_size
        at += 8 + size + size % 2  # a chunk of odd size is followed by one byte that belongs to nothing


def _names(body: bytes) -> dict[int, str]:
    """Read the labels of an associated data list: cue number -> name."""
    names: dict[int, str] = {}
    at = 0
    while at + 12 <= len(body):
        kind, size, cue = struct.unpack_from("<4sII", body, at)
        if kind == b"labl":
            text = body[at + 12 : at + 8 + size].split(b"\0")[0]
            try:
                name = text.decode("utf-8")
            except UnicodeDecodeError:  # older Windows programs
                name = text.decode("cp1252", "replace")
            names[cue] = " ".join(name.split())
        at += 8 + size + size % 2
    return names


def write_with_cues(path: Path, audio: Path, labels: Labels, *, force: bool = False) -> None:
    """Write to `path` a copy of the wav `audio` whose cue points are the labels, with their names.

    Cue points of the original are left out, its other chunks are kept as they are.
    Raises UserError if `audio` is no plain wav, if `path` is there already, unless `force`, or cannot be written.
    """
    check_target(path, force)
    try:
        content = audio.read_bytes()
    except OSError as error:
        raise UserError(f"the recording {str(audio)!r} cannot be read: {error.strerror or error}") from None
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise UserError(
            f"{str(audio)!r} is no plain wav: cue points go into a copy of a wav file; save it as one first"
        )
    body, rate, block = b"WAVE", 0, 0
    at = 12
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, at)
        held = content[at + 8 : at + 8 + size]
        if kind == b"fmt " and len(held) >= 14:
            rate, block = struct.unpack_from("<I", held, 4)[0], struct.unpack_from("<H", held, 12)[0]
        if kind != b"cue " and not (kind == b"LIST" and held[:4] == b"adtl"):
            body += chunk(kind, held)
        at += 8 + size + size % 2
    if not rate or not block:
        raise UserError(f"{str(audio)!r} is not a whole wav file: it has no format chunk")
    times = zip(labels.times.tolist(), labels.names, strict=True)
    body += cue_chunks([Cue(round(time * rate), name) for time, name in times])
    if len(body) > LARGEST:
        raise UserError(f"{str(audio)!r} has no room for cue points: a wav file ends at 4 GB")
    write_bytes(path, chunk(b"RIFF", body))
