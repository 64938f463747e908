"""The harmonic spectrum of a chop: what goes on sounding after its attack.

Per bin the median over the frames after the attack: the time half of median-filtering harmonic-percussive separation
(Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx 2010). A drum's burst is short and leaves the
median untouched; a held note is in every frame.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SKIP = 2
"""Frames left out at the attack."""
FRAMES = 26
"""Frames the median is taken over: what the detector has heard of a chop at the earliest moment it is let out."""


@njit("void(float32[:, ::1], float32[::1])", cache=True, nogil=True)
def _medians(frames, out):  # type: ignore[no-untyped-def]
    n, bins = frames.shape
    column = np.empty(n, np.float32)
    for b in range(bins):
        for i in range(n):
            value = frames[i, b]
            j = i
            while j > 0 and column[j - 1] > value:
                column[j] = column[j - 1]
                j -= 1
            column[j] = value
        out[b] = np.float32(0.5) * (column[(n - 1) // 2] + column[n // 2])


def harmonic_spectrum(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """[analysis] Take the median over time. frames: float32, (n, bins) magnitudes; gives float32, (bins,)."""
    out = np.empty(frames.shape[1], np.float32)
    _medians(frames, out)
    return out
