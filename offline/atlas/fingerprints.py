"""Fingerprints: a small spectrogram of the beginning of every sound, by which sounds are compared and recognised.

bands x frames of a log spectrum, 1 where the sound is loudest, 0 where it is `floor_db` below that, or silent. A sound
shorter than the window is followed by silence. Every frame is the mean power of its time, so nothing falls between two
frames or off the end of the window: a spectrum taken only once a frame would miss most of what a hat does, as its
kernel is a hundred times shorter.

    window    |--------|--------|--------|--------|   frames of equal length
    spectra    : : : :  : : : :  : : : :  : : : :     several in each, averaged
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from samplechop.offline.atlas.files import StoredRows, read_array
from samplechop.offline.atlas.settings import FingerprintSettings, SpectrumKind
from samplechop.offline.atlas.store import Atlas, read_rows
from samplechop.offline.common import process_pool
from samplechop.offline.common.arrays import write_array
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.palette import BACK
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
"""Where drums differ: from the lowest kick to the sheen of cymbals."""
HIGHEST_SHARE = 0.4
"""Of the sample rate: no band may lie above it."""
SPECTRA_PER_KERNEL = 3
"""Of the constant-Q transform in the time of a kernel, at least: so many squared Hann windows add up evenly."""
STFT_SECONDS = 0.046
"""Length of the short-time Fourier transform's window: 2048 samples at 44.1 kHz."""
KERNEL_THRESHOLD = 1e-3
"""Share of a kernel's largest value below which its spectrum is left out: 60 dB, more than fingerprints show."""

Spectrum = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From sounds, float32 (n, window), to power, float32 (n, bands, frames); a sine of full scale has 1 in its band."""


def highest_hz(rate: int) -> float:
    """Give the highest band's frequency in Hz for a sample rate in Hz."""
    return min(HIGHEST_HZ, HIGHEST_SHARE * rate)


def constant_q(rate: int, window: int, bands: int, frames: int, low: float = LOWEST_HZ) -> Spectrum:
    """Prepare a constant-Q transform with bands at equal ratios from `low` Hz to `highest(rate)`.

    The kernels are librosa's. They are applied as products in the frequency domain, after one transform of the whole
    sound; of each band's product only the values wanted are transformed back, for which it is folded to that length:
    the sliced transform of Velasco, Holighaus, Dörfler and Grill, "Constructing an invertible constant-Q transform
    with nonstationary Gabor frames", 2011, without the inverse. window: samples, a multiple of `frames`.
    """
    from librosa.filters import wavelet

    kernels, lengths = wavelet(freqs=np.geomspace(low, highest_hz(rate), bands), sr=rate, norm=1)
    middle, frame = kernels.shape[1] // 2, window // frames
    # Silence behind the window keeps the transform, which goes round in a circle, from hearing the end in the start.
    turns = frames + int(np.ceil(lengths.max() / 2 / frame))
    size = turns * frame
    parts = []
    for kernel, length in zip(kernels, lengths, strict=True):
        hops = scipy.fft.next_fast_len(int(np.ceil(SPECTRA_PER_KERNEL * frame / length)))
        points = turns * hops
        around = np.zeros(size, np.complex128)
        np.add.at(around, (np.arange(len(kernel)) - middle) % size, kernel)
        spectrum = np.asarray(scipy.fft.fft(around))[: size // 2 + 1]
        spectrum *= np.exp(1j * np.pi * np.arange(len(spectrum)) / points)  # values in the middle of their time
        kept = np.flatnonzero(np.abs(spectrum) > KERNEL_THRESHOLD * np.abs(spectrum).max())
        # A sine of full scale has 1/2 at its positive frequency.
        shaped = 2 * points / size * spectrum[kept[0] : kept[-1] + 1]
        parts.append((int(kept[0]), shaped.astype(np.complex64), hops))

    def power(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
        spectra = scipy.fft.rfft(sounds, size, axis=1)
        out = np.empty((len(sounds), bands, frames), np.float32)
        for band, (first, kernel, hops) in enumerate(parts):
            points = turns * hops
            ahead = first % points
            folds = -(-(ahead + len(kernel)) // points)
            product = np.zeros((len(sounds), folds * points), np.complex64)
            np.multiply(spectra[:, first : first + len(kernel)], kernel, out=product[:, ahead : ahead + len(kernel)])
            folded = product.reshape(len(sounds), folds, points).sum(axis=1) if folds > 1 else product
            coefficients = np.asarray(scipy.fft.ifft(folded, axis=1))[:, : frames * hops].view(np.float32)
            both = coefficients.reshape(len(sounds), frames, 2 * hops)  # real and imaginary parts side by side
            out[:, band] = np.einsum("sfk,sfk->sf", both, both) / hops
        return out

    return power


def stft(rate: int, window: int, bands: int, frames: int) -> Spectrum:
    """Prepare a short-time Fourier transform with bands of equal width up to `highest(rate)`. window: samples."""
    size = _fft_size(rate, bands)
    centres = np.arange(size // 2 + 1) * rate / size
    band = np.minimum(centres / highest_hz(rate) * bands, bands).astype(int)
    weights = (band == np.arange(bands)[:, None]).astype(np.float32)
    return _short_time(window, frames, size, weights)


def mel(rate: int, window: int, bands: int, frames: int) -> Spectrum:
    """Prepare a mel spectrum: librosa's bands from the lowest frequency to `highest(rate)`. window: samples."""
    import librosa

    size = _fft_size(rate, bands)
    top = highest_hz(rate)
    weights = librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands, fmin=LOWEST_HZ, fmax=top, norm=None)
    return _short_time(window, frames, size, weights)


def _fft_size(rate: int, bands: int) -> int:
    """Give the nearest power of two to the usual length, or so many samples that every band has some bins."""
    return int(2 ** np.ceil(np.log2(max(STFT_SECONDS * rate / 2**0.5, 32 * bands))))


def _short_time(window: int, frames: int, size: int, weights: NDArray[np.float32]) -> Spectrum:
    hops = int(np.ceil(4 * window / frames / size))
    centres = np.round((np.arange(frames * hops) + 0.5) * window / (frames * hops)).astype(int)
    shape = np.hanning(size + 1)[:-1].astype(np.float32)
    # By Parseval: what the bins of a sine of full scale add up to becomes 1.
    scale = 4 / (size * np.sum(shape**2, dtype=np.float64))

    def power(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.pad(sounds, ((0, 0), (size // 2, size)))
        cut = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, centres]
        spectra = np.asarray(scipy.fft.rfft(cut * shape, axis=2))
        bins = (spectra.real**2 + spectra.imag**2) * np.float32(scale)
        banded = np.matmul(bins, weights.T).reshape(len(sounds), frames, hops, -1).mean(axis=2)
        return np.ascontiguousarray(banded.transpose(0, 2, 1), np.float32)

    return power


MOSAIC_PIXELS = 3200
"""Longest side of the picture, pixels."""
LARGEST_TILE, SMALLEST_TILE = 128, 8
COLOUR_MAP = "magma"


def draw_mosaic(pictures: NDArray[np.float32], path: Path) -> None:
    """Write a PNG of pictures, float32 (n, bands, frames), 0..1, low bands below, all of them at whatever size fits.

    Where even tiles of SMALLEST_TILE do not, an even choice of the pictures is shown. Raises UserError if the disk does
    not take it.
    """
    from PIL import Image, ImageColor

    tile, gap, columns = mosaic_layout(len(pictures))
    most = columns * ((MOSAIC_PIXELS + gap) // (tile + gap))
    shown = pictures[np.linspace(0, len(pictures) - 1, min(len(pictures), most)).astype(int)]
    step = tile + gap
    sheet = np.zeros((-(-len(shown) // columns) * step - gap, columns * step - gap), np.uint8)
    for at, picture in enumerate(shown):
        top, left = at // columns * step, at % columns * step
        small = Image.fromarray(1 + np.rint(picture[::-1] * 254).astype(np.uint8))
        sheet[top : top + tile, left : left + tile] = np.asarray(small.resize((tile, tile), Image.Resampling.BOX))
    # Numbers of colours, the ground first, make a file of a third the size.
    image = Image.fromarray(sheet)
    image.putpalette([*ImageColor.getrgb(BACK), *colour_table().ravel().tolist()])
    with replacing(path) as part:
        image.save(part, compress_level=4)


def colour_table() -> NDArray[np.uint8]:
    """Give the colours of 255 values from low to high: uint8 (255, 3), red, green and blue."""
    from matplotlib import colormaps

    return np.asarray((colormaps[COLOUR_MAP](np.linspace(0, 1, 255))[:, :3] * 255).round(), np.uint8)


def mosaic_layout(count: int) -> tuple[int, int, int]:
    """Give a tile's side and the gap between tiles in pixels, and how many columns make the sheet about square."""
    columns = max(1, int(np.ceil(np.sqrt(count))))
    tile = MOSAIC_PIXELS // columns
    for gap, least in ((4, 60), (2, 30), (1, SMALLEST_TILE + 1)):
        if tile >= least:
            return min(tile - gap, LARGEST_TILE), gap, columns
    return SMALLEST_TILE, 1, (MOSAIC_PIXELS + 1) // (SMALLEST_TILE + 1)


FILE, MOSAIC, STEP, COMMAND = "fingerprints.npy", "fingerprints.png", "fingerprint", "samplechop atlas fingerprint"
KINDS: tuple[SpectrumKind, ...] = get_args(SpectrumKind)
BATCH = 8
"""Sounds transformed at once: few enough to stay near the processor."""
PART = 128 * BATCH
"""Sounds that a worker of a cluster is given at once."""
SILENT = 1e-12
"""Power below which there is nothing to compare."""


def fingerprint(
    atlas: Atlas, settings: FingerprintSettings, progress: Progress, jobs: int = 1, scheduler: str | None = None
) -> None:
    """Write fingerprints.npy, float32 (n, bands, frames), 0..1, and fingerprints.png; only new sounds are processed.

    jobs: threads. scheduler: address of a Dask scheduler, whose workers see the atlas at the same place and do the
    work. Raises UserError if files of the atlas are damaged or cannot be written, or no worker can be reached.
    """
    wanted = asdict(settings)
    if atlas.is_made(STEP, wanted):
        return
    if not len(atlas):
        raise UserError(f"the atlas {str(atlas.folder)!r} holds no sounds: samplechop atlas collect adds some")
    made = atlas.made(STEP)
    shape = (0, settings.bands, settings.frames)
    old = np.zeros(shape, np.float32)
    if made is not None and made[0] == wanted:
        old = read_array(atlas.folder / FILE, COMMAND)[: made[1]]
        if old.shape != (made[1], *shape[1:]):
            raise UserError(f"{str(atlas.folder / FILE)!r} is damaged: remove it and run {COMMAND} again")
    parts, done = [old], len(old)
    if scheduler is None:
        new = fingerprints_of(atlas.samples_from(done), atlas.rate, settings, jobs)
    else:
        work = partial(_part, atlas.folder.absolute(), settings)
        new = process_pool.in_order(work, range(done, len(atlas), PART), jobs, scheduler)
    for part in new:
        parts.append(part)
        done += len(part)
        progress("fingerprints", done, len(atlas))
    all_of_them = np.concatenate(parts)
    write_array(atlas.folder / FILE, all_of_them)
    draw_mosaic(all_of_them, atlas.folder / MOSAIC)
    atlas.note(STEP, wanted)


def _part(folder: Path, settings: FingerprintSettings, first: int) -> NDArray[np.float32]:
    """[worker of a cluster] Make the fingerprints of PART sounds of an atlas, from the sound `first` on."""
    atlas = Atlas(folder)
    return np.concatenate(list(fingerprints_of(atlas.samples()[first : first + PART], atlas.rate, settings)))


def read_fingerprints(atlas: Atlas) -> NDArray[np.float32]:
    """Read fingerprints, float32 (n, bands, frames), 0..1, one for each sound.

    Raises UserError if they are not there, do not cover all sounds, or are damaged.
    """
    found = read_rows(atlas, FILE, COMMAND)
    if found.ndim != 3:
        raise UserError(f"{str(atlas.folder / FILE)!r} is damaged: remove it and run {COMMAND} again")
    return found


def fingerprints_of(
    sounds: NDArray[np.float32] | StoredRows, rate: int, settings: FingerprintSettings, jobs: int = 1
) -> Iterator[NDArray[np.float32]]:
    """Give fingerprints of sounds, float32 (n, samples), in batches of BATCH: float32 (batch, bands, frames), 0..1."""
    # Frames last a little longer than asked for where that makes the transform several times as fast.
    window = settings.frames * next_fast_len(math.ceil(settings.first_seconds * rate / settings.frames))
    spectrum = _SPECTRA[settings.kind](rate, window, settings.bands, settings.frames)

    def one_batch(first: int) -> NDArray[np.float32]:
        beginnings = np.asarray(sounds[first : first + BATCH, :window])
        padded = np.pad(beginnings, ((0, 0), (0, window - beginnings.shape[1])))
        return scaled(spectrum(padded), settings.floor_db)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one_batch, range(0, len(sounds), BATCH))


_SPECTRA = {"cqt": constant_q, "stft": stft, "mel": mel}


def scaled(power: NDArray[np.float32], floor_db: float) -> NDArray[np.float32]:
    """Scale power, (n, bands, frames), to 0..1: 1 is each sound's most, 0 is `floor_db` below that; silence is 0."""
    most = power.max(axis=(1, 2), keepdims=True)
    below_db = 10 * np.log10(np.maximum(power, SILENT) / np.maximum(most, SILENT))
    return np.where(most > SILENT, np.clip(1 + below_db / floor_db, 0, 1), 0).astype(np.float32)
