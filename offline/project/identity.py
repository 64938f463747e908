"""Which sound a project belongs to: the hash of its decoded samples.

Not of the file's bytes: tags, cue points and pictures change those and leave every position right, and a FLAC of a wav
file is the same record. What a lossy file decodes to may differ between decoders; then it is another sound.
"""

import hashlib

import numpy as np

from samplechop.offline.common.array_cache import Arrays
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.core.record_cache import RecordCache
from samplechop.offline.project.model import Audio

_FLOATS = {"FLOAT": "float32", "DOUBLE": "float64"}
_BLOCK = 1 << 18
_KIND = "sound"
"""Of arrays in a record's cache."""


def audio_of(record: Record) -> Audio:
    """Read a record through and say which it is. Raises UserError as `Record.blocks`.

    The hash is the SHA-256 of all samples, those of a frame one after another, little-endian: integers as int32 at full
    scale (a sample of 16 bits times 65,536), floats as they are. With a cache, a file that is as it was is not decoded
    for it again.
    """

    def hashed() -> Arrays:
        return {"sha256": np.array(_sha256(record))}

    sound = _text(hashed()) if record.cache is None else record.cache.value(_KIND, None, _text, hashed)
    assert sound is not None  # it is made where it was not kept
    return Audio(sound, record.sample_rate, record.length, record.channels, record.source.name)


def known_sound(cache: RecordCache) -> str:
    """Give the hash of a record's samples if it was taken before, else ""."""
    return cache.value(_KIND, None, _text) or ""


def _text(arrays: Arrays) -> str:
    return str(arrays["sha256"].tolist())


def _sha256(record: Record) -> str:
    dtype = _FLOATS.get(record.subtype, "int32")
    digest = hashlib.sha256()
    for samples in record.blocks(_BLOCK, dtype=dtype):
        digest.update(samples.astype(np.dtype(dtype).newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
