"""The whole record as one wav file with the kit's slices marked in it, which several formats hold or refer to.

Cue points, regions and loops are those of every wav file. The `atem` chunk is where Akai's MPC software keeps the
slices of a wav file, so that its chop mode opens with them. Akai publishes nothing about it. The layout is what
public programs read from and write into such files: lib-akai-mpc of github.com/oletizi/audio-tools reads `Slice N` of
`value0` with `Start` and `End`; converters write `defaultSlice`, `numBars` and `Num slices` beside them, and key and
scale in `value1`. Programs that do not know the chunk skip it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.sample_formats import (
    BLOCK,
    BYTES,
    FLOATS,
    LARGEST,
    Cue,
    chunk,
    cue_chunks,
    exact_dtype,
    sampler_chunk,
    wav_header,
)
from samplechop.offline.common.atomic import replacing
from samplechop.offline.export import warn
from samplechop.offline.kits.core.model import Kit
from samplechop.realtime.core.errors import UserError

MOST = 128
"""Slices that a drum program has pads for."""

_SHARPS = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}


def write(kit: Kit) -> list[Path]:
    """Write NAME.wav, see `whole_wav`."""
    return [whole_wav(kit)]


def whole_wav(kit: Kit, largest: int = LARGEST) -> Path:
    """Write the record to `kit.folder`/NAME.wav, from its first to its last sample whatever part of it was chopped.

    So a position of the kit is a position in this file. Samples and their format are the record's. Behind them stand
    `cue ` and `LIST adtl` (name and length of every slice), `smpl` (a loop over every slice) and Akai's `atem`.
    The first cue is at sample 0 always. Beyond `largest` bytes the file is RF64. A block at a time is in memory.

    Writers may call it one after another: a file that this kit's export has written is left as it is.
    Raises UserError if the record is shorter than it was, or the disk does not take the file.
    """
    path = kit.folder / f"{kit.name}.wav"
    marked = cues(kit)
    after = cue_chunks(marked) + sampler_chunk(marked, kit.sample_rate) + atem_chunk(kit)
    head = wav_header(kit.subtype, kit.sample_rate, kit.channels, kit.length, len(after), largest)
    if _written(path, kit, head, after):
        return path
    with replacing(path) as part, part.open("wb") as file:
        file.write(head)
        size = sum(file.write(block) for block in _blocks(kit))
        file.write(b"\0" * (size % 2) + after)
    return path


def cues(kit: Kit) -> list[Cue]:
    """Give a cue for every slice, and one with the kit's name where the first slice begins later than the record."""
    parts = [Cue(part.start, part.title, part.stop - part.start) for part in kit.slices]
    marked = parts if parts[0].sample == 0 else [Cue(0, kit.name), *parts]
    held = [cue for cue in marked if cue.sample + cue.length <= LARGEST]
    if len(held) < len(marked):
        warn(f"{len(marked) - len(held)} slices lie beyond what cue points of a wav file can say, and have none")
    return held


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


def atem_chunk(kit: Kit) -> bytes:
    """Give the whole chunk, head included: the kit's first 128 slices, in samples of the record.

    Its length is even without a pad byte, because the MPC is said not to skip one: spaces end the JSON instead.
    """
    parts = kit.slices[:MOST]
    root, _, scale = (kit.key.value if kit.key else "C Major").partition(" ")
    bars = round(kit.timeline.beat(kit.length) / 4.0) if kit.tempo else 1  # of four beats
    content = {
        "version": 1,
        "value0": {
            "defaultSlice": _slice(0, kit.length - 1),
            **{
                f"Slice {index}": _slice(part.start, min(part.stop, kit.length - 1))
                for index, part in enumerate(parts, start=1)
            },
            "numBars": max(1, bars),
            "Num slices": len(parts),
        },
        "value1": {
            "version": 1,
            "note": _SHARPS.get(root, root),
            "scale": "Minor" if scale.lower().startswith("min") else "Major",
        },
    }
    text = json.dumps(content, indent=4).encode("ascii")
    return chunk(b"atem", text + b" " * (len(text) % 2))


def _slice(start: int, stop: int) -> dict[str, int | float]:
    """Give a slice. One ends where the next begins, and none later than with the record's last sample."""
    return {
        "Start": start,
        "End": stop,
        "LoopStart": start,
        "LoopMode": 0,
        "PulsePosition": 0,
        "LoopCrossfadeLength": 0,
        "LoopCrossfadeType": 0,
        "TailLength": 0.0,
        "TailLoopPosition": 0.5,
    }
