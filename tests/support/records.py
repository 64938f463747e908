"""Records of noise for the tests of slices."""

from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.kits.core.record import Record, open_record

RATE = 44_100


def noise(frames: int, channels: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (frames, channels))


def record(folder: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> Record:
    path = folder / "record.wav"
    soundfile.write(path, samples, rate, subtype)
    return open_record(path, folder)
