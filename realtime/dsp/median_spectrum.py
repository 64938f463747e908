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
"""Frames the median is taken over: what there is of a chop at the earliest moment it is emitted."""


@njit("void(float32[:, ::1])", cache=True, fastmath=True)
def _sort_upper_half(frames):
    """Bubble the larger values down until the middle is in place, all bins side by side."""
    n = len(frames)
    for done in range(n - (n - 1) // 2):
        for i in range(n - 1 - done):
            upper, lower = frames[i], frames[i + 1]
            for b in range(frames.shape[1]):
                small, large = min(upper[b], lower[b]), max(upper[b], lower[b])
                upper[b] = small
                lower[b] = large


def harmonic_spectrum(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """[analysis] Take the median over time. frames: float32, (n, bins) magnitudes, used up; gives float32, (bins,)."""
    _sort_upper_half(frames)
    n = len(frames)
    return np.float32(0.5) * (frames[(n - 1) // 2] + frames[n // 2])
