"""How sharply a recording rises, band by band: where an attack lies, and whether there is one."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound

HOP = 64
"""Samples from one value of the rise to the next: 1.45 ms."""
WIDTH = 0.012
"""Seconds before and after a place whose powers are compared."""
KICK_HZ = (30.0, 120.0)
SNARE_HZ = (1500.0, 7000.0)
ALL_HZ = (30.0, 16_000.0)
FLOOR = 1e-4
"""Of the band's loudest power: what lies below is no rise."""
Rise = NDArray[np.float64]


def rise(samples: Sound, band: tuple[float, float] = ALL_HZ, width: float = WIDTH) -> Rise:
    """Measure by how many dB the power in a band grows at every HOP samples: float64, (len(samples) // HOP + 1,).

    samples: float32, (n,), 44 100 Hz. band: from, to, in Hz. width: seconds compared on either side.
    """
    if len(samples) < 4 * HOP:
        return np.zeros(len(samples) // HOP + 1)
    sound = signal.sosfilt(signal.butter(2, band, "band", fs=RATE, output="sos"), samples)
    power = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    at = np.arange(len(samples) // HOP + 1) * HOP
    span = round(width * RATE)
    after = power[np.minimum(at + span, len(sound))] - power[at]
    before = power[at] - power[np.maximum(at - span, 0)]
    floor = FLOOR * float(np.max(after, initial=0.0)) + 1e-12
    return np.asarray(10 * np.log10((after + floor) / (before + floor)))


def nearest(risen: Rise, time: float, reach: float) -> tuple[float, float]:
    """Find the sharpest rise within `reach` seconds of a time: (its time in seconds, its height in dB)."""
    first = max(0, round((time - reach) * RATE / HOP))
    last = min(len(risen), round((time + reach) * RATE / HOP) + 1)
    if first >= last:
        return time, 0.0
    at = first + int(np.argmax(risen[first:last]))
    return at * HOP / RATE, float(risen[at])


def peaks(risen: Rise, height_db: float, apart: float) -> list[float]:
    """List the places where the rise peaks above height_db, at least `apart` seconds from each other; sorted."""
    found, _ = signal.find_peaks(risen, height=height_db, distance=max(1, round(apart * RATE / HOP)))
    return [float(at * HOP / RATE) for at in found]
