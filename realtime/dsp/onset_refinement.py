"""From frame to sample: snap an event to the attack it belongs to.

The step in level at a cut is measured as the log ratio of the energy just after it to the energy just before it, in the
full band and in the first difference (which shows clicks and consonants through bass). The cut with the largest step
near the frame is the attack: a change-point test on energy, as in Bello et al., "A tutorial on onset detection in music
signals" (2005), section III, with windows on both sides of the cut so that decays and steady tones give none.
"""

import math

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.core.plugin import OPENING_SECONDS
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.fft import LOUDEST

BACK = 2048
"""Samples before a frame's centre in which a chop's or a chord's attack may lie (46 ms)."""
FORWARD = 1536
"""Samples after the frame's centre in which it may lie (35 ms)."""

_CELL = 16
_FLOOR = 1e-7  # mean square: -70 dBFS, below which a rise does not count
_RISE = 1.25  # times the energy before: less is no attack
_STANDS_OUT = 4.0  # times the mean energy before
_AMOUNTS = 0.02  # of the largest cell's energy after


@inner(inline=False)
def _rise(energy, cut, n_before, n_after):
    # The step is nearly as large for a cut a little before the attack; the attack itself is the first cell after the
    # cut that stands out from what was before and amounts to something of what comes.
    first = cut + n_after
    for b in range(2):
        before = (energy[cut, b] - energy[cut - n_before, b]) / n_before
        peak = 0.0
        for c in range(cut, cut + n_after):
            peak = max(peak, energy[c + 1, b] - energy[c, b])
        line = max(_STANDS_OUT * before, _AMOUNTS * peak)
        for c in range(cut, first):
            if energy[c + 1, b] - energy[c, b] > line:
                first = c
                break
    return first if first < cut + n_after else cut


@inner(True)
def _cell(x, first):
    """Give the energies of a cell of the signal and of its first difference; x has a sample before it."""
    full = high = np.float32(0.0)
    for k in range(_CELL):  # so many in each, so that they are summed side by side
        i = np.uint64(first + k)
        step = x[i] - x[i - np.uint64(1)]
        full += x[i] * x[i]
        high += step * step
    return full, high


@inner(inline=False)
def _sums(x, energy):
    """Sum the energies of the signal and of its first difference up to each cell's end: (cells + 1, 2), row 0 is 0.

    x: the signal, with its first sample once more before it, which counts for none.
    """
    full, high = -np.float64(x[0]) * x[0], 0.0
    for c in range(len(energy) - 1):
        one, other = _cell(x, 1 + c * _CELL)
        full, high = full + one, high + other
        energy[c + 1, 0], energy[c + 1, 1] = full, high


@entry("int64(float64[::1], int64, int64, int64, float32[::1], float64[:, ::1], float64[::1], float32[::1])")
def _attack(likely, best, n_before, n_after, x, energy, loudest, samples):
    # x, energy and loudest are to work with: numba takes long to compile what makes arrays.
    for b in range(2):
        energy[0, b] = loudest[b] = 0.0
    for i in range(len(samples)):
        x[i + 1] = samples[i] if abs(samples[i]) <= LOUDEST else np.float32(0.0)
    x[0] = x[1]
    _sums(x, energy)
    cells = len(energy) - 1
    for c in range(n_after, cells - n_after):
        for b in range(2):
            loudest[b] = max(loudest[b], energy[c + n_after, b] - energy[c, b])
    best_step = 0.0
    for c in range(n_after, cells - n_after + 1):
        step = 0.0
        for b in range(2):
            after = energy[c + n_after, b] - energy[c, b]
            before = (energy[c, b] - energy[c - n_before, b]) * (n_after / n_before)
            if after > _RISE * before:
                ratio = (after + _FLOOR * n_after * _CELL) / (before + _FLOOR * n_after * _CELL)
                # Where sound begins at the very last cut, nothing was louder before it.
                step += math.log(ratio) * (math.sqrt(after / loudest[b]) if loudest[b] > 0 else 1.0)
        step *= likely[c]
        if step > best_step:
            best_step = step
            best = c
    return _rise(energy, best, n_before, n_after) * _CELL


class AttackSearch:
    """In which range around a frame attacks are searched, and how much is compared before and after each cut.

    margin: samples needed on either side of the range. length: samples to hand over.
    """

    def __init__(self, back: int, forward: int, usual: int, sigma: float, before: int, after: int) -> None:
        """[main] In samples: the range, from `back` before to `forward` after the frame's centre; where attacks usually
        lie, relative to it, and how widely; the lengths of the energies compared. All but `usual` and `sigma` are
        multiples of 16, and before <= after.
        """
        if any(length % _CELL for length in (back, forward, before, after)) or not 0 < before <= after:
            raise ValueError(f"lengths must be multiples of {_CELL}, got {back}, {forward}, {before}, {after}")
        self.back, self.margin = back, after
        self.length = back + forward + 2 * after
        at = np.arange(self.length // _CELL + 1) * _CELL - self.margin - back
        likely, cells = np.exp(-0.5 * ((at - usual) / sigma) ** 2), (before // _CELL, after // _CELL)
        # One for all threads: a compiled function keeps the interpreter's lock, and uses it in one call.
        work = np.empty(self.length + 1, np.float32), np.empty((self.length // _CELL + 1, 2)), np.empty(2)
        self._parts = likely, (self.margin + back + usual) // _CELL, *cells, *work
        self._run = bound(_attack, *self._parts)

    def offset(self, segment: NDArray[np.float32]) -> int:
        """[analysis] Where the attack begins, in samples relative to the frame's centre.

        segment: float32, (length,); the frame's centre stands at margin + back. Without any rise it is where attacks
        usually lie. A slow attack may begin up to `after` behind the range.
        """
        if segment.shape != (self.length,):
            raise ValueError(f"segment must have {self.length} samples, got shape {segment.shape}")
        return int(_attack(*self._parts, segment)) - self.margin - self.back

    def attack(self, audio: History, centre: int) -> int:
        """[analysis] Where the attack begins, in the samples of a history, around a frame's centre."""
        first = centre - self.back - self.margin
        return first + int(self._run(audio.given(first, first + self.length).reshape(-1)))


ATTACK_SEARCH = AttackSearch(BACK, FORWARD, usual=0, sigma=900.0, before=24 * _CELL, after=40 * _CELL)
"""For chops and chords: 14.5 ms, the rise of a snare or a plucked string, are compared with the 8.7 ms before."""


_WINDOW_SECONDS = 0.02
_RISE = 3  # windows in which a sound that begins becomes loud: the body of a kick follows its click by 40 ms
_LOUD = 1e-4  # mean square, -40 dBFS: the pops and thumps of an empty groove are softer
_DECAY = 4.0  # times the energy of the quietest window: 6 dB, which no noise or steady tone has


def begins_with_attack(samples: NDArray[np.float32], sample_rate: int) -> bool:
    """Say whether a recording is trimmed to a sound that begins with it and decays, as a loop or a one-shot is.

    samples: float32 (n, channels), its first OPENING_SECONDS; of one that is shorter, silence follows. It is one where
    the first 20 ms are no silence, and 20 ms of the first 60 have a quarter of the energy of the loudest 20 ms and four
    times that of the quietest. The middle of a tone, hiss or hum has no such decay: what begins there is the recording,
    not a sound.
    """
    window, count = round(_WINDOW_SECONDS * sample_rate), round(OPENING_SECONDS / _WINDOW_SECONDS)
    power = np.zeros(count * window)
    opening = np.where(np.abs(samples[: len(power)]) <= LOUDEST, samples[: len(power)], 0.0).astype(np.float64)
    power[: len(opening)] = np.square(opening - np.median(opening, axis=0)).sum(axis=1) if len(opening) else 0.0
    energy = power.reshape(count, window).mean(axis=1)
    begun = energy[:_RISE].max()
    return bool(energy[0] >= _LOUD and begun >= energy.max() / 4 and begun >= _DECAY * energy.min())
