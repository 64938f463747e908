"""Many channels become one: what detectors are given of a stereo input, also where its channels cancel each other.

A cartridge or cable with one channel inverted makes left = -right: the mean is silence while the meters dance. Here the
mean is given up for the difference while the channels are in anti-phase, as a phase correlation meter would show it
(below -0.6 for a second, or nearly -1 from the first sound on).
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.channels import ANTIPHASE_RATIO, CHANNELS, WEIGHTS, Channel
from samplechop.realtime.core.entry_functions import FLOAT32, bound, entry
from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.dsp.registers import bits_of, of_bits

SMOOTHING_SECONDS = 1.0
"""Time constant of the energies of mid and side. Both fade alike in silence, so that their ratio stays."""
ANTIPHASE_SECONDS = 1.0
"""How long there must have been sound before channels are in anti-phase."""
CANCELLED_RATIO, CANCELLED_SAMPLES = 1000.0, 16
"""Energy of side over mid of channels that cancel outright, 30 dB: found in a third of a millisecond of sound."""
FLOOR = 1e-6
"""Power of a sample that counts as sound, -60 dB: groove noise before the music is mostly vertical, so side."""
LEAST_SHARE = 0.01
"""Of the energy, below which no warning is worth it: lead-in grooves, 20 dB below the music, are mostly vertical."""
FADE_SECONDS = 0.02
"""How long the change from one to the other takes, where sound was before it."""
STRETCH = 64
"""Samples that are looked at together where side is far from being the louder one."""
NEAR = 32 * STRETCH
"""Samples that are mixed at a time: few enough to stay near, and to leave other things there."""

_U = np.uint64  # numba would ask of each signed index whether it counts from the end
_MAGNITUDE = np.int32(0x7FFFFFFF)
_LARGEST = np.float32(np.finfo(np.float32).max)
_MID, _SIDE, _SOUNDING, _FADE, _ANTIPHASE, _ENERGY, _CANCELLED = range(7)


@inner(inline=False)
def _clean(samples, first, n, out):
    # One channel's broken sample must not silence the others. No fastmath here: it would drop the test.
    channels = samples.shape[1]
    source, target = samples.reshape(len(samples) * channels), out.reshape(len(out) * channels)
    for i in range(n * channels):
        sample = source[_U(first * channels + i)]
        target[_U(i)] = sample if abs(sample) <= _LARGEST else np.float32(0.0)


@apart(True, inline=False)
def _average(samples, n, mono, at, weights, peaks):
    channels = samples.shape[1]
    if channels == 2:  # both at once, which is much quicker, and rounds once
        line = samples.reshape(2 * len(samples))
        one, other = weights[0], weights[1]
        for i in range(n):
            mono[_U(at + i)] = line[_U(2 * i)] * one + line[_U(2 * i + 1)] * other
        # Magnitudes rise with their bits, and whole numbers are compared side by side.
        left, right = bits_of(peaks[0]), bits_of(peaks[1])
        for i in range(n):
            left = max(left, np.int32(bits_of(line[_U(2 * i)]) & _MAGNITUDE))
            right = max(right, np.int32(bits_of(line[_U(2 * i + 1)]) & _MAGNITUDE))
        peaks[0], peaks[1] = of_bits(np.int32(left)), of_bits(np.int32(right))
        return
    for c in range(channels):
        peak = peaks[c]
        for i in range(n):
            before = mono[at + i] if c else np.float32(0)
            mono[at + i] = before + samples[i, c] * weights[c]
            peak = max(peak, abs(samples[i, c]))
        peaks[c] = peak


@inner({"contract", "reassoc"}, inline=False)
def _stretch(line, first, fading):
    """Sum the powers of mid and side over STRETCH samples as they count after the last of them, and as they are; count
    those that sound.
    """
    mids = sides = every_mid = every_side = 0.0
    sounding = 0
    for i in range(STRETCH):
        at = _U(2 * (first + i))
        left, right = np.float64(line[at]), np.float64(line[at + _U(1)])
        mid, side = 0.5 * (left + right), 0.5 * (left - right)
        mid_power, side_power = mid * mid, side * side
        mids += mid_power * fading[i]
        sides += side_power * fading[i]
        every_mid += mid_power
        every_side += side_power
        sounding += mid_power > FLOOR or side_power > FLOOR
    return mids, sides, every_mid, every_side, sounding


# A product and its sum in one operation: what waits for the sample before waits less.
@inner({"contract"}, inline=False)
def _replace_cancelled(samples, n, mono, at, state, rate, fading):
    """Put the difference in place of the mean while the channels cancel; give where in the block that began, or -1."""
    step = 1.0 / (FADE_SECONDS * rate)
    keep, least = fading[STRETCH - 2], fading[0] * fading[STRETCH - 2]
    began, line = -1, samples.reshape(2 * len(samples))
    # Kept apart while it runs: to write and read them again at each sample would take most of the time.
    mids, sides, sounding, fade = state[_MID], state[_SIDE], state[_SOUNDING], state[_FADE]
    antiphase, energies, cancelled = state[_ANTIPHASE] > 0.0, state[_ENERGY], state[_CANCELLED]
    for first in range(0, n, STRETCH):
        last = min(first + STRETCH, n)
        if not antiphase and last == first + STRETCH:
            mid, side, every_mid, every_side, count = _stretch(line, first, fading)
            # Side is louder at no sample of it: as in nearly all music, and then there is nothing to replace.
            if sides + every_side <= ANTIPHASE_RATIO * least * mids:
                mids, sides, sounding = mids * least + mid, sides * least + side, sounding + count
                energies += every_mid + every_side
                continue
        for i in range(first, last):
            mid = 0.5 * (np.float64(line[2 * i]) + np.float64(line[2 * i + 1]))
            side = 0.5 * (np.float64(line[2 * i]) - np.float64(line[2 * i + 1]))
            mid_power, side_power = mid * mid, side * side
            mids, sides = mids * keep + mid_power, sides * keep + side_power  # only their ratio is of use
            if mid_power > FLOOR or side_power > FLOOR:
                sounding += 1.0
            if antiphase:
                antiphase = not mids > sides
            elif (sounding >= CANCELLED_SAMPLES and sides > ANTIPHASE_RATIO * mids) and (
                sides > CANCELLED_RATIO * mids or sounding >= ANTIPHASE_SECONDS * rate
            ):
                antiphase = True
                began = i if began < 0 else began
                if sounding <= 2 * CANCELLED_SAMPLES:
                    fade = 1.0  # nothing was passed on yet: an attack must not be faded in
            energy = mid_power + side_power
            energies += energy
            if antiphase:
                cancelled += energy
                fade = min(1.0, fade + step)
            else:
                fade = 0.0  # at once: what makes mid the louder one is an attack
            if fade > 0.0:
                mono[at + i] = np.float32((1.0 - fade) * mid + fade * side)
    state[_MID], state[_SIDE], state[_SOUNDING], state[_FADE] = mids, sides, sounding, fade
    state[_ANTIPHASE], state[_ENERGY], state[_CANCELLED] = (1.0 if antiphase else 0.0), energies, cancelled
    return began


def _mix(clean, mono, peaks, weights, state, rate, fading, follows_phase, samples):
    began, near = -1, len(clean)
    for first in range(0, len(samples), near):
        n = min(near, len(samples) - first)
        _clean(samples, first, n, clean)
        _average(clean, n, mono, first, weights, peaks)
        if follows_phase:
            found = _replace_cancelled(clean, n, mono, first, state, rate, fading)
            began = first + found if began < 0 <= found else began
    return began


_block = types.Array(types.float32, 2, "C", readonly=True)  # one that may be written to is taken, too
_row, _rows, _state = types.float32[::1], types.float32[:, ::1], types.float64[::1]
_mix = entry(types.int64(_rows, _row, _row, _row, _state, types.float64, _state, types.boolean, _block))(_mix)


class Downmix:
    """Mixes blocks to mono and keeps the peak of each channel. What it gives does not depend on the block size.

    channel: "mix" is the mean of all channels; "auto" too, and while the two of a stereo input are in anti-phase their
    half difference; "left" and "right" one of the two; "mid" and "side" their half sum and half difference.
    One channel is itself whatever is chosen; of more than two, the last four choices take the first two.

    follows_phase: whether what came before decides how a sample is mixed.
    antiphase_at: input position where the channels were first found in anti-phase, None if they were not.
    """

    def __init__(self, sample_rate: int, channels: int, max_block_size: int, channel: Channel = "auto") -> None:
        """Prepare for blocks of up to max_block_size samples. Raises ValueError for a channel that is no choice."""
        if channel not in CHANNELS:
            raise ValueError(f"channel must be one of {', '.join(CHANNELS)}, got {channel!r}")
        self.channel: Channel = channel
        self._rate = float(sample_rate)
        self._clean = np.zeros((min(max_block_size, NEAR), channels), np.float32)
        self._mono = np.zeros(max_block_size, np.float32)
        self._bus = self._mono.view()
        self._bus.flags.writeable = False  # detectors share it
        self._peaks = np.zeros(channels, np.float32)
        self._weights: NDArray[np.float32] = np.full(channels, np.float32(1) / np.float32(channels))
        if channels >= 2 and channel in WEIGHTS:
            self._weights[:] = *WEIGHTS[channel], *[0.0] * (channels - 2)
        self._state = np.zeros(7, np.float64)
        # What a sample of a stretch counts after the last one.
        self._fading = np.exp(-np.arange(STRETCH)[::-1] / (SMOOTHING_SECONDS * sample_rate))
        self.follows_phase = channels == 2 and channel == "auto"
        self.antiphase_at: int | None = None
        phase = self._state, self._rate, self._fading, self.follows_phase
        self._parts = self._clean, self._mono, self._peaks, self._weights, *phase
        self._run = bound(_mix, *self._parts)
        self.reset(0)

    def reset(self, start: int) -> None:
        """Begin a stretch at input position `start`. What was found of the phase stays: it is a cable's."""
        self._position = start

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix float32 (n, channels) to float32 (n,), read-only and valid until the next call; NaN becomes silence."""
        n = len(samples)
        is_right = samples.dtype == FLOAT32 and samples.flags.c_contiguous
        began = self._run(samples) if is_right else _mix(*self._parts, samples)
        if began >= 0 and self.antiphase_at is None:
            self.antiphase_at = self._position + began
        self._position += n
        return self._bus[:n]

    def warning(self, choice: bool = True) -> str | None:
        """Say that the channels cancel, if enough does. choice: whether the user can choose otherwise."""
        if self.antiphase_at is None or self._state[_CANCELLED] < LEAST_SHARE * self._state[_ENERGY]:
            return None
        at = self.antiphase_at / self._rate
        return (
            f"left and right cancel each other from {at:.1f} s on, as where a cable or cartridge is wired wrongly: "
            f"their difference is analysed{'; --channel mix, left or right chooses otherwise' if choice else ''}"
        )

    def take_peaks(self) -> tuple[float, ...]:
        """Give the largest magnitude of each channel since the last call."""
        peaks = tuple(float(peak) for peak in self._peaks)
        self._peaks[:] = 0.0
        return peaks
