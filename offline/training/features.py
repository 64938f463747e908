"""Audio to windows, through the very classes that hear it live."""

import numpy as np
from numpy.typing import NDArray

from models import Features
from realtime.context import ContextWindow
from realtime.cqt import StreamingCQT

CLASSIC = Features(
    sample_rate=44_100,
    hop_length=256,
    fmin_hz=87.30705785825097,
    n_bins=48,
    bins_per_octave=12,
    norm=2,
    support="true",
    bands=((0, 48),),
    past=30,
    future=30,
    standardise="window-zscore",
)
"""The classic input: one sum over four octaves from F2, 61 frames."""

BLOCK = 8192


def windows(
    samples: NDArray[np.float32], features: Features = CLASSIC
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give one standardised window per frame and whether it is silent.

    samples: float32, (n,), mono, at features.sample_rate. Returns float32, (m, features.n_inputs), and bool, (m,), with
    m = 1 + n // hop_length; row f belongs to the frame centred at sample f * hop_length.
    """
    hop = features.hop_length
    cqt = StreamingCQT(features.sample_rate, hop, features.fmin_hz, features.n_bins, features.bins_per_octave)
    most = BLOCK // hop + 2
    context = ContextWindow(features.bands, features.n_bins, features.past, features.future, most)
    magnitudes = np.empty((most, features.n_bins), np.float32)
    rows, quiet = np.empty((most, features.n_inputs), np.float32), np.empty(most, np.bool_)
    wanted = 1 + len(samples) // hop
    tail = cqt.latency + (features.future + 2) * hop
    padded = np.concatenate([samples, np.zeros(tail + BLOCK, np.float32)]).astype(np.float32)
    out: list[NDArray[np.float32]] = []
    silent: list[NDArray[np.bool_]] = []
    for start in range(0, len(padded), BLOCK):
        count = cqt.push(padded[start : start + BLOCK], magnitudes)
        ready = context.push(magnitudes, count, rows, quiet)
        out.append(rows[:ready].copy())
        silent.append(quiet[:ready].copy())
    return np.concatenate(out)[:wanted], np.concatenate(silent)[:wanted]
