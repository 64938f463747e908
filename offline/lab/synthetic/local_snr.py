"""How far drums stand out of all else: local signal-to-noise ratios, by which a record is mixed and its strokes judged.

The ratio of a stroke is that of its own first 40 ms to all else that sounds meanwhile. Real mixes have the median of
kick and snare at about -10 dB, which a ratio over whole tracks, that drums fill a tenth of, says nothing about.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic.score import Strike
from samplechop.offline.labels.recording_truth import ALONE_DB

WIDTH = round(0.04 * RATE)
HIGH_HZ = 5000.0
HIGH_ROLES = ("hat", "pedal", "open", "ride", "crash", "shaker")
"""What lies above 5 kHz, and is compared there: under a bass, a hi-hat of a hundredth of its power is as clear."""
STRONG = ("kick", "snare", "rim", "clap")
SOFTEST = 0.2
SILENT = 1e-4
"""Of the mean power: where the rest has less, a stroke sounds alone."""
FEWEST = 3
Decibels = NDArray[np.float64]
_HIGH = signal.butter(2, HIGH_HZ, "high", fs=RATE, output="sos")


def _high(sound: Sound) -> Sound:
    return np.asarray(signal.sosfilt(_HIGH, sound), np.float32)


def stroke_energy(sound: Sound, role: str) -> float:
    """Measure the energy of the first 40 ms of one stroke, float32 (n,), in the band that its role is compared in."""
    start = sound[:WIDTH]
    return float(np.sum(np.square(_high(start) if role in HIGH_ROLES else start, dtype=np.float64)))


def _energies(sound: Sound, strikes: Sequence[Strike]) -> NDArray[np.float64]:
    """Measure the energy of the 40 ms after each strike, in its role's band: float64, (n,)."""
    at = np.array([round(one.time * RATE) for one in strikes])
    high = np.array([one.role in HIGH_ROLES for one in strikes])
    found = np.zeros(len(strikes))
    for which, band in ((~high, sound), (high, _high(sound) if high.any() else sound)):
        power = np.concatenate([[0.0], np.cumsum(np.square(band, dtype=np.float64))])
        start, stop = (np.clip(at[which] + ahead, 0, len(band)) for ahead in (0, WIDTH))
        found[which] = power[stop] - power[start]
    return found


def gain_for(drums: Sound, rest: Sound, strikes: Sequence[Strike], median_db: float) -> float | None:
    """Find the gain of the drums that brings the median ratio of kick and snare strokes to median_db.

    drums, rest: float32, (n,). Strokes that sound alone do not count; None if there are fewer than three others.
    """
    counted = [one for one in strikes if one.role in STRONG and one.velocity >= SOFTEST]
    if not counted:
        return None
    own, other = _energies(drums, counted), _energies(rest, counted)
    both = (other > SILENT * WIDTH * float(np.mean(np.square(rest, dtype=np.float64)))) & (own > 0)
    if np.sum(both) < FEWEST:
        return None
    return float(10 ** ((median_db - np.median(10 * np.log10(own[both] / other[both]))) / 20))


def ratios(strikes: Sequence[Strike], own: NDArray[np.float64], dry: Sound, drums: Sound, rest: Sound) -> Decibels:
    """Measure the ratio of every stroke, in dB: float64, (len(strikes),), within ±ALONE_DB.

    own: energy of each, from drum_kit.play_and_measure. dry: what that gave; drums: what became of it in the mix; rest:
    all else in the mix. A stroke's share of the drums is taken to be the same before and after their processing.
    """
    if not len(strikes):
        return np.zeros(0)
    share = np.clip(own / (_energies(dry, strikes) + 1e-12), 0.0, 1.0)
    played, other = _energies(drums, strikes), _energies(rest, strikes)
    signal_power, noise = share * played, (1 - share) * played + other
    return np.clip(10 * np.log10((signal_power + 1e-12) / (noise + 1e-12)), -ALONE_DB, ALONE_DB)
