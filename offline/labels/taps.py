"""From hits to labels: find how late somebody taps, take it off, and put each tap on the attack that was meant.

Many attacks lie near every tap, so the nearest one says little. First the lag is found at which all taps together fall
on strong attacks: the correlation of the taps with the attacks, weighed by how late people mostly are, the machine's
own delays included. Only then are taps paired with attacks; what is left over is small, and its mean without the
outermost corrects the lag.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.labels.formats import TAPS, Labels, read_kind
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH

EARLIEST, LATEST = -0.25, 0.4
"""Seconds: how late a tap may be."""
LIKELY, LIKELY_SIGMA = 0.04, 0.15
"""Seconds: how late people and machines mostly are together."""
FEWEST = 5
"""Taps below which there is no telling how late they are."""
DOUBLE = 0.06
"""Seconds: nobody means two chops so near; a bouncing pad and the repeats of a key that is kept down come nearer."""
SCATTERED = 0.045
"""Seconds of spread above which the taps are better looked at."""

_HOP = 256
_STEP = 0.001  # seconds, of the lags tried
_BLUR = 0.02  # seconds: how exactly people tap
_REACH = 0.06  # seconds, around a tap without its lag, where its attack may lie
_ROUNDS = 4
_LEAST_SPREAD = 0.004  # seconds
_APART = 0.08  # seconds: nearer lags are one
_AS_GOOD = 0.9
_ONE_ATTACK = 0.015  # seconds: two peaks of the flux moved so near to each other were one attack
_NAME = "tap"


@dataclass(frozen=True, slots=True)
class Attacks:
    """Where sounds begin. times: float64, (n,), seconds, rising. strengths: float64, (n,), 0..1."""

    times: NDArray[np.float64]
    strengths: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lag:
    """How late somebody taps, and how evenly: seconds, positive for late; spread is a standard deviation.

    other: another lag that fits the taps nearly as well, as with an even rhythm; None if there is none.
    """

    seconds: float
    spread: float
    other: float | None = None

    def words(self) -> str:
        """Say it."""
        late = round(1000 * self.seconds)
        when = f"{abs(late)} ms {'late' if late > 0 else 'early'}" if late else "in time"
        return f"your taps come {when} (± {1000 * self.spread:.0f} ms)"


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of taps: labels at the attacks, the lag taken off, and counts.

    alone: labels with no attack near, left where they were tapped, and named "tap". doubles: taps that meant nothing of
    their own.
    """

    labels: Labels
    lag: Lag
    alone: int
    doubles: int


def read_taps(path: Path) -> NDArray[np.float64]:
    """Read when taps were hit, in seconds, rising. Raises UserError if there is none, or the file is no session's."""
    try:
        times = [mark.time for mark in read_kind(path, "tap")]
    except OSError as error:
        raise UserError(f"taps {str(path)!r} cannot be read: {error.strerror or error}") from None
    if not times:
        raise UserError(f"{str(path)!r} has no taps: record some with samplechop live --tap")
    return np.array(times)


def find_attacks(path: Path) -> tuple[Attacks, float]:
    """Find every attack in a recording, to the sample; gives the recording's length in seconds too.

    Peaks of librosa's onset strength (spectral flux of a mel spectrogram), each moved to the attack it belongs to.
    Raises UserError if the recording cannot be read.
    """
    import librosa

    samples = read_audio(path)
    flux = librosa.onset.onset_strength(y=samples, sr=RATE, hop_length=_HOP, n_fft=1024, lag=2)
    frames = librosa.util.peak_pick(flux, pre_max=4, post_max=4, pre_avg=40, post_avg=20, delta=0.1, wait=6)
    found: list[tuple[float, float]] = []
    padded = np.pad(samples, ATTACK_SEARCH.length)
    for frame in frames.tolist():
        start = frame * _HOP - ATTACK_SEARCH.margin - ATTACK_SEARCH.back + ATTACK_SEARCH.length
        sample = max(
            0, frame * _HOP + ATTACK_SEARCH.offset(np.ascontiguousarray(padded[start : start + ATTACK_SEARCH.length]))
        )
        found.append((sample / RATE, float(flux[frame])))
    kept: list[tuple[float, float]] = []
    for time, strength in sorted(found):
        if not kept or time - kept[-1][0] >= _ONE_ATTACK:
            kept.append((time, strength))
        elif strength > kept[-1][1]:
            kept[-1] = (time, strength)
    times, strengths = np.array(kept).reshape(-1, 2).T
    return Attacks(times, strengths / strengths.max(initial=1e-9)), len(samples) / RATE


def estimate_lag(taps: NDArray[np.float64], attacks: Attacks) -> Lag:
    """Tell how late the taps, in seconds, come after the attacks they mean.

    Raises UserError for too few taps, or if there is no attack near any.
    """
    if len(taps) < FEWEST:
        raise UserError(f"{len(taps)} taps are too few to find how late they come: give --bias, in milliseconds")
    lags = np.arange(EARLIEST, LATEST + _STEP, _STEP)
    scores = np.zeros(len(lags))
    for tap in taps.tolist():
        low, high = np.searchsorted(attacks.times, (tap - LATEST - 0.1, tap - EARLIEST + 0.1))
        distance = (tap - attacks.times[low:high])[:, None] - lags
        near = attacks.strengths[low:high, None] * np.exp(-0.5 * (distance / _BLUR) ** 2)
        scores += near.max(axis=0, initial=0.0)  # one tap means one attack, however many lie around it
    if not scores.any():
        raise UserError("no attack lies near any tap: is this the recording you tapped to? If so, give --bias")
    scores *= np.exp(-0.5 * ((lags - LIKELY) / LIKELY_SIGMA) ** 2)
    best = int(np.argmax(scores))
    far = np.where(np.abs(lags - lags[best]) > _APART, scores, 0.0)
    other = float(lags[np.argmax(far)]) if far.max() > _AS_GOOD * scores[best] else None
    lag, spread = float(lags[best]), _BLUR
    for _ in range(_ROUNDS):
        rest = _rest(taps - lag, attacks, spread)
        if not len(rest):
            break
        middle = float(np.median(rest))
        spread = _spread(rest - middle)
        lag += float(np.mean(rest[np.abs(rest - middle) <= 2.5 * spread]))
    return Lag(lag, spread, other)


def _rest(taps: NDArray[np.float64], attacks: Attacks, spread: float) -> NDArray[np.float64]:
    """Give what is left of each tap, its lag taken off, after its attack; seconds."""
    chosen = assign(taps, attacks, spread)
    return taps[chosen >= 0] - attacks.times[chosen[chosen >= 0]]


def _spread(rest: NDArray[np.float64]) -> float:
    """Estimate a standard deviation that a few outliers do not move; seconds."""
    return max(_LEAST_SPREAD, 1.4826 * float(np.median(np.abs(rest))))


def assign(taps: NDArray[np.float64], attacks: Attacks, spread: float) -> NDArray[np.int64]:
    """Choose the attack each tap means, -1 for none: the strongest where several are equally near.

    taps: seconds, their lag taken off. spread: seconds, how exactly they are tapped.
    """
    chosen = np.full(len(taps), -1, np.int64)
    reach = min(_REACH, max(3.5 * spread, 0.02))
    for at, tap in enumerate(taps.tolist()):
        low, high = np.searchsorted(attacks.times, (tap - reach, tap + reach))
        if high > low:
            near = np.exp(-0.5 * ((attacks.times[low:high] - tap) / spread) ** 2) * attacks.strengths[low:high]
            chosen[at] = low + int(np.argmax(near))
    return chosen


def place(taps: NDArray[np.float64], attacks: Attacks, length: float, bias: float | None = None) -> Placed:
    """Make labels of taps, both in seconds, on a recording of `length` seconds.

    bias: how late the taps come, in seconds; None to find out.

    Raises UserError if taps lie outside the recording, or if there is no finding out.
    """
    if taps[-1] > length:
        raise UserError(
            f"the tap at {taps[-1]:.3f} s lies outside the recording, which has {length:.3f} s: is it this one?"
        )
    clean = taps[np.diff(taps, prepend=-np.inf) >= DOUBLE]  # from the one before, whether that one stays or not
    if bias is None:
        lag = estimate_lag(clean, attacks)
    else:
        rest = _rest(clean - bias, attacks, _BLUR)
        lag = Lag(bias, _spread(rest) if len(rest) else _BLUR)
    moved = np.clip(clean - lag.seconds, 0.0, length)
    chosen = assign(moved, attacks, lag.spread)
    on_attacks = {float(attacks.times[i]) for i in chosen[chosen >= 0]}
    lone = {float(tap) for tap, i in zip(moved, chosen, strict=True) if i < 0} - on_attacks
    names = dict.fromkeys(lone, _NAME) | dict.fromkeys(on_attacks, "")
    times = np.array(sorted(names))
    labels = Labels(times, tuple(names[time] for time in times.tolist()), kind=TAPS)
    return Placed(labels, lag, len(lone), len(taps) - len(times))
