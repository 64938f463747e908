"""The whole record as one wav file with the kit's slices marked in it, which several formats hold or refer to."""

import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.sample_formats import BLOCK, BYTES, FLOATS, exact_dtype
from samplechop.offline.audio.wav_chunks import LARGEST, Cue, cue_chunks, sampler_chunk, wav_header
from samplechop.offline.export import ExportWarning
from samplechop.offline.export.atem import atem_chunk
from samplechop.offline.kits.model import Kit
from samplechop.realtime.core.errors import UserError


def whole_wav(kit: Kit, largest: int = LARGEST) -> Path:
    """Write the record to `kit.folder`/NAME.wav, from its first to its last sample whatever part of it was chopped.

    So a position of the kit is a position in this file. Samples and their format are the record's. Behind them stand
    `cue ` and `LIST adtl` (name and length of every slice), `smpl` (a loop over every slice) and Akai's `atem`.
    The first cue is at sample 0 always. Beyond `largest` bytes the file is RF64. A block at a time is in memory.

    Writers may call it one after another: a file that this kit's export has written is left as it is.
    Raises UserError if the record is shorter than it was, or the disk does not take the file.
    """
    path = kit.folder / f"{kit.name}.wav"
    after = _chunks(kit)
    head = wav_header(kit.subtype, kit.sample_rate, kit.channels, kit.length, len(after), largest)
    if _written(path, kit, head, after):
        return path
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(head)
            size = sum(file.write(block) for block in _blocks(kit))
            file.write(b"\0" * (size % 2) + after)
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"the record cannot be written to {str(path)!r}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def cues(kit: Kit) -> list[Cue]:
    """Give a cue for every slice, and one with the kit's name where the first slice begins later than the record."""
    parts = [Cue(part.start, part.title, part.stop - part.start) for part in kit.slices]
    marked = parts if parts[0].sample == 0 else [Cue(0, kit.name), *parts]
    held = [cue for cue in marked if cue.sample + cue.length <= LARGEST]
    if len(held) < len(marked):
        text = f"{len(marked) - len(held)} slices lie beyond what cue points of a wav file can say, and have none"
        warnings.warn(text, ExportWarning, stacklevel=3)
    return held


def _chunks(kit: Kit) -> bytes:
    marked = cues(kit)
    return cue_chunks(marked) + sampler_chunk(marked, kit.sample_rate) + atem_chunk(kit)


def _blocks(kit: Kit) -> Iterator[bytes]:
    """Give the record's samples as a wav file holds them."""
    done = 0
    with soundfile.SoundFile(kit.audio) as file:
        while done < kit.length:
            samples = file.read(min(BLOCK, kit.length - done), dtype=exact_dtype(kit.subtype), always_2d=True)
            if not len(samples):
                raise UserError(f"{str(kit.audio)!r} ends after {done} of {kit.length} samples: chop it again")
            done += len(samples)
            yield _packed(samples, kit.subtype)


def _packed(samples: np.ndarray, subtype: str) -> bytes:
    """Give samples as the bytes of a wav file; int32 is full scale, whatever the subtype holds of it."""
    little = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    if subtype in FLOATS:
        return little.tobytes()
    if subtype == "PCM_U8":  # the one format whose silence is not 0
        little = little ^ (-1 << 31)
    return little.view(np.uint8).reshape(-1, 4)[:, -BYTES[subtype] :].tobytes()


def _written(path: Path, kit: Kit, head: bytes, after: bytes) -> bool:
    """Tell whether the file is there, as long as it must be, marked alike, and younger than the kit's slices."""
    size = kit.length * kit.channels * BYTES[kit.subtype]
    try:
        known = path.stat()
        if known.st_size != len(head) + size + size % 2 + len(after):
            return False
        if known.st_mtime_ns < max(kit.path(part).stat().st_mtime_ns for part in kit.slices):
            return False
        with path.open("rb") as file:
            if file.read(len(head)) != head:
                return False
            file.seek(-len(after), os.SEEK_END)
            return file.read() == after
    except OSError:
        return False
