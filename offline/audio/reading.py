"""Any audio file as one array: the reader for whatever works on whole sounds. What is long is read by kits.core."""

import logging
import math
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from samplechop.realtime.audio.audio_file import DECODE_FRAMES
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.dsp.downmix import Downmix

_log = logging.getLogger(__name__)

RATE = 44_100
"""Hz, of everything that is made, learned from and measured offline."""
Sound = NDArray[np.float32]
"""float32 (n,), mono, full scale ±1."""
SUFFIXES = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
"""Endings of the files that are taken from folders of sounds."""


def read_audio(path: Path, longest: float = math.inf) -> Sound:
    """Read any audio file that libsndfile or ffmpeg knows, brought to RATE. longest: seconds, what follows is left out.

    Raises UserError if it cannot be read.
    """
    return to_rate(*read_at_own_rate(path, longest))


def read_at_own_rate(path: Path, longest: float = math.inf) -> tuple[Sound, int]:
    """Read any audio file mixed to mono as live, see Downmix, with its sample rate in Hz.

    What is damaged is read as far as it goes, with a line in the log. longest: seconds, about, after which it ends.
    Raises UserError if it cannot be read.
    """
    source = FileSource(path, DECODE_FRAMES, realtime=False)
    try:
        blocks = []
        downmix = Downmix(source.sample_rate, source.channels, DECODE_FRAMES)
        left = longest * source.sample_rate
        while left > 0 and (chunk := source.read()) is not None:
            blocks.append(downmix.process(chunk.samples).copy())
            left -= len(blocks[-1])
    finally:
        source.stop()
    antiphase = downmix.warning(choice=False)
    for warning in (*source.warnings, *([] if antiphase is None else [f"{str(path)!r}: {antiphase}"])):
        _log.warning("%s", warning)
    if not blocks:
        raise UserError(f"{str(path)!r} cannot be read as audio: no sample of it can be decoded")
    return np.concatenate(blocks), source.sample_rate


def to_rate(samples: Sound, rate: int, wanted: int = RATE) -> Sound:
    """Resample audio from one sample rate in Hz to another; as it is where they are the same."""
    return np.asarray(soxr.resample(samples, rate, wanted) if rate != wanted else samples, dtype=np.float32)
