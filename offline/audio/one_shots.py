"""One-shots, loops and drum kits from folders, sorted by what they are, and which of them training never uses.

Kits are Hydrogen's drumkit.xml, layers named by velocity, and those of a soundfont. A kit is split as a whole: all its
drums are trained on, or none. A folder whose index.csv (columns file, class, pack, drum) lists its sounds is of packs
that share makers: there a pack is a kit, and each drum of it is split as a whole, with all its velocities.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np

from samplechop.offline.audio.drum_kits import Layer, hydrogen_kit, layer_of
from samplechop.offline.audio.reading import RATE, SUFFIXES, Sound, read_audio
from samplechop.offline.common.paths import ends_in
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

USUAL_FOLDER = Path("/usr/share/sonic-pi/samples")
# Which words in a path say what a sound is; the first match counts. None: not used (surface noise, scratches, rolls).
WORDS: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    (None, ("vinyl", "scratch", "roll", "choir", "swoosh", "swash", "drone", "woosh", "hum", "rub", "buzz", "ambi_")),
    (None, ("choke", "reverse", "backw")),
    ("loop", ("loop", "beat_", "beats/", "break")),
    ("open", ("cymbal_open", "hat_open", "openhat", "open_hat", "hihat_open", "open hat", "hat open", "semi-open")),
    ("open", ("open hh", "hat op", "hat 1 op", "hi-hat open", "hi-hat semi", "hi hat open", "hi hat free", "hat-o")),
    ("open", ("hat_o", "_oh", "open_hh", "h_open")),
    ("pedal", ("cymbal_pedal", "hat pedal", "pedal h", "hi-hat pedal", "foot_pedal", "pedal_h", "hat 1 pd")),
    ("hat", ("hat", "cymbal_closed", "closed hh", "_hh", "h_closed")),
    ("crash", ("crash",)),
    ("ride", ("ride",)),
    ("crash", ("cymbal", "splash", "china")),
    ("kick", ("bd_", "kick", "drum_bass", "bassdrum", "bass drum", "bass_drum", "_bd", "kik")),
    ("clap", ("clap", "snap")),
    ("snare", ("sn_", "snare", "_sn", "snr")),
    ("rim", ("rimshot", "sidestick", "side stick", "rim click", "stick", "_rim", "rim0")),
    ("tom", ("tom",)),
    ("conga", ("tabla", "conga", "bongo", "djembe", "timbale")),
    ("cowbell", ("cowbell", "elec_wood", "elec_tick", "perc_bell", "clave", "woodblock")),
    ("shaker", ("shaker", "maraca", "tambourine", "cabasa")),
)
ROLE_OF_CLASS = {"openhat": "open", "stick": "rim", "sidestick": "rim"}
INDEX_COLUMNS = ("file", "class", "pack", "drum")
LAYER_NUMBER = re.compile(r"_vl(\d{1,3})(?:_|$)", re.IGNORECASE)
"""Which layer of velocity a file of an index is, counted from the softest."""
DB_PER_DECADE_OF_VELOCITY = 28.0
"""Levels of layers that were recorded at one gain, and velocities: amplitude goes with the velocity's power of 1.4."""
LONGEST = 4 * RATE
LONGEST_FILE = 30.0
"""Seconds of a file that are read: a hit that begins later is none to be used."""
EVERY_FIFTH = 5
MOST_TRIMMED = 400
"""Samples; what is no longer is no sound of use."""


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


def role_of(path: str, in_kit: bool = False) -> str | None:
    """Say what a sound is from the words in its path; "stab" where no word is known, None where it is of no use.

    in_kit: it is an instrument of a kit, and therefore no loop, even if the kit is called "Breaks".
    """
    lowered = path.lower()
    for role, words in WORDS:
        if any(word in lowered for word in words) and not (in_kit and role == "loop"):
            return role
    return "stab"


def _hash(name: str) -> bytes:
    return hashlib.sha256(PurePosixPath(name).name.encode()).digest()


def is_held_out(name: str) -> bool:
    """Choose every fifth sound for validation, by a hash of its name, so that the choice never changes."""
    return _hash(name)[0] % EVERY_FIFTH == 0


def loop_may_be_used(name: str) -> bool:
    """Choose every second loop that is not held out; the rest is for evaluation alone, never for training."""
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


def read_shot(path: Path) -> Sound:
    """Read a one-shot or loop, and trim it. Raises UserError if it cannot be read."""
    return trimmed(read_audio(path, LONGEST_FILE))


def gather(folders: Sequence[Path]) -> list[Shot]:
    """Read every usable sound under the folders, sorted by name; of the loops only those that may be used.

    A Hydrogen kit (drumkit.xml) and files named by their velocity (MyKit/snare_v096.wav) become drums of a kit, named
    "kitNAME/INSTRUMENT"; so do those that an index.csv lists, with the pack as their kit.
    Raises UserError if a folder is missing or a sound cannot be read.
    """
    shots = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"No folder of sounds at {str(folder)!r}: give one that holds one-shots (.wav, .flac, .ogg)."
            )
        indexes = [index for index in sorted(folder.rglob("index.csv")) if is_index(index)]
        listed = [shot for index in indexes for shot in _listed(index)]
        kits = {path.parent for path in folder.rglob("drumkit.xml")}
        inside = tuple(f"{index.parent}/" for index in indexes)
        layers = [layer for kit in sorted(kits) for layer in hydrogen_kit(kit / "drumkit.xml")]
        for path in sorted(folder.rglob("*")):
            if not ends_in(path, SUFFIXES) or path.parent in kits or f"{path}".startswith(inside):
                continue
            if (layer := layer_of(path)) is not None:
                layers.append(layer)
                continue
            name = path.relative_to(folder).with_suffix("").as_posix()
            role = role_of(name)
            if role is None or (role == "loop" and not loop_may_be_used(name)):
                continue
            samples = read_shot(path)
            if len(samples) > MOST_TRIMMED:
                shots.append(Shot(name, role, samples, is_held_out(name)))
        shots += _of_kits(layers) + listed
    return shots


def is_index(path: Path) -> bool:
    """Say whether a file is an index of sounds: separated values whose first line names INDEX_COLUMNS."""
    try:
        head = next(documents.parse_rows(documents.read_text(path).splitlines()[:1]), [])
    except (OSError, ValueError):
        return False
    return set(INDEX_COLUMNS) <= set(head)


def _listed(index: Path) -> list[Shot]:
    """Read the sounds of an index, each as a drum of the kit that is its pack.

    A velocity is the layer's number (_vl3) or else its level before it was scaled (orig_peak_dbfs), within its drum.
    Raises UserError if one is missing or cannot be read, or lies elsewhere.
    """
    try:
        head, *lines = documents.parse_rows(documents.read_text(index).splitlines())
    except (OSError, ValueError) as error:
        raise UserError(f"The index of sounds {str(index)!r} cannot be read: {reason_of(error)}") from None
    rows = [row for row in (dict(zip(head, line, strict=False)) for line in lines) if set(INDEX_COLUMNS) <= set(row)]
    loudest: dict[tuple[str, str], tuple[float, float]] = {}
    for row in rows:
        numbers = _layer_of(row)
        before = loudest.get((row["pack"], row["drum"]), numbers)
        loudest[row["pack"], row["drum"]] = (max(before[0], numbers[0]), max(before[1], numbers[1]))
    shots, read = [], cache(read_shot)  # a file that is listed a thousand times is read once
    for row in rows:
        place = PurePosixPath(row["file"])
        if place.is_absolute() or ".." in place.parts or "\0" in row["file"]:
            raise UserError(
                f"The index of sounds {str(index)!r} names {row['file'][:80]!r}, which is not inside its folder."
            )
        if "stir" in row["file"].lower():  # brushes that stir make no stroke
            continue
        role = ROLE_OF_CLASS.get(row["class"], row["class"])
        if role == "perc":
            role = role_of(PurePosixPath(row["drum"]).name, in_kit=True) or ""
            role = role if role in ("shaker", "cowbell") else "conga"
        samples = read(index.parent / place)
        if len(samples) <= MOST_TRIMMED:
            continue
        (layer, level), (most, highest) = _layer_of(row), loudest[row["pack"], row["drum"]]
        velocity = layer / most if layer else 10 ** ((level - highest) / DB_PER_DECADE_OF_VELOCITY)
        family, _, drum = row["drum"].rpartition("/")
        kit = "-".join(part for part in ("kit" + row["pack"], family.replace("/", "-")) if part)
        held_out = is_held_out(f"{row['pack']}-{row['drum']}".replace("/", "-"))
        shots.append(Shot(f"{kit}/{role}-{drum}", role, samples, held_out, min(max(velocity, 0.05), 1.0)))
    return shots


def _layer_of(row: dict[str, str]) -> tuple[float, float]:
    """Give the number of a listed sound's layer, 0 where it has none, and its level in dB, 0 where it is not known."""
    found = LAYER_NUMBER.search(PurePosixPath(row["file"]).stem)
    try:
        level = float(row.get("orig_peak_dbfs") or 0.0)
    except ValueError:
        level = 0.0
    return (float(found[1]) if found else 0.0), level if math.isfinite(level) else 0.0


def _of_kits(layers: Sequence[Layer]) -> list[Shot]:
    """Read the drums of kits; what is no drum (a whistle, a guitar) is left out."""
    shots, read = [], cache(read_shot)
    for layer in layers:
        role = role_of(layer.instrument, in_kit=True)
        if role not in (None, "stab"):
            samples = read(layer.path)
            if len(samples) > MOST_TRIMMED:
                kit = f"kit{layer.kit}"
                shots.append(Shot(f"{kit}/{layer.instrument}", role, samples, is_held_out(kit), layer.velocity))
    return shots
