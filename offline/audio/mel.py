"""Mel bands, without librosa: importing that takes as long as describing three minutes of a record does."""

import numpy as np
from numpy.typing import NDArray

_LINEAR, _OCTAVE = 1000 / 15, np.log(6.4) / 27
"""Slaney's Auditory Toolbox: 15 mels are linear up to 1 kHz, 27 each factor of 6.4 above."""


def mel_filters(frequencies: NDArray[np.float64], bands: int, lowest: float, highest: float) -> NDArray[np.float64]:
    """Give the weights of frequencies, (bins,) Hz, in so many bands from lowest to highest Hz: (bins, bands).

    Triangles of equal area, as those of librosa.filters.mel, to rounding.
    """
    mels = np.linspace(_mel(lowest), _mel(highest), bands + 2)
    edges = np.where(mels < 15, mels * _LINEAR, 1000 * np.exp(_OCTAVE * (mels - 15)))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    weights: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return weights


def _mel(hertz: float) -> float:
    return float(hertz / _LINEAR if hertz < 1000 else 15 + np.log(hertz / 1000) / _OCTAVE)
