"""From audio as it was to a sound of the atlas: peak 1, no silence around it.

A sound begins with the first and ends with the last sample that is no more than 60 dB below its peak: the limit is that
of librosa.effects.trim, which compares means of 2048 samples instead and would leave up to 46 ms before an attack.
"""

import numpy as np
from numpy.typing import NDArray

TRIM_DB = 60.0
"""Below the peak; what is quieter at either end is silence."""
SILENT_DB = -80.0
"""Of full scale; what never gets louder is silent. The noise that is added when 16 bits are rounded reaches -84."""
_SILENT = 10 ** (SILENT_DB / 20)
_TRIM = 10 ** (-TRIM_DB / 20)


def trimmed(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], int, float] | None:
    """Give the sound, float32 (m,), with peak 1, where in `samples` it begins, and the peak it had; None for silence.

    samples: float32 (n,), mono, full scale ±1. A constant is silent, too, however large.
    """
    if not len(samples):
        return None
    low, high = float(samples.min()), float(samples.max())
    if (high - low) / 2 <= _SILENT:
        return None
    peak = max(-low, high)
    loud = np.abs(samples) >= peak * _TRIM
    first = int(loud.argmax())
    last = len(samples) - int(loud[::-1].argmax())
    return samples[first:last] / np.float32(peak), first, peak
