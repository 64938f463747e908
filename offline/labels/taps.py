"""From hits to labels: find how late somebody taps, take it off, and put each tap on the attack that was meant.

Many attacks lie near every tap, so the nearest one says little. First the lag is found at which all taps together fall
on strong attacks: the correlation of the taps with the attacks, weighed by how late people mostly are, the machine's
own delays included. Only then are taps paired with attacks; what is left over is small, and its mean without the
outermost corrects the lag.

Some lag always fits best, to another recording too. So the best score is compared with those of the same taps, each
moved by up to half a second at random (a permutation test, with surrogate data that keep the density of the attacks).
Measured on twelve made records and two songs: of twelve taps on beats, backbeats, bars or strong attacks (jitter 12 to
25 ms, lag -30 to 120 ms) 96 of 100 are said to fit; of twelve that have nothing to do with the music 4 of 100, of
evenly spaced ones 6: some lie on the music's own grid by chance.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.labels.formats import TAPS, Labels, read_kind
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH

EARLIEST, LATEST = -0.25, 0.4
"""Seconds: how late a tap may be."""
LIKELY, LIKELY_SIGMA = 0.04, 0.2
"""Seconds: how late people and machines mostly are together."""
FEWEST = 5
"""Taps below which there is no telling how late they are."""
ENOUGH = 12
"""Taps from which on those that fit no better than chance are told from those that do."""
CHANCE = 0.02
"""Share of the randomly moved taps that may fit as well, where the fit is no chance."""
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
_LAGS = np.arange(EARLIEST, LATEST + _STEP, _STEP)
_LIKELIHOOD = np.exp(-0.5 * ((_LAGS - LIKELY) / LIKELY_SIGMA) ** 2)
_PAD = 0.5  # seconds, before and after the recording, where a tap without its lag may lie
_LOOSELY = 0.03  # seconds: how exactly all taps together must fit, to be no chance
_MOVED = 0.5  # seconds by which taps are moved at random, either way
_TRIES = 499
_APART = 0.08  # seconds: nearer lags are one
_AS_GOOD = 0.9
_UNUSUAL = 0.5  # of the likelihood of the most usual lag
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
    their own. chance: the share of random taps that fit the attacks as well; see CHANCE and ENOUGH.
    """

    labels: Labels
    lag: Lag
    alone: int
    doubles: int
    chance: float


def read_taps(path: Path) -> NDArray[np.float64]:
    """Read when taps were hit, in seconds, rising. Raises UserError if there is none, or the file is no session's."""
    try:
        times = [mark.time for mark in read_kind(path, "tap")]
    except OSError as error:
        raise UserError(f"taps {str(path)!r} cannot be read: {reason_of(error)}") from None
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
    scores = _scores(taps, _curve(attacks.times, attacks.strengths, float(taps[-1]), _BLUR))
    if not scores.any():
        raise UserError("no attack lies near any tap: is this the recording you tapped to? If so, give --bias")
    best = int(np.argmax(scores * _LIKELIHOOD))
    # What else may be is told by the fit alone: an unusual lag that fits as well is worth a look.
    far = np.where((np.abs(_LAGS - _LAGS[best]) > _APART) & (_LIKELIHOOD > _UNUSUAL), scores, 0.0)
    other = float(_LAGS[np.argmax(far)]) if far.max() > _AS_GOOD * scores[best] else None
    lag, spread = float(_LAGS[best]), _BLUR
    for _ in range(_ROUNDS):
        rest = _rest(taps - lag, attacks, spread)
        if not len(rest):
            break
        middle = float(np.median(rest))
        spread = _spread(rest - middle)
        lag += float(np.mean(rest[np.abs(rest - middle) <= 2.5 * spread]))
    return Lag(lag, spread, other)


def best_lag(taps: NDArray[np.float64], attacks: Attacks, length: float) -> float:
    """Give the lag in seconds at which taps fit the attacks best, however unusual it is."""
    curve = _curve(attacks.times, np.sqrt(attacks.strengths), length, _BLUR)
    return float(_LAGS[np.argmax(_scores(taps, curve))])


def _curve(
    times: NDArray[np.float64], strengths: NDArray[np.float64], length: float, blur: float
) -> NDArray[np.float64]:
    """Give how well a tap fits attacks at each _STEP from -_PAD to `length` + _PAD, seconds: float64 (n,), 0..1."""
    curve = np.zeros(round((length + 2 * _PAD) / _STEP) + 1)
    reach = round(5 * blur / _STEP)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _STEP / blur) ** 2)
    middles = np.rint((times + _PAD) / _STEP).astype(np.int64)
    inside = middles + reach < len(curve)
    for middle, strength in zip(middles[inside].tolist(), strengths[inside].tolist(), strict=True):
        near = curve[middle - reach : middle + reach + 1]
        np.maximum(near, strength * bell, out=near)  # one tap means one attack, however many lie around it
    return curve


def _scores(taps: NDArray[np.float64], curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how well taps, seconds, (..., n), fit with each of _LAGS taken off: float64 (..., len(_LAGS))."""
    by_lag = sliding_window_view(curve, len(_LAGS))
    first = np.rint((taps + _PAD - _LAGS[-1]) / _STEP).astype(np.int64).clip(0, len(by_lag) - 1)
    scores = np.zeros((*taps.shape[:-1], len(_LAGS)))
    for tap in range(taps.shape[-1]):
        scores += by_lag[first[..., tap]]
    return scores[..., ::-1]


def chance_of_fit(taps: NDArray[np.float64], attacks: Attacks, length: float, bias: float | None = None) -> float:
    """Give the share of random taps that fit the attacks as well as these, seconds, rising: 0.002..1.

    Each is moved by itself, up to half a second. length: of the recording, in seconds. bias: how late the taps come, in
    seconds; None if any lag will do. The same taps give the same answer.
    """
    curve = _curve(attacks.times, np.sqrt(attacks.strengths), length, _LOOSELY)  # soft attacks may be meant as well
    moved = np.abs(taps + np.random.default_rng(len(taps)).uniform(-_MOVED, _MOVED, (_TRIES, len(taps))))
    moved = np.where(moved > length, np.maximum(2 * length - moved, 0.0), moved)
    weight = _LIKELIHOOD if bias is None else np.abs(_LAGS - bias) <= _STEP / 2
    found = (_scores(np.concatenate([taps[None], moved]), curve) * weight).max(axis=1)
    return float((1 + np.count_nonzero(found[1:] >= found[0])) / (1 + _TRIES))


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
    return Placed(labels, lag, len(lone), len(taps) - len(times), chance_of_fit(clean, attacks, length, bias))
