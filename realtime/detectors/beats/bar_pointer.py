"""The states of the bar pointer, tempo and place within the beat, and how they move from frame to frame.

Of each tempo they lie in a ring, and stay where they are: what moves is the place where the beat begins, and what
scales them all is left out until they are summed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.dsp.registers import bits_of

TEMPO_LAMBDA = 100.0
"""How unlikely a tempo change at a beat is: exp(-lambda * |ratio - 1|)."""
FINEST = 0.012
"""Least distance of two tempi, as a share; faster ones lie a whole frame apart."""
ZONE = 16
"""The first 1/ZONE of a beat is where the activation is expected."""
ANEW = 1e-15
"""Chance that the pulse begins anew at a frame: so that none is ever lost for good, and no number too small."""
AROUND = 8
"""A pulse is all within 1/AROUND of its tempo, and of a beat from its place."""
BAND = 8
"""Tempi on either side of one that it may come from."""
LANES = 16
"""Tempi that are computed side by side."""
LEAST, MOST = 0.005, 0.995
"""Activations are taken for no less and no more than these."""


def tempi(
    frame_rate: float, low_bpm: float, high_bpm: float, tempo_lambda: float = TEMPO_LAMBDA
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Give the frames per beat of each tempo, and the chances (2 BAND + 1, m) of having come from each neighbour;
    m, n or more, is a multiple of LANES.
    """
    period, last, found = round(60 * frame_rate / high_bpm), round(60 * frame_rate / low_bpm), []
    while period <= last:
        found.append(period)
        period += max(1, round(FINEST * period))
    periods = np.array(found)
    ratio = periods[None, :] / periods[:, None]
    chance = np.exp(-tempo_lambda * np.abs(ratio - 1))
    near = np.abs(np.arange(len(periods))[:, None] - np.arange(len(periods))[None, :]) <= BAND
    chance = np.where(near, chance, 0)
    chance /= chance.sum(axis=1, keepdims=True)
    padded = np.pad(chance.T, ((0, 0), (BAND, BAND)))
    bands = np.stack([row[place : place + 2 * BAND + 1] for place, row in enumerate(padded)], axis=1)
    bands = np.pad(bands, ((0, 0), (0, -len(periods) % LANES)))
    return periods.astype(np.int64), np.ascontiguousarray(bands, np.float32)


@apart()
def _add_products(x, y, n, out):
    for j in range(n):
        i = np.uint64(j)
        out[i] += x[i] * y[i]


@inner(inline=False)
def forward(states, periods, starts, firsts, chance, leaving, arriving, activation, total):
    """Move the pointer's distribution, which sums to `total`, one frame on; give its new sum, and the beat zone's.

    What lies outside the beat zone is scaled by the same factor everywhere, which is left out: so only the zone is
    computed, and the states move by moving the place where each tempo's beat begins, `firsts`.
    """
    n, width = len(periods), len(arriving)
    a = min(max(activation, LEAST), MOST)
    ratio = np.float32(a * (ZONE - 1) / (1 - a))
    for j in range(n):
        first = firsts[j] - 1
        if first < 0:
            first += periods[j]
        firsts[j] = first
        leaving[BAND + j] = states[np.uint64(starts[j] + first)]
    for j in range(width):
        arriving[j] = ANEW * total / n
    for k in range(2 * BAND + 1):
        _add_products(leaving[k:], chance[k], width, arriving)
    after = before = 0.0
    for j in range(n):
        start, period = starts[j], periods[j]
        at, end = start + firsts[j], start + period
        new = arriving[j] * ratio
        states[np.uint64(at)] = new
        # Sums of their own, which do not wait for those of another tempo.
        later, earlier = np.float64(new), np.float64(leaving[BAND + j])
        for _ in range(period // ZONE - 1):
            at = at + 1 if at + 1 < end else start
            old = states[np.uint64(at)]
            new = old * ratio
            states[np.uint64(at)] = new
            earlier += old
            later += new
        after += later
        before += earlier
    moved = total + (after - before)
    return moved, after, math.log((1 - a) * ZONE / (ZONE - 1) * moved / total)


@inner({"reassoc", "nsz"}, inline=False)
def _sum(numbers):
    total = np.float32(0)
    for k in range(len(numbers)):
        total += numbers[np.uint64(k)]
    return total


@inner(inline=False)
def likeliest(states, periods, starts, firsts):
    """Scale the states to a sum of 1; give what it was, and the tempo and place of the likeliest."""
    total = _sum(states)
    scale, best, tempo = np.float32(1) / total, np.int32(0), 0
    for i in range(len(states)):
        states[i] *= scale
    for j in range(len(periods)):
        start, most = np.uint64(starts[j]), np.int32(0)
        for p in range(periods[j]):
            # Chances rise with their bits, and whole numbers are compared side by side.
            most = max(most, bits_of(states[start + np.uint64(p)]))
        if most > best:
            best, tempo = most, j
    place = 0
    while place < periods[tempo] - 1 and bits_of(states[starts[tempo] + place]) < best:
        place += 1
    return total, tempo, (place - firsts[tempo]) % periods[tempo]


@inner(inline=False)
def _span(states, first, last, own, most):
    for i in range(first, last):
        value = states[np.uint64(i)]
        own += value
        most = max(most, bits_of(value))  # chances rise with their bits
    return own, most


@inner(inline=False)
def around(states, periods, starts, firsts, period, phase):
    """Give the sum of the states near a pulse, their mean period, and the tempo and place of the likeliest."""
    total, weighted, best, tempo = 0.0, 0.0, np.int32(-1), 0
    for j in range(len(periods)):
        length = periods[j]
        if abs(length - period) * AROUND > period:
            continue
        first, last = _near(length, phase, starts[j], firsts[j])
        end = starts[j] + length
        own, most = _span(states, first, min(last, end), np.float32(0), np.int32(0))
        own, most = _span(states, starts[j], last - length, own, most)
        if most > best:
            best, tempo = most, j
        total += own
        weighted += own * length
    start, length = starts[tempo], periods[tempo]
    i, _ = _near(length, phase, start, firsts[tempo])
    for _ in range(length):
        if bits_of(states[i]) >= best:
            break
        i = i + 1 if i + 1 < start + length else start
    return total, weighted / max(total, 1e-30), tempo, (i - start - firsts[tempo]) % length


@inner(inline=False)
def _near(length, phase, start, first):
    """Give the states of a tempo that are near a pulse: the first of them, and where they end, which may be behind the
    tempo's last one: then they go on at its first.
    """
    reach = length // AROUND
    at = start + (int(phase * length) - reach + first) % length
    return at, at + 2 * reach + 1
