"""Small pictures of records for the library: how loud some places of each are, without reading all of it."""

import json
import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache, Arrays
from samplechop.offline.kits.core.record import audio_files
from samplechop.realtime.core.errors import UserError

COLUMNS = 96
_FRAMES = 1024
"""Read at each column."""


def picture(path: Path, cache: ArrayCache) -> tuple[NDArray[np.uint8], float | None]:
    """Give the loudest of each part of a record, 0..255, uint8 (COLUMNS,), and its length in seconds.

    Empty, with None, for what libsndfile does not read by itself: that is heard first.
    """
    try:
        (file,) = audio_files(path)
        facts = file.stat()
    except (OSError, UserError):
        return np.zeros(0, np.uint8), None
    key = json.dumps(["picture", os.path.realpath(file), facts.st_size, facts.st_mtime_ns, COLUMNS])

    def make() -> Arrays:
        heights, seconds = _made(file)
        return {"heights": heights, "seconds": np.array(np.nan if seconds is None else seconds)}

    kept = cache.arrays(key, make)
    seconds = float(kept["seconds"])
    return kept["heights"].astype(np.uint8), seconds if np.isfinite(seconds) else None


def _made(file: Path) -> tuple[NDArray[np.uint8], float | None]:
    try:
        with soundfile.SoundFile(file) as opened:
            frames, rate = opened.frames, opened.samplerate
            if not 0 < frames < 1 << 48 or not opened.seekable():
                return np.zeros(0, np.uint8), None
            loudest = np.zeros(COLUMNS)
            for column in range(COLUMNS):
                opened.seek(min(frames - 1, column * frames // COLUMNS))
                samples = np.nan_to_num(opened.read(min(_FRAMES, frames), dtype="float32", always_2d=True))
                loudest[column] = np.abs(samples).max(initial=0.0)
            return (255 * np.clip(loudest, 0, 1)).astype(np.uint8), frames / rate
    except (OSError, soundfile.LibsndfileError, ValueError, TypeError):
        return np.zeros(0, np.uint8), None
