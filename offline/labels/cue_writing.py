"""A copy of a wav file with cue points in it: what is written here, labels.cues reads, and so do samplers."""

import struct
from pathlib import Path

from samplechop.offline.audio.wav_chunks import LARGEST, Cue, chunk, cue_chunks
from samplechop.offline.common.atomic import write_bytes
from samplechop.offline.labels.model import Labels
from samplechop.offline.labels.writing import check_target
from samplechop.realtime.core.errors import UserError


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
