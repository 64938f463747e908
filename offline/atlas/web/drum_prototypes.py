"""How far every sound of an atlas is from a kick, a snare, a closed and an open hat.

A distance is the root mean square of the difference of two fingerprints in their first PLAYED_SECONDS, 0..1. A drum's
prototype is the mean fingerprint of, in this order: the file the user names; the sounds that are called so, or tagged
so by people; those a net tags so; some that samplechop makes itself, where there is none of them.

Of 159 real one-shots and loops, the ten nearest to the mean of the kicks are all kicks, to that of the snares 7 snares,
to that of the hats all hats; by centroid and bandwidth, as scripts/analysis.py of aiexperiments-drum-machine compares
them with one sound, they are 3, 5 and 10.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas import descriptions, tags
from samplechop.offline.atlas.collect import find_files, normalise
from samplechop.offline.atlas.fingerprints import COMMAND, STEP, fingerprints_of, read_fingerprints
from samplechop.offline.atlas.settings import ROLES, CollectSettings, FingerprintSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.realtime.core.errors import UserError

PLAYED_SECONDS = 0.25
"""What the drum machine plays of a sound."""
LONGEST_SECONDS = 30.0
"""Of a file that is named as a prototype."""
OPEN, CLOSED = {"open", "oh", "ohh", "openhat"}, {"closed", "close", "ch", "chh", "closedhat", "pedal", "foot"}
HATS = {"hat", "ohh", "chh", "openhat", "closedhat"}
ENERGY = 0.95
"""The share of a sound's energy that has sounded when its decay is over."""
SYNTHESISED = 8
"""Drums of each kind that samplechop makes."""

Prints = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prototype:
    """What a drum is like. fingerprint: float32 (bands, frames). source: where it comes from, for people."""

    role: str
    fingerprint: Prints
    source: str


def distances(atlas: Atlas, prototypes: Sequence[Prototype]) -> NDArray[np.float64]:
    """Give how far each sound is from each prototype: float64 (n, prototypes), 0..1.

    Raises UserError if the atlas has no fingerprints of all its sounds.
    """
    prints, frames = read_fingerprints(atlas), played_frames(_settings(atlas))
    columns = [
        np.sqrt(np.square(prints[:, :, :frames] - one.fingerprint[:, :frames]).mean(axis=(1, 2), dtype=np.float64))
        for one in prototypes
    ]
    return np.stack(columns, axis=1)


def played_frames(settings: FingerprintSettings) -> int:
    """Give how many frames of a fingerprint lie within PLAYED_SECONDS, at least 1."""
    return max(1, min(settings.frames, round(settings.frames * PLAYED_SECONDS / settings.first_seconds)))


def find_prototypes(atlas: Atlas, files: Mapping[str, Path]) -> list[Prototype]:
    """Find what each of ROLES is like. files: by role, those the user names.

    Raises UserError for a file that cannot be used, and if the atlas has no fingerprints of all its sounds.
    """
    prints = read_fingerprints(atlas)
    known = rows_of_drums(atlas)
    found = []
    for role in ROLES:
        rows = known[role]
        if role in files:
            found.append(Prototype(role, _of_file(atlas, files[role]), f"like {str(files[role])!r}"))
        elif rows:
            source = (
                f"like {atlas.sounds[rows[0]].name!r}" if len(rows) == 1 else f"like {len(rows)} sounds of the atlas"
            )
            found.append(Prototype(role, prints[rows].mean(axis=0), source))
        else:
            found.append(
                Prototype(role, _synthesised(atlas, role), "like those samplechop makes, as the atlas has none")
            )
    return found


def rows_of_drums(atlas: Atlas) -> dict[str, list[int]]:
    """Give the rows that are each of ROLES, as people tag them, or else a net; hats by their decay."""
    synonyms = descriptions.usual_synonyms()
    words = [set(descriptions.words_of(f"{sound.label} {sound.name}", synonyms)) for sound in atlas.sounds]
    predicted: list[set[str]] = []
    for known, (given, likely) in zip(words, tags.known_tags(atlas), strict=True):
        known |= set(given)
        predicted.append({name for name, _ in likely})

    def those(wanted: Callable[[Collection[str]], bool]) -> list[int]:
        for source in (words, predicted):
            rows = [row for row, some in enumerate(source) if wanted(some) and "loop" not in words[row]]
            if rows:
                return rows
        return []

    hats = those(lambda some: bool(HATS & set(some)) or ("cymbal" in some and bool((OPEN | CLOSED) & set(some))))
    closed, opened = _by_ring(atlas, hats, words)
    return {
        "kick": those(lambda some: "kick" in some),
        "snare": those(lambda some: "snare" in some),
        "closed hat": closed,
        "open hat": opened,
    }


def _by_ring(atlas: Atlas, hats: Sequence[int], words: Sequence[set[str]]) -> tuple[list[int], list[int]]:
    """Part hats into closed and open ones.

    By their names; of those whose names do not say the shorter half is closed, too, and if none is open by name the
    longest quarter is. The same may be both where there are few.
    """
    opened = [row for row in hats if words[row] & OPEN]
    closed = [row for row in hats if words[row] & CLOSED]
    samples = atlas.samples()
    plain = sorted(
        (row for row in hats if row not in opened and row not in closed),
        key=lambda row: ring_samples(samples[row, : atlas.sounds[row].length]),
    )
    return closed + plain[: -(-len(plain) // 2)], opened or plain[len(plain) - -(-len(plain) // 4) :]


def ring_samples(samples: NDArray[np.float32]) -> int:
    """Give after how many samples ENERGY of a sound's energy has sounded; 0 for silence."""
    energy = np.cumsum(np.square(samples, dtype=np.float64))
    return int(np.searchsorted(energy, ENERGY * energy[-1])) if len(energy) else 0


def _settings(atlas: Atlas) -> FingerprintSettings:
    made = atlas.made(STEP)
    if made is None:
        raise UserError(f"there are no fingerprints in {str(atlas.folder)!r}: run {COMMAND} first")
    return FingerprintSettings(**made[0])


def _mean_fingerprint(atlas: Atlas, sounds: Sequence[NDArray[np.float32]]) -> Prints:
    """Give the mean fingerprint of sounds at the atlas' rate."""
    settings = _settings(atlas)
    window = round(settings.first_seconds * atlas.rate)
    beginnings = np.zeros((len(sounds), window), np.float32)
    for row, sound in zip(beginnings, sounds, strict=True):
        row[: len(sound)] = sound[:window]
    mean: Prints = np.concatenate(list(fingerprints_of(beginnings, atlas.rate, settings))).mean(axis=0)
    return mean


def _of_file(atlas: Atlas, path: Path) -> Prints:
    """Give the fingerprint of a file, made as those of the atlas."""
    item = find_files.Item(path, str(path), 0, 0, path.stem, "", "")
    settings = CollectSettings(atlas.rate, LONGEST_SECONDS)
    with tempfile.TemporaryDirectory(prefix="samplechop-") as folder:
        target = Path(folder, "sound")
        ((reason, parts),) = normalise.make([item], settings, target)
        if not parts:
            raise UserError(reason)
        return _mean_fingerprint(atlas, [np.fromfile(target, "<f4")])


def _synthesised(atlas: Atlas, role: str) -> Prints:
    """Synthesise some drums of a kind, and give their mean fingerprint."""
    import soxr

    from samplechop.offline.augmentation.effects import RATE
    from samplechop.offline.synthesis.drums import made_hat, made_kick, made_open
    from samplechop.offline.synthesis.snares import made_snare

    make = dict(zip(ROLES, (made_kick, made_snare, made_hat, made_open), strict=True))[role]
    drums = [make(seed, 0.9, np.random.default_rng(seed)) for seed in range(SYNTHESISED)]
    return _mean_fingerprint(atlas, [soxr.resample(drum, RATE, atlas.rate).astype(np.float32) for drum in drums])
