"""One-shots and loops from folders, sorted by what they are, and drums made by rule."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

from realtime.errors import UserError

RATE = 44_100
Sound = NDArray[np.float32]
SUFFIXES = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
# Which words in a path say what a sound is; the first match counts. None: not used (surface noise, scratches, rolls).
WORDS: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    (None, ("vinyl", "scratch", "roll", "choir")),
    ("loop", ("loop", "beat_", "break")),
    ("hat", ("hat", "cymbal_closed", "cymbal_pedal")),
    ("cymbal", ("cymbal", "ride", "splash", "crash")),
    ("kick", ("bd_", "kick", "drum_bass")),
    ("snare", ("sn_", "snare", "clap")),
    ("tom", ("tom",)),
)
LONGEST = 4 * RATE
EVERY_FIFTH = 5


@dataclass(frozen=True, slots=True)
class Shot:
    """One sound: samples float32, (n,), mono, 44 100 Hz, peak 1, attack at sample 0; never trained on if held_out."""

    name: str
    role: str
    samples: Sound
    held_out: bool


def role_of(path: str) -> str | None:
    """Say what a sound is from the words in its path; "stab" where no word is known, None where it is of no use."""
    lowered = path.lower()
    for role, words in WORDS:
        if any(word in lowered for word in words):
            return role
    return "stab"


def is_held_out(name: str) -> bool:
    """Choose every fifth sound for validation, by a hash of its name, so that the choice never changes."""
    return hashlib.sha256(name.encode()).digest()[0] % EVERY_FIFTH == 0


def trimmed(samples: Sound) -> Sound:
    """Cut what lies before the attack, taken where the sound first passes 5 % of its peak, and scale the peak to 1."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0:
        return samples[:0]
    attack = int(np.argmax(np.abs(samples) > 0.05 * peak))
    cut = samples[attack : attack + LONGEST] / np.float32(peak)
    fade = min(len(cut), 441)
    cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut


def read(path: Path) -> Sound:
    """Read any audio file as float32, (n,), mono, 44 100 Hz.

    Raises UserError if it cannot be read.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"The sound {str(path)!r} cannot be read: {error}") from None
    mono = samples.mean(axis=1)
    return np.asarray(soxr.resample(mono, rate, RATE) if rate != RATE else mono, dtype=np.float32)


def gather(folders: Sequence[Path]) -> list[Shot]:
    """Read every usable sound under the folders, sorted by name.

    Raises UserError if a folder is missing or holds too little to train on.
    """
    shots = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"No folder of sounds at {str(folder)!r}: give one that holds one-shots (.wav, .flac, .ogg)."
            )
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            role = role_of(name)
            if path.suffix.lower() not in SUFFIXES or role is None:
                continue
            samples = trimmed(read(path))
            if len(samples) > 400:
                shots.append(Shot(name, role, samples, is_held_out(name)))
    for role in ("kick", "snare", "hat"):
        if sum(shot.role == role for shot in shots) < 2:
            where = ", ".join(repr(str(folder)) for folder in folders)
            raise UserError(f"Fewer than two {role} sounds in {where}: add a folder whose file names say {role}.")
    return shots


def made_kick(rng: np.random.Generator) -> Sound:
    """Make a kick: a sine that falls to 40-75 Hz, with a click."""
    times = np.arange(int(RATE * rng.uniform(0.12, 0.5))) / RATE
    pitch = rng.uniform(40, 75) * (1 + rng.uniform(1, 6) * np.exp(-times / rng.uniform(0.004, 0.03)))
    body = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-times / rng.uniform(0.03, 0.15))
    click = rng.uniform(0, 0.5) * rng.standard_normal(len(times)) * np.exp(-times / rng.uniform(0.001, 0.006))
    return trimmed((body + click).astype(np.float32))


def made_snare(rng: np.random.Generator) -> Sound:
    """Make a snare: a short tone at 150-260 Hz under a burst of band-passed noise."""
    times = np.arange(int(RATE * rng.uniform(0.12, 0.4))) / RATE
    pitch = rng.uniform(150, 260) * (1 + rng.uniform(0, 0.6) * np.exp(-times / 0.01))
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-times / rng.uniform(0.02, 0.1))
    noise = rng.standard_normal(len(times)) * np.exp(-times / rng.uniform(0.03, 0.13))
    band = signal.butter(1, [rng.uniform(300, 1500), rng.uniform(6000, 16000)], "band", fs=RATE, output="sos")
    return trimmed((rng.uniform(0.2, 1) * tone + signal.sosfilt(band, noise)).astype(np.float32))


def made_hat(rng: np.random.Generator) -> Sound:
    """Make a hi-hat: noise and square waves above 4-9 kHz."""
    times = np.arange(int(RATE * rng.uniform(0.03, 0.4))) / RATE
    noise = rng.standard_normal(len(times))
    for _ in range(6):
        noise += rng.uniform(0.3, 1.2) * np.sign(np.sin(2 * np.pi * rng.uniform(3000, 9000) * times))
    high = signal.butter(2, rng.uniform(4000, 9000), "high", fs=RATE, output="sos")
    return trimmed((signal.sosfilt(high, noise) * np.exp(-times / rng.uniform(0.01, 0.15))).astype(np.float32))


MADE = {"kick": made_kick, "snare": made_snare, "hat": made_hat}
