"""Fingerprints: a small picture of the beginning of every sound, by which they are compared and recognised.

bands x frames of a log spectrum, 1 where the sound is loudest, 0 where it is `floor_db` below that, or silent. A sound
shorter than the window is followed by silence.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from samplechop.offline.atlas.features import fingerprint_mosaic, spectra
from samplechop.offline.atlas.store.atlas import Atlas, read_rows
from samplechop.offline.atlas.store.files import read_array, write_array
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

FILE, PICTURE, STEP, COMMAND = "fingerprints.npy", "fingerprints.png", "fingerprint", "samplechop atlas fingerprint"
KINDS = ("cqt", "stft", "mel")
SIZES = (2, 256)
"""Fewest and most bands, and frames."""
SHORTEST, LONGEST = 0.01, 60.0
"""Seconds of the window."""
BATCH = 16
"""Sounds transformed at once: few enough to stay near the processor."""
SILENT = 1e-12
"""Power below which there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class FingerprintSettings:
    """What fingerprints are made of. kind: one of KINDS. first_seconds: the window, from the beginning of each sound.

    floor_db: how far below the loudest place a fingerprint reaches. The window and the floor are those with which
    neighbours in the map agreed best on their class, among 159 real one-shots and loops: 1 s rather than 0.5 s brings
    5 % of neighbours more to the right class.
    """

    kind: str = "cqt"
    bands: int = 32
    frames: int = 32
    first_seconds: float = 1.0
    floor_db: float = 50.0

    def __post_init__(self) -> None:
        """Raise UserError for what cannot be made."""
        if self.kind not in KINDS:
            raise UserError(f"--kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if not all(SIZES[0] <= size <= SIZES[1] for size in (self.bands, self.frames)):
            raise UserError(f"--size must be {SIZES[0]} to {SIZES[1]} each way, got {self.bands}x{self.frames}")
        if not SHORTEST <= self.first_seconds <= LONGEST:
            raise UserError(f"--first must be {SHORTEST:g} to {LONGEST:g} s, got {self.first_seconds:g} s")
        if not 1 <= self.floor_db <= 200:
            raise UserError(f"--floor must be 1 to 200 dB, got {self.floor_db:g}")


def fingerprint(atlas: Atlas, settings: FingerprintSettings, told: Progress, jobs: int = 1) -> None:
    """Write fingerprints.npy, float32 (n, bands, frames), 0..1, and fingerprints.png; only new sounds are looked at.

    jobs: threads. Raises UserError if files of the atlas are damaged or cannot be written.
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
    parts = [old]
    for done, part in enumerate(compute(atlas.samples()[len(old) :], atlas.rate, settings, jobs), 1):
        parts.append(part)
        told("fingerprints", min(len(old) + done * BATCH, len(atlas)), len(atlas))
    all_of_them = np.concatenate(parts)
    write_array(atlas.folder / FILE, all_of_them)
    fingerprint_mosaic.draw(all_of_them, atlas.folder / PICTURE)
    atlas.note(STEP, wanted)


def read_fingerprints(atlas: Atlas) -> NDArray[np.float32]:
    """Read fingerprints, float32 (n, bands, frames), 0..1, one for each sound.

    Raises UserError if they are not there, do not cover all sounds, or are damaged.
    """
    found = read_rows(atlas, FILE, COMMAND)
    if found.ndim != 3:
        raise UserError(f"{str(atlas.folder / FILE)!r} is damaged: remove it and run {COMMAND} again")
    return found


def compute(
    sounds: NDArray[np.float32], rate: int, settings: FingerprintSettings, jobs: int = 1
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


_SPECTRA = {"cqt": spectra.constant_q, "stft": spectra.stft, "mel": spectra.mel}


def scaled(power: NDArray[np.float32], floor_db: float) -> NDArray[np.float32]:
    """Scale power, (n, bands, frames), to 0..1: 1 is each sound's most, 0 is `floor_db` below that; silence is 0."""
    most = power.max(axis=(1, 2), keepdims=True)
    below_db = 10 * np.log10(np.maximum(power, SILENT) / np.maximum(most, SILENT))
    return np.where(most > SILENT, np.clip(1 + below_db / floor_db, 0, 1), 0).astype(np.float32)
