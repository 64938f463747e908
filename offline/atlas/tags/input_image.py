"""What the net of sounds hears: one picture of a whole sound, fine at its attack and ever coarser behind it.

A tag or a likeness rests on the attack, on what comes after it, and on how long that lasts. Segments that grow with
their distance from the start, as a constant-Q transform's filters do with frequency, hold all three in few numbers.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import SoundFeatures

LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
LEAD = 512
"""Samples of silence ahead of the first frame, so that the window sees the attack rise."""
DENSE_SECONDS = 0.5
SPARSE = 4
"""Behind DENSE_SECONDS only every fourth frame is made: a segment still averages several."""
GROWTH = 5.0
"""Segment k of n begins at SECONDS * (exp(GROWTH * k / n) - 1) / (exp(GROWTH) - 1)."""
SECONDS = 6.0
DEPTH_DB = 70.0
"""Below the sound's loudest band there is nothing."""
SCALE_DB = 20.0
"""One unit of the input."""
SPREAD_DB = 20.0
"""The most that counts of how far a segment's loudest frame lies above its mean."""


@cache
def _mel(features: SoundFeatures) -> Any:
    """Give the mel filters, float32 (bands, bins), sparse: several times quicker, and no threads to wait for."""
    import librosa
    from scipy import sparse

    filters = librosa.filters.mel(
        sr=features.sample_rate, n_fft=features.n_fft, n_mels=features.n_bands, fmin=LOWEST_HZ, fmax=HIGHEST_HZ
    )
    return sparse.csr_array(filters.astype(np.float32))


@cache
def _frames(features: SoundFeatures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the first sample of each frame, and the frame with which each segment begins and the last one ends."""
    dense = np.arange(0, int(DENSE_SECONDS * features.sample_rate), features.hop_length)
    sparse = np.arange(dense[-1], int(SECONDS * features.sample_rate), SPARSE * features.hop_length)[1:]
    starts = np.concatenate([dense, sparse])
    places = np.expm1(GROWTH * np.arange(features.segments + 1) / features.segments) / np.expm1(GROWTH)
    edges = np.searchsorted(starts, places * SECONDS * features.sample_rate)
    for number in range(1, len(edges)):  # near the attack a segment is one frame
        edges[number] = max(edges[number], edges[number - 1] + 1)
    edges = np.minimum(edges, len(starts))
    if edges[-2] >= len(starts):
        raise ValueError(f"features.segments must be fewer, got {features.segments}")
    return starts, edges


def image(samples: NDArray[np.float32], features: SoundFeatures) -> NDArray[np.float32]:
    """Picture one sound: float32 (n,), at features.sample_rate, from its attack on; any level.

    Returns float32 (features.n_inputs,): segment after segment, band after band, two numbers each: the mean level in
    dB under the sound's loudest, and by how much the segment's loudest frame lies above that. Silence gives the floor.
    """
    from scipy import fft

    starts, edges = _frames(features)
    count = int(np.searchsorted(starts, len(samples) + LEAD)) or 1
    padded = np.zeros(int(starts[count - 1]) + features.n_fft, np.float32)
    part = samples[: len(padded) - LEAD]
    padded[LEAD : LEAD + len(part)] = part
    window = np.hanning(features.n_fft).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, features.n_fft)[starts[:count]] * window
    spectrum = fft.rfft(frames, axis=1)
    power = (_mel(features) @ (spectrum.real**2 + spectrum.imag**2).T).T
    whole = np.zeros((features.segments, features.n_bands, 2), np.float32)
    whole[..., 0] = -DEPTH_DB
    used = int(np.searchsorted(edges[:-1], count))
    firsts = edges[:used]
    lengths = np.minimum(edges[1 : used + 1], count) - firsts
    mean = np.add.reduceat(power, firsts, axis=0) / lengths[:, None]
    # A segment that reaches behind the last frame is silent there.
    mean[-1] *= lengths[-1] / (edges[used] - firsts[-1])
    floor = max(float(mean.max(initial=0.0)), 1e-12) * 10 ** (-DEPTH_DB / 10)
    level = 10 * np.log10(np.maximum(mean, floor))
    most = 10 * np.log10(np.maximum(np.maximum.reduceat(power, firsts, axis=0), floor))
    whole[:used, :, 0] = level - level.max(initial=-np.inf)
    whole[:used, :, 1] = np.minimum(most - level, SPREAD_DB)
    whole[..., 0] = np.maximum(whole[..., 0], -DEPTH_DB) + DEPTH_DB / 2
    return (whole / np.float32(SCALE_DB)).ravel()
