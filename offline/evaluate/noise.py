"""Sound in which there is nothing to chop: surfaces made by rule, and real recordings of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, SUFFIXES, Sound, read_audio
from samplechop.offline.augmentation.surface_noise import crackle
from samplechop.offline.augmentation.vinyl import RecordCondition, groove_noise
from samplechop.realtime.core.errors import UserError

SECONDS = 30.0
REAL = "vinyl_hiss"
USUAL = Path("/usr/share/sonic-pi/samples/vinyl_hiss.flac")
SEAM = 0.5
"""Seconds over which one round is faded into the next."""


def synthetic_noises(seconds: float = SECONDS, seed: int = 7) -> dict[str, list[Sound]]:
    """Make surfaces without music, by kind, each float32 (n,), mono, 44 100 Hz.

    Hiss white and dull at three levels, mains hum with and without hiss, crackle of several rates and sizes, a run-out
    groove, the demo's groove, and silence (zeros, one bit of dither, a constant).
    """
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    times = np.arange(n) / RATE
    hiss = 1e-3 * rng.standard_normal(n)
    made: dict[str, list[NDArray[np.float64]]] = {}
    levels = [10 ** (level_db / 20) for level_db in (-70, -50, -30)]
    made["hiss"] = [level * one for level in levels for one in (rng.standard_normal(n), _dull(n, rng))]
    partials = np.arange(1, 8)[:, None]
    hums = [0.01 * np.sum(np.sin(2 * np.pi * base * partials * times) / partials, axis=0) for base in (50, 60)]
    made["hum"] = [*hums, *(hum + hiss for hum in hums)]
    made["crackle"] = []
    for rate in (1, 5, 20, 80):
        made["crackle"].append(crackle(n, RATE, rate, 0.03, rng)[:, 0])
        made["crackle"] += [hiss + crackle(n, RATE, rate, size, rng)[:, 0] for size in (0.01, 0.05, 0.25)]
    run_out = hiss + crackle(n, RATE, 8, 0.02, rng)[:, 0]
    run_out[:: round(1.8 * RATE)] += 0.1
    made["run-out"] = [run_out]
    made["groove"] = [groove_noise(n, RATE, RecordCondition(), rng).mean(axis=1)]
    made["silence"] = [np.zeros(n), rng.integers(-1, 2, n) / 32_768, np.full(n, 0.1)]
    return {kind: [sound.astype(np.float32) for sound in sounds] for kind, sounds in made.items()}


def _dull(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Make noise that falls by 3 dB per octave from 20 Hz, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 20)), n)
    return np.asarray(shaped / np.std(shaped))


def real_noises(folder: Path | None, files: Sequence[Path] = ()) -> list[Path]:
    """Find real recordings of empty grooves: the files named, those called vinyl_hiss in a folder, Sonic Pi's.

    Each name counts once. Raises UserError for a named file that is missing.
    """
    for path in files:
        if not path.is_file():
            raise UserError(f"there is no file {str(path)!r}")
    there = sorted(folder.rglob(f"{REAL}*")) if folder is not None else []
    found: dict[str, Path] = {}
    for path in (*files, *(one for one in there if one.suffix.lower() in SUFFIXES), USUAL):
        if path.is_file():
            found.setdefault(path.stem, path)
    return list(found.values())


def looped(path: Path, seconds: float = SECONDS) -> list[Sound]:
    """Read a recorded surface and play it round and round for at least `seconds`, as it is and 20 dB softer.

    The rounds are faded into each other with equal power, so that the seam is no event. Raises UserError if the file
    cannot be read or is shorter than two seams.
    """
    once, seam = read_audio(path), round(SEAM * RATE)
    if len(once) < 2 * seam:
        raise UserError(f"{str(path)!r} is too short for a groove: give one of {2 * SEAM:g} s or more")
    ramp = np.sin(np.linspace(0, np.pi / 2, seam, dtype=np.float32))
    sound = once
    while len(sound) < seconds * RATE:
        joined = sound[-seam:] * ramp[::-1] + once[:seam] * ramp
        sound = np.concatenate([sound[:-seam], joined, once[seam:]])
    return [sound, (0.1 * sound).astype(np.float32)]
