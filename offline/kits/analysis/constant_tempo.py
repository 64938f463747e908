"""One tempo from end to end, as of music that was made in a sequencer or to a click: its beats lie evenly.

    sound      ▕▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂    ▃   ▃   ▇▂▃▂▇▂▃▂▇▂▃▂▇▂▃▂▏
    tracked      1   2   3   4              ·   ·   ·   ·        a breakdown is not followed, then off-beats are
    even       1   2   3   4   1   2   3   4   1   2   3   4

Live the tracker follows what it hears: in a breakdown the pulse is lost, and what comes after may be followed from an
off-beat on. Of a file all is there, and attacks lie far nearer to one grid of subdivisions than players keep to: its
period is where the attacks' Rayleigh periodogram (Mardia and Jupp, Directional Statistics, 2000; as power spectrum of
points in time Bartlett 1963) is highest near the tempo that was tracked most. It is the record's where most of its
parts agree about the phase, which they do not if the tempo drifts, or changes.
"""

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import Event

SHORTEST_SECONDS, LONGEST_SECONDS = 90, 1800
"""In a shorter record no drift shows; a longer one is many pieces."""
SUBDIVISIONS = 4, 3
"""Of a beat: sixteenths, or triplets."""
NEAR_TEMPO = 0.02
"""Share by which the period may lie beside the one that was tracked."""
CLEAR = 0.45
"""The least mean resultant length, 0..1: how near to the grid attacks lie."""
PART_SECONDS, ENOUGH = 12, 4.0
"""A part of the record, and how many sure attacks it must have to be asked."""
AGREE_SECONDS, AGREE = 0.016, 0.8
"""How far the phase of a part may lie beside that of the whole; the share of parts that must have a clear phase, and of
these the share that must agree. A part counts by the square root of its attacks, so that a minute full of them does not
speak for the rest."""
CLEAR_PART = 0.3
"""The least mean resultant length of a part whose phase is clear: where another tempo passes by it is any."""
AS_GOOD = 0.97
"""A tempo without decimals is taken that is so much as clear as the clearest one: a sequencer is set to those."""
FIRST_SAMPLE = 2.0, 0.015
"""By how much likelier it is that what is bounced from a sequencer begins with a beat than between two, and how many
seconds beside its first sample the grid may lie for it to be that; then it begins with that sample, as attacks are
heard some milliseconds late on average."""
_BIN_SECONDS, _PADDED = 0.005, 8
_PARTS = 48
"""Of an octave, in which the most frequent tempo is searched."""


def even(
    beats: Sequence[Event],
    attacks: NDArray[np.int64],
    hits: NDArray[np.float64],
    on_beat: NDArray[np.float64],
    first: int,
    last: int,
    sample_rate: int,
) -> tuple[Event, ...] | None:
    """Give the beats in the samples first..last of a record evenly, from its first attack to its last; None where it
    has no constant tempo.

    beats: as they were tracked, rising. attacks: samples, (n,), rising; hits, on_beat: how likely each is a hit, and
    one on a beat, (n,), 0..1. Tracked beats on the grid keep their strength and place in the bar; others have the mean
    strength and no place: label None.
    """
    times = attacks / sample_rate
    if len(beats) < 2 or not len(times) or not SHORTEST_SECONDS <= times[-1] - times[0] <= LONGEST_SECONDS:
        return None
    usual = _usual_period(beats)
    step, phase, clear, parts = max((_grid(times, hits, usual, parts) for parts in SUBDIVISIONS), key=itemgetter(2))
    if clear < CLEAR or not _is_one(times, hits, step, phase):
        return None
    # Which of the subdivisions are beats: those that were tracked most, and that sound like beats.
    places, sure = np.array([(beat.sample / sample_rate, beat.strength) for beat in beats]).T
    numbers = [_nearest(at, step, phase)[0] % parts for at in (places, times)]
    votes = (np.bincount(numbers[0], sure, parts) + np.bincount(numbers[1], on_beat, parts)).astype(np.float64)
    likelier, near = FIRST_SAMPLE
    zero, beside = _nearest(np.zeros(1), step, phase)
    may_begin = abs(beside[0]) <= near
    votes[zero % parts] *= likelier if may_begin else 1.0
    on = int(votes.argmax())
    if may_begin and on == zero[0] % parts:
        phase += float(beside[0])
    period, phase = step * parts, phase + step * on
    beat_numbers, off = _nearest(places, period, phase)
    tracked = {
        number: beat for number, beat, by in zip(beat_numbers.tolist(), beats, off, strict=True) if abs(by) <= step / 2
    }
    begin, end = _nearest(times[[0, -1]], period, phase)[0].tolist()
    usual_beat = replace(beats[0], strength=float(sure.mean()), label=None)
    made = []
    for number in range(begin, end + 1):
        beat, at = tracked.get(number, usual_beat), round((phase + number * period) * sample_rate)
        if first - near * sample_rate <= at < last:  # the beat nearest to the last attack may come after the end
            place = max(first, at)
            made.append(replace(beat, sample=place, emitted=place, tempo=60 / period, rephased=False))
    return tuple(made)


def _usual_period(beats: Sequence[Event]) -> float:
    """Give the period, in seconds, of the tempo that most beats have."""
    tempi = np.array([beat.tempo or 120.0 for beat in beats])
    bins = np.floor(np.log2(tempi) * _PARTS).astype(int)
    counts = np.bincount(bins, minlength=bins.max() + 2)
    at = int((counts[:-1] + counts[1:]).argmax())
    return 60 / float(np.median(tempi[(bins == at) | (bins == at + 1)]))


def _grid(
    times: NDArray[np.float64], weights: NDArray[np.float64], period: float, parts: int
) -> tuple[float, float, float, int]:
    """Give the clearest grid of so many parts of a beat of about that period: its step and phase in seconds, how clear
    it is, 0..1, and the parts.
    """
    size = _PADDED << int(np.ceil(np.log2(times[-1] / _BIN_SECONDS + 1)))
    height = np.abs(np.fft.rfft(np.bincount((times / _BIN_SECONDS).astype(np.int64), weights, size)))
    width = 1 / (size * _BIN_SECONDS)
    low, high = (round(parts / period * by / width) for by in (1 - NEAR_TEMPO, 1 + NEAR_TEMPO))
    top = (low + int(height[low : high + 1].argmax())) * width
    close = top + np.linspace(-width, width, 17)
    rates = np.append(close, np.round(60 * close[8] / parts) * parts / 60)
    found = _resultants(times, weights, rates)
    clear = np.abs(found)
    at = int(clear[:-1].argmax())
    if clear[-1] >= AS_GOOD * clear[at]:
        at = len(rates) - 1
    rate = float(rates[at])
    return 1 / rate, float(np.angle(found[at])) / (2 * np.pi * rate), float(clear[at]), parts


def _resultants(
    times: NDArray[np.float64], weights: NDArray[np.float64], rates: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Give the mean of points in time on a circle that turns so many times a second, for each rate: complex (n,)."""
    mean: NDArray[np.complex128] = (
        np.exp(2j * np.pi * rates[:, None] * times) @ weights / max(float(weights.sum()), 1e-9)
    )
    return mean


def _is_one(times: NDArray[np.float64], weights: NDArray[np.float64], step: float, phase: float) -> bool:
    """Say whether the record's parts agree about the phase of the whole."""
    part = (times / PART_SECONDS).astype(np.int64)
    angle = 2 * np.pi * (times - phase) / step
    around = np.bincount(part, weights * np.cos(angle)) + 1j * np.bincount(part, weights * np.sin(angle))
    sure = np.bincount(part, weights)
    counts = np.where(sure >= ENOUGH, np.sqrt(sure), 0.0)
    clear = np.abs(around) >= CLEAR_PART * sure
    agree = clear & (np.abs(np.angle(around)) * step / (2 * np.pi) <= AGREE_SECONDS)
    all_parts, clear_ones = counts.sum(), counts[clear].sum()
    return bool(clear_ones > 0 and clear_ones >= AGREE * all_parts and counts[agree].sum() >= AGREE * clear_ones)


def _nearest(times: NDArray[np.float64], period: float, phase: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the number of the grid's place that is nearest to each of some times, and by how much it lies after it."""
    numbers = np.round((times - phase) / period)
    return numbers.astype(np.int64), times - phase - numbers * period
