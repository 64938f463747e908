"""What a streaming constant-Q transform needs to know before it starts: rates, kernels, half-band filter, latency.

The multirate scheme is librosa's (McFee, librosa.cqt, after Schörkhuber & Klapuri 2010, "Constant-Q transform toolbox
for music processing"): the audio is decimated `early` times by two until the top octave sits high in its band, then
once more for every octave below, so that all octaves share one table of kernels.

    audio ─ half-band ─ half-band ─ half-band ─┬─ half-band ─┬─ half-band ─┬─ half-band ─┐
    44100              (early = 3)       5512.5 Hz       2756          1378          689 Hz
                                          octave 0      octave 1      octave 2      octave 3 (lowest)

Only numpy is imported: importing librosa takes longer than everything else at start-up together.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HANN_BANDWIDTH = 1.50018310546875
"""Equivalent noise bandwidth of the Hann window in FFT bins, as in librosa.filters.WINDOW_BANDWIDTHS."""

LANES = 8
"""Kernel supports are padded to a multiple of this many samples, so that the inner loop has no scalar remainder."""

MARGIN = 8
"""Samples kept on either side of a kernel's own length, where keeping them costs no latency.

librosa drops the kernels' negative frequencies, which gives each a faint tail (1e-4 of its peak).
"""

TRIM = 1
"""Samples that may be cut off a kernel's late end (there its window is down to 6e-4) if that saves a hop of latency."""

MAX_RIPPLE = 6e-5
"""The half-band filter is as short as it can be with at most this ripple (its stopband lies as far below 1)."""

MAX_PAIRS = 48

PASSBANDS = np.arange(8, 16) / 64
"""Passbands a half-band filter is designed for. The first serves every transform whose top octave ends below half
its Nyquist frequency; a few fixed ones mean that another note or bin count finds its filter compiled already."""


def half_band(pairs: int, passband: float) -> tuple[NDArray[np.float64], float]:
    """Design a linear-phase half-band low-pass of 4 * pairs - 1 taps.

    passband: upper edge in cycles per input sample, below 0.25; the stopband mirrors it, from 0.5 - passband.
    Returns the taps at distances 1, 3, 5, … from the centre, float64, (pairs,) (the centre is 0.5, all others are 0),
    and the largest deviation in either band. Least squares on Chebyshev points, which is close to equiripple.
    """
    frequency = 2 * np.pi * passband * (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, 2000)))
    cosines = 2 * np.cos(np.outer(frequency, 2 * np.arange(pairs) + 1))
    taps = np.linalg.lstsq(cosines, np.full(len(frequency), 0.5), rcond=None)[0]
    return taps, float(np.abs(cosines @ taps - 0.5).max())


def half_band_gain(taps: NDArray[np.float64], frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the gain of such a filter at frequencies in cycles per input sample, float64, (n,)."""
    return 0.5 + 2 * np.cos(2 * np.pi * np.outer(frequency, 2 * np.arange(len(taps)) + 1)) @ taps


def _shortest_half_band(edge: float) -> NDArray[np.float64]:
    for passband in PASSBANDS[edge <= PASSBANDS][:1]:
        for pairs in range(2, MAX_PAIRS + 1):
            taps, ripple = half_band(pairs, passband)
            if ripple <= MAX_RIPPLE:
                return taps
    raise ValueError(
        f"the highest bin is too close to the Nyquist frequency: it reaches up to {4 * edge:.3f} of it, more than "
        f"{4 * PASSBANDS[-1]:.3f}; lower n_bins or fmin_hz"
    )


def wavelet(length: float, cycles: float) -> tuple[NDArray[np.complex128], int]:
    """Build one kernel: a complex sinusoid under a periodic Hann window, unit energy (librosa.filters.wavelet, norm 2).

    length: samples, not rounded. cycles: frequency in cycles per sample.
    Returns complex128, (n,), and the offset of its first sample from the centre; equal to librosa's to rounding.
    """
    time = np.arange(-length // 2, length // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(time)) / len(time))
    kernel = window * np.exp(2j * np.pi * cycles * time)
    return kernel / np.linalg.norm(kernel), int(time[0])


def _response(length: float, cycles: float, n_fft: int) -> NDArray[np.complex128]:
    """Give the weights of the samples from n_fft // 2 before to n_fft // 2 after a frame's centre, (n_fft + 1,).

    librosa multiplies spectra without conjugating the kernel's, so the weights are the kernel reversed in time; and it
    leaves out the negative frequencies.
    """
    kernel, start = wavelet(length, cycles)
    framed = np.zeros(n_fft, np.complex128)
    framed[np.arange(start, start + len(kernel))] = kernel
    spectrum = np.fft.fft(framed)
    spectrum[n_fft // 2 + 1 :] = 0
    return math.sqrt(length) * np.fft.ifft(spectrum)[-np.arange(-n_fft // 2, n_fft // 2 + 1)]


@dataclass(frozen=True)
class CQTPlan:
    """Everything constant about one transform. Octave 0 is the highest; levels are the audio and each decimated stream.

    early: decimations by two before octave 0, so octave o reads level early + o.
    taps: half-band taps at distances 1, 3, 5, …, the same for every decimation.
    delays: for each level, stream samples by which its newest sample lags behind the newest audio.
    kernels: float32, (2 * rows, width), real and imaginary parts in turn, from `first` samples after the centre on.
    support: int64, (rows, 2), the columns of each row that are not zero.
    power_gain: float32, (n_bins,), what the squared response is multiplied with.
    latency_hops: frame f is known when f + latency_hops whole hops are there.
    """

    hop_length: int
    n_bins: int
    n_octaves: int
    early: int
    taps: NDArray[np.float64]
    delays: tuple[int, ...]
    kernels: NDArray[np.float32]
    support: NDArray[np.int64]
    first: int
    power_gain: NDArray[np.float32]
    latency_hops: int


def _check(sample_rate: float, hop_length: int, fmin_hz: float, n_bins: int, bins_per_octave: int) -> None:
    if sample_rate <= 0:
        raise ValueError(f"sample_rate must be above 0 Hz, got {sample_rate}")
    if not fmin_hz > 0:
        raise ValueError(f"fmin_hz must be above 0 Hz, got {fmin_hz}")
    counts = ("hop_length", hop_length, 8192), ("n_bins", n_bins, 240), ("bins_per_octave", bins_per_octave, 96)
    for name, value, most in counts:
        if not 1 <= value <= most:
            raise ValueError(f"{name} must be in 1..{most}, got {value}")


def plan_cqt(sample_rate: float, hop_length: int, fmin_hz: float, n_bins: int, bins_per_octave: int) -> CQTPlan:
    """Lay out the transform that `librosa.cqt(norm=2, sparsity=0)` computes with these settings.

    Raises ValueError where a value is out of range, the highest bin would pass the Nyquist frequency, or hop_length
    cannot be halved once per octave.
    """
    _check(sample_rate, hop_length, fmin_hz, n_bins, bins_per_octave)
    n_octaves = -(-n_bins // bins_per_octave)
    rows = min(bins_per_octave, n_bins)
    twos = (hop_length & -hop_length).bit_length() - 1
    if twos < n_octaves - 1:
        raise ValueError(
            f"hop_length must be divisible by {2 ** (n_octaves - 1)} for {n_bins} bins at {bins_per_octave} per octave "
            f"({n_octaves} octaves), got {hop_length}"
        )
    frequencies = fmin_hz * 2.0 ** (np.arange(n_bins) / bins_per_octave)
    ratio = 2.0 ** (2 / bins_per_octave)
    bandwidth = (ratio - 1) / (ratio + 1)
    cutoff = float(frequencies[-1]) * (1 + 0.5 * HANN_BANDWIDTH * bandwidth)
    nyquist = sample_rate / 2
    if cutoff > nyquist:
        raise ValueError(
            f"the highest bin, {frequencies[-1]:.1f} Hz, reaches up to {cutoff:.1f} Hz and must stay below the Nyquist "
            f"frequency, {nyquist:.1f} Hz; lower n_bins or fmin_hz"
        )
    # librosa's rule (constantq.__early_downsample_count): the kernels' rounding depends on the rate, so it is kept.
    early = min(max(0, math.ceil(math.log2(nyquist / cutoff)) - 2), twos - n_octaves + 1)
    taps = _shortest_half_band(cutoff / 2 / (sample_rate / 2**early))

    delays = [0]
    for _ in range(early + n_octaves - 1):
        delays.append(len(taps) - 1 + (delays[-1] + 1) // 2)

    top = frequencies[n_bins - rows :] / (sample_rate / 2**early)
    lengths = 1 / (bandwidth * top)
    half = np.floor(lengths / 2).astype(np.int64) + 1
    # The late end of each kernel, in samples after the centre: its own, then what there is of it within the latency.
    octaves = [(early + octave, max(0, (octave + 1) * rows - n_bins)) for octave in range(n_octaves)]
    needed = [(int(half[first_row]) - TRIM + delays[level]) * 2**level for level, first_row in octaves]
    latency_hops = -(-max(needed) // hop_length)
    available = np.full(rows, np.iinfo(np.int64).max)
    for level, first_row in octaves:
        available[first_row:] = np.minimum(available[first_row:], latency_hops * (hop_length >> level) - delays[level])
    end = np.minimum(half + MARGIN, available)
    begin = end + -(half - 1 + MARGIN + end) // LANES * LANES
    first = int(begin.min())
    support = np.stack([begin, end], axis=1) - first

    n_fft = 2 ** math.ceil(math.log2(lengths.max()))
    kernels = np.zeros((2 * rows, int(support.max())), np.float32)
    for row in range(rows):
        time = np.arange(max(begin[row], -n_fft // 2), min(end[row], n_fft // 2))
        weights = _response(lengths[row], top[row], n_fft)[time + n_fft // 2]
        kernels[2 * row, time - first], kernels[2 * row + 1, time - first] = weights.real, weights.imag

    power_gain = np.zeros((n_octaves, rows))
    for octave in range(n_octaves):
        # Mends the filters' passband ripple at each bin's centre.
        chain = np.ones(rows)
        for stage in range(1, early + octave + 1):
            chain *= half_band_gain(taps, top / 2**stage)
        power_gain[n_octaves - 1 - octave] = 2 ** (early + octave) / chain**2
    return CQTPlan(
        hop_length,
        n_bins,
        n_octaves,
        early,
        taps,
        tuple(delays),
        kernels,
        support,
        first,
        power_gain.ravel()[-n_bins:].astype(np.float32),
        latency_hops,
    )
