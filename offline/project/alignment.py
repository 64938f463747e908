"""Where each place of a record lies in another file of it: re-mastered, coded, played at another speed, cut.

    pieces of 10 s    envelopes in bands, at every speed within 8 %     where each lies, to 10 ms
    moments of 1 s    the waveform itself, near where its piece lies    to a tenth of a millisecond

What agrees with the moments around it makes a line from point to point; where the line leads from one file's end to the
other's, these are points, too. A place is known near a point, and between two that are near enough and lie as the speed
has it: nothing was cut there. Any other is estimated, and said to be so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from samplechop.offline.project.fingerprint import RATE, Fingerprint

SPEEDS = 1 / (1 + np.arange(-0.085, 0.0851, 0.0025))
"""Lengths of what is played to its length before: within 8 % of speed and half a step more."""
PIECE, PIECE_STEP = 10.0, 5.0
MOMENT, MOMENT_STEP = 1.0, 0.5
"""Seconds."""
SURE = 7.0
"""Standard deviations by which a match stands out of all others."""
NEAR = 0.08
"""Seconds around where its piece lies in which a moment is searched."""
AGREE = 0.002
"""Seconds by which a moment may lie beside the line of those around it."""
LIKENESS = 0.6
"""What a moment needs of the likeness that most have."""
AROUND = 4
"""Moments before and after."""
REACH = 2.0
"""Seconds from a point of the line within which a place is known."""
GAP = 12.0
"""Seconds between two points that lie as the speed has it, within AGREE, between which a place is known: what is quiet,
sustained or overdubbed there stands out of nothing, but more would be a piece that was found elsewhere if it were."""
ENDS = 0.1
"""Seconds by which two files may end apart that end alike: coding adds as much."""
_HOP, _BINS = 20, 128
_BANDS = ((1, 4), (4, 8), (8, 16), (16, 28), (28, 44), (44, 64))
_PROBES = 6


@dataclass(frozen=True, slots=True)
class Alignment:
    """Points of a line from places in one file to places in another, float64 (n,), samples of each; both rise.

    confidence: float64 (n,), 0..1, how alike the sound is there. ratio: the new length of what has length 1.
    rate: Hz, of the old file.
    """

    old: NDArray[np.float64]
    new: NDArray[np.float64]
    confidence: NDArray[np.float64]
    ratio: float
    rate: int

    def place(self, sample: int) -> tuple[float, float]:
        """Give the place of a sample in the other file, and how sure that is: 0 where it is only estimated."""
        if not len(self.old):
            return float(sample), 0.0
        nearest = int(np.abs(self.old - sample).argmin())
        if not self.old[0] <= sample <= self.old[-1]:
            place = float(self.new[nearest] + (sample - self.old[nearest]) * self.ratio)
        else:
            place = float(np.interp(sample, self.old, self.new))
        return place, float(self.confidence[nearest]) if self._is_known(sample, nearest) else 0.0

    def _is_known(self, sample: int, nearest: int) -> bool:
        """Say whether a sample has a place there. nearest: the point of the line next to it."""
        if len(self.old) < 2:
            return bool(abs(self.old[nearest] - sample) <= REACH * self.rate)
        after = int(np.searchsorted(self.old, sample).clip(1, len(self.old) - 1))
        long = float(self.old[after] - self.old[after - 1])
        off = abs(float(self.new[after] - self.new[after - 1]) / self.ratio - long)
        within = bool(self.old[0] <= sample <= self.old[-1])
        near = abs(self.old[nearest] - sample) <= REACH * self.rate and off < 0.02 * long
        return bool(near or (within and long <= GAP * self.rate and off <= AGREE * self.rate))


def align(old: Fingerprint, new: Fingerprint) -> Alignment:
    """Find the places of one record in another. Without any point they have nothing in common that is clear."""
    sounds = old.samples.astype(np.float32), new.samples.astype(np.float32)
    begins, places, ratio = _pieces(_envelope(sounds[0]), _envelope(sounds[1]))
    scales = old.sample_rate / RATE, new.sample_rate / RATE
    kept = _agreeing(_moments(*sounds, begins, places, ratio), ratio)
    if len(kept) > 1:
        ratio = float(np.median(np.diff(kept[:, 1]) / np.diff(kept[:, 0])))
        kept = _with_ends(kept, ratio, len(sounds[0]), len(sounds[1]))
    ratio *= scales[1] / scales[0]
    return Alignment(kept[:, 0] * scales[0], kept[:, 1] * scales[1], kept[:, 2], ratio, old.sample_rate)


def _envelope(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give how much louder each of some bands becomes, float32 (bands, frames), of one spread each."""
    padded = np.pad(sound, (_BINS // 2, _BINS))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _BINS)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_BINS).astype(np.float32), axis=1)).astype(np.float32) ** 2
    level = np.log(np.stack([power[:, low:high].sum(axis=1) for low, high in _BANDS]) + 1e3)
    rise = np.maximum(0, np.diff(level, axis=1, prepend=level[:, :1]))
    rise -= rise.mean(axis=1, keepdims=True)
    return (rise / (rise.std(axis=1, keepdims=True) + 1e-6)).astype(np.float32)


def _pieces(
    old: NDArray[np.float32], new: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Find pieces: seconds at which each begins in the one and in the other, and the ratio of all."""
    rate = RATE / _HOP
    length = min(old.shape[1], round(PIECE * rate))
    starts = np.unique(np.append(np.arange(0, old.shape[1] - length, round(PIECE_STEP * rate)), old.shape[1] - length))
    if not len(starts) or new.shape[1] < length // 2:
        return np.zeros(0), np.zeros(0), 1.0
    size = 1 << (new.shape[1] + round(1.1 * length)).bit_length()
    spectrum = np.fft.rfft(new, size, axis=1)

    def match(start: int, ratio: float) -> tuple[float, float]:
        at = np.arange(round(length * ratio)) / ratio + start
        piece = np.stack([np.interp(at, np.arange(old.shape[1]), band) for band in old])
        found = np.fft.irfft((spectrum * np.conj(np.fft.rfft(piece, size, axis=1))).sum(axis=0), size)
        lags = np.concatenate([found[-len(at) // 2 :], found[: new.shape[1]]])
        best = int(lags.argmax())
        return float(lags[best] / (lags.std() + 1e-9)), (best - (len(at) - len(at) // 2)) / rate

    probes = starts[np.unique(np.linspace(0, len(starts) - 1, _PROBES).astype(int))]
    heights = np.array([[match(int(start), ratio)[0] for ratio in SPEEDS] for start in probes])
    best = int(np.maximum(heights - SURE / 2, 0).sum(axis=0).argmax())
    ratio = float(SPEEDS[best])
    found = [(start / rate, *match(int(start), ratio)) for start in starts]
    sure = np.array([(begin, place) for begin, height, place in found if height >= SURE]).reshape(-1, 2)
    return sure[:, 0], sure[:, 1], ratio


def _moments(
    old: NDArray[np.float32],
    new: NDArray[np.float32],
    begins: NDArray[np.float64],
    places: NDArray[np.float64],
    ratio: float,
) -> NDArray[np.float64]:
    """Find moments near where their pieces lie: rows of old place, new place (at RATE), and likeness 0..1."""
    found = []
    length, reach = round(MOMENT * RATE * ratio), round(NEAR * RATE)
    for begin, place in zip(begins.tolist(), places.tolist(), strict=True):
        for within in np.arange(0, PIECE - MOMENT, MOMENT_STEP).tolist():
            middle = (begin + within + MOMENT / 2) * RATE
            guess = round((place + (within + MOMENT / 2) * ratio) * RATE)
            first = guess - length // 2 - reach
            if first < 0 or first + length + 2 * reach > len(new) or middle + RATE > len(old):
                continue
            at = middle + (np.arange(length) - length // 2) / ratio
            one = map_coordinates(old, [at], order=3, mode="nearest")
            other = new[first : first + length + 2 * reach]
            if not one.any() or not other.any():
                continue
            lag, height, alike = _lag(one, other)
            if height >= SURE:
                found.append((middle, first + lag + length // 2, alike))
    return np.array(found).reshape(-1, 3)


def _lag(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float, float]:
    """Give where a sound lies in a longer one, in samples, how far that stands out, and how alike the two are there.

    The spectra are halfway whitened, so that neither bass nor equalisation decides; the sign does not count.
    """
    size = 1 << (len(one) + len(other)).bit_length()
    cross = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    lags = np.fft.irfft(cross / np.sqrt(np.abs(cross) + 1e-9), size)[: len(other) - len(one) + 1]
    best = int(np.abs(lags).argmax())
    height = float(np.abs(lags[best]) / (lags.std() + 1e-9))
    below, here, above = (
        float(np.abs(lags[index])) for index in (max(best - 1, 0), best, min(best + 1, len(lags) - 1))
    )
    bend = below - 2 * here + above
    there = other[best : best + len(one)]
    alike = abs(float(one @ there)) / (float(np.linalg.norm(one) * np.linalg.norm(there)) + 1e-9)
    return best + (0.5 * (below - above) / bend if bend < 0 else 0.0), height, min(1.0, alike)


def _agreeing(points: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """Keep points that lie on the line of those around them; rising in both places.

    Another bar of the same music is found, too, where the own one was cut out: it is less alike than the rest.
    """
    if len(points):
        points = points[points[:, 2] >= LIKENESS * np.quantile(points[:, 2], 0.75)]
    if len(points) < 3:
        return np.zeros((0, 3))
    points = points[np.lexsort((-points[:, 2], points[:, 0]))]
    agreeing = []
    for index, (old, new, _) in enumerate(points):
        near = points[max(0, index - 2 * AROUND) : index + 2 * AROUND + 1]
        slopes = near[:, 1] - new - ratio * (near[:, 0] - old)
        close = near[np.abs(slopes) <= NEAR * RATE]
        if len(close) < 3:
            continue
        fitted = np.median(np.diff(close[:, 1]) / np.maximum(np.diff(close[:, 0]), 1)) if np.ptp(close[:, 0]) else ratio
        fitted = fitted if abs(fitted / ratio - 1) < 0.01 else ratio
        off = float(np.median(close[:, 1] - fitted * close[:, 0])) + fitted * old - new
        if abs(off) <= AGREE * RATE:
            agreeing.append(index)
    kept = points[agreeing]
    if not len(kept):
        return kept
    kept = kept[np.diff(kept[:, 0], prepend=-1.0) > 0]
    return kept[np.diff(np.maximum.accumulate(kept[:, 1]), prepend=-1.0) > 0]


def _with_ends(points: NDArray[np.float64], ratio: float, old: int, new: int) -> NDArray[np.float64]:
    """Add the beginning and the end of files, so many samples long, where the line leads from one's to the other's."""
    first, last = points[0], points[-1]
    begin, end = first[1] - ratio * first[0], last[1] + ratio * (old - last[0])
    before = [[0.0, begin, first[2]]] if first[0] > 0 and abs(begin) <= ENDS * RATE else []
    after = [[float(old), end, last[2]]] if last[0] < old and abs(end - new) <= ENDS * RATE else []
    return np.array([*before, *points, *after])
