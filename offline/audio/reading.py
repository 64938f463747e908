"""Any audio file as one array: the reader for whatever works on whole sounds. What is long is read by kits.core."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from samplechop.realtime.core.errors import UserError

RATE = 44_100
"""Hz, of everything that is made, learned from and measured offline."""
Sound = NDArray[np.float32]
"""float32 (n,), mono, full scale ±1."""
SUFFIXES = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
"""Endings of the files that are taken from folders of sounds."""


def read_audio(path: Path) -> Sound:
    """Read any audio file that libsndfile knows, brought to RATE. Raises UserError if it cannot be read."""
    return to_rate(*read_at_own_rate(path))


def read_at_own_rate(path: Path) -> tuple[Sound, int]:
    """Read any audio file as the mean of its channels, with its sample rate in Hz.

    Raises UserError if it cannot be read.
    """
    if not path.exists():
        raise UserError(f"there is no file {str(path)!r}")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise UserError(f"{str(path)!r} cannot be read as audio: {reason}") from None
    return samples.mean(axis=1), rate


def to_rate(samples: Sound, rate: int, wanted: int = RATE) -> Sound:
    """Resample audio from one sample rate in Hz to another; as it is where they are the same."""
    return np.asarray(soxr.resample(samples, rate, wanted) if rate != wanted else samples, dtype=np.float32)
