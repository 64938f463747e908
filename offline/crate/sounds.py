"""One-shots and loops from folders, sorted by what they are, and which of them training may never hear."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from realtime.errors import UserError

RATE = 44_100
Sound = NDArray[np.float32]
USUAL_FOLDER = Path("/usr/share/sonic-pi/samples")
SUFFIXES = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
# Which words in a path say what a sound is; the first match counts. None: not used (surface noise, scratches, rolls).
WORDS: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    (None, ("vinyl", "scratch", "roll", "choir", "swoosh", "swash", "drone", "woosh", "hum", "rub", "buzz", "ambi_")),
    ("loop", ("loop", "beat_", "break")),
    ("open", ("cymbal_open", "hat_open", "openhat", "open_hat")),
    ("pedal", ("cymbal_pedal",)),
    ("hat", ("hat", "cymbal_closed")),
    ("ride", ("ride",)),
    ("crash", ("cymbal", "splash", "crash")),
    ("kick", ("bd_", "kick", "drum_bass")),
    ("clap", ("clap", "snap")),
    ("snare", ("sn_", "snare")),
    ("tom", ("tom",)),
    ("conga", ("tabla", "conga", "bongo")),
    ("cowbell", ("cowbell", "elec_wood", "elec_tick", "perc_bell")),
)
LONGEST = 4 * RATE
EVERY_FIFTH = 5


@dataclass(frozen=True, slots=True)
class Shot:
    """One sound: samples float32, (n,), mono, 44 100 Hz, peak 1, attack at sample 0; never trained on if held_out.

    velocity: how hard it was struck, 0..1, where known, else 1.
    """

    name: str
    role: str
    samples: Sound
    held_out: bool
    velocity: float = 1.0


def role_of(path: str) -> str | None:
    """Say what a sound is from the words in its path; "stab" where no word is known, None where it is of no use."""
    lowered = path.lower()
    for role, words in WORDS:
        if any(word in lowered for word in words):
            return role
    return "stab"


def _hash(name: str) -> bytes:
    return hashlib.sha256(PurePosixPath(name).name.encode()).digest()


def is_held_out(name: str) -> bool:
    """Choose every fifth sound for validation, by a hash of its name, so that the choice never changes."""
    return _hash(name)[0] % EVERY_FIFTH == 0


def loop_may_be_used(name: str) -> bool:
    """Choose every second loop that is not held out; the rest is kept for judging and heard nowhere in a crate."""
    return not is_held_out(name) and _hash(name)[1] % 2 == 0


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
    """Read every usable sound under the folders, sorted by name; of the loops only those that may be used.

    Raises UserError if a folder is missing or a sound cannot be read.
    """
    shots = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"No folder of sounds at {str(folder)!r}: give one that holds one-shots (.wav, .flac, .ogg)."
            )
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            name = path.relative_to(folder).with_suffix("").as_posix()
            role = role_of(name)
            if role is None or (role == "loop" and not loop_may_be_used(name)):
                continue
            samples = trimmed(read(path))
            if len(samples) > 400:
                shots.append(Shot(name, role, samples, is_held_out(name)))
    return shots
