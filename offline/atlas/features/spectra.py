"""Power spectra of many sounds at once, on a given number of bands and frames.

Every frame is the mean power of its time, so nothing falls between two frames or off the end of the window: a
spectrum looked at only once a frame would miss most of what a hat does, as its kernel is a hundred times shorter.

    window    |--------|--------|--------|--------|   frames of equal length
    looks at   : : : :  : : : :  : : : :  : : : :     several in each, averaged
"""

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
"""Where drums differ: from the lowest kick to the sheen of cymbals."""
HIGHEST_SHARE = 0.4
"""Of the sample rate: no band may lie above it."""
LOOKS = 3
"""Of the constant-Q transform in the time of a kernel, at least: so many squared Hann windows add up evenly."""
STFT_SECONDS = 0.046
"""Length of the short-time Fourier transform's window: 2048 samples at 44.1 kHz."""
FLAT = 1e-3
"""Share of a kernel's largest value below which its spectrum is left out: 60 dB, more than fingerprints show."""

Spectrum = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From sounds, float32 (n, window), to power, float32 (n, bands, frames); a sine of full scale has 1 in its band."""


def highest(rate: int) -> float:
    """Give the highest band's frequency in Hz for a sample rate in Hz."""
    return min(HIGHEST_HZ, HIGHEST_SHARE * rate)


def constant_q(rate: int, window: int, bands: int, frames: int, low: float = LOWEST_HZ) -> Spectrum:
    """Prepare a constant-Q transform with bands at equal ratios from `low` Hz to `highest(rate)`.

    The kernels are librosa's. They are applied as products in the frequency domain, after one transform of the whole
    sound; of each band's product only the looks wanted are transformed back, for which it is folded to that length:
    the sliced transform of Velasco, Holighaus, Dörfler and Grill, "Constructing an invertible constant-Q transform
    with nonstationary Gabor frames", 2011, without the inverse. window: samples, a multiple of `frames`.
    """
    from librosa.filters import wavelet

    kernels, lengths = wavelet(freqs=np.geomspace(low, highest(rate), bands), sr=rate, norm=1)
    middle, frame = kernels.shape[1] // 2, window // frames
    # Silence behind the window keeps the transform, which goes round in a circle, from hearing the end in the start.
    turns = frames + int(np.ceil(lengths.max() / 2 / frame))
    size = turns * frame
    parts = []
    for kernel, length in zip(kernels, lengths, strict=True):
        looks = scipy.fft.next_fast_len(int(np.ceil(LOOKS * frame / length)))
        points = turns * looks
        around = np.zeros(size, np.complex128)
        np.add.at(around, (np.arange(len(kernel)) - middle) % size, kernel)
        spectrum = np.asarray(scipy.fft.fft(around))[: size // 2 + 1]
        spectrum *= np.exp(1j * np.pi * np.arange(len(spectrum)) / points)  # looks in the middle of their time
        kept = np.flatnonzero(np.abs(spectrum) > FLAT * np.abs(spectrum).max())
        # A sine of full scale has 1/2 at its positive frequency.
        shaped = 2 * points / size * spectrum[kept[0] : kept[-1] + 1]
        parts.append((int(kept[0]), shaped.astype(np.complex64), looks))

    def power(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
        spectra = scipy.fft.rfft(sounds, size, axis=1)
        out = np.empty((len(sounds), bands, frames), np.float32)
        for band, (first, kernel, looks) in enumerate(parts):
            points = turns * looks
            ahead = first % points
            folds = -(-(ahead + len(kernel)) // points)
            product = np.zeros((len(sounds), folds * points), np.complex64)
            np.multiply(spectra[:, first : first + len(kernel)], kernel, out=product[:, ahead : ahead + len(kernel)])
            folded = product.reshape(len(sounds), folds, points).sum(axis=1) if folds > 1 else product
            heard = scipy.fft.ifft(folded, axis=1)[:, : frames * looks].reshape(len(sounds), frames, looks)
            out[:, band] = np.mean(heard.real**2 + heard.imag**2, axis=-1)
        return out

    return power


def stft(rate: int, window: int, bands: int, frames: int) -> Spectrum:
    """Prepare a short-time Fourier transform with bands of equal width up to `highest(rate)`. window: samples."""
    size = _fft_size(rate, bands)
    centres = np.arange(size // 2 + 1) * rate / size
    band = np.minimum(centres / highest(rate) * bands, bands).astype(int)
    weights = (band == np.arange(bands)[:, None]).astype(np.float32)
    return _short_time(window, frames, size, weights)


def mel(rate: int, window: int, bands: int, frames: int) -> Spectrum:
    """Prepare a mel spectrum: librosa's bands from the lowest frequency to `highest(rate)`. window: samples."""
    import librosa

    size = _fft_size(rate, bands)
    top = highest(rate)
    weights = librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands, fmin=LOWEST_HZ, fmax=top, norm=None)
    return _short_time(window, frames, size, weights)


def _fft_size(rate: int, bands: int) -> int:
    """Give the nearest power of two to the usual length, or so many samples that every band has some bins."""
    return int(2 ** np.ceil(np.log2(max(STFT_SECONDS * rate / 2**0.5, 32 * bands))))


def _short_time(window: int, frames: int, size: int, weights: NDArray[np.float32]) -> Spectrum:
    looks = int(np.ceil(4 * window / frames / size))
    centres = np.round((np.arange(frames * looks) + 0.5) * window / (frames * looks)).astype(int)
    shape = np.hanning(size + 1)[:-1].astype(np.float32)
    # By Parseval: what the bins of a sine of full scale add up to becomes 1.
    scale = 4 / (size * np.sum(shape**2, dtype=np.float64))

    def power(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.pad(sounds, ((0, 0), (size // 2, size)))
        cut = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, centres]
        spectra = np.asarray(scipy.fft.rfft(cut * shape, axis=2))
        bins = (spectra.real**2 + spectra.imag**2) * np.float32(scale)
        banded = np.matmul(bins, weights.T).reshape(len(sounds), frames, looks, -1).mean(axis=2)
        return np.ascontiguousarray(banded.transpose(0, 2, 1), np.float32)

    return power
