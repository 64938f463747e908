"""Drum hits: what is known of them, where it comes from, and the model that learns from it."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import SUFFIXES, Sound
from samplechop.offline.common.paths import ends_in
from samplechop.offline.lab.sets import write_flac
from samplechop.offline.labels.drum_labels import SUFFIX, DrumLabels, write_drum_labels
from samplechop.realtime.core.errors import UserError


def is_written(folder: Path, name: str) -> bool:
    """Say whether a pair is there; the labels come last, so that they never stand alone."""
    return (folder / f"{name}.flac").is_file() and (folder / f"{name}{SUFFIX}").is_file()


def write_pair(folder: Path, name: str, samples: Sound, labels: DrumLabels) -> None:
    """Write NAME.flac and NAME.drums.json. samples: float32, (n,), mono, 44 100 Hz, turned down if beyond full scale.

    Raises UserError if that is not possible.
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    write_flac(folder / f"{name}.flac", samples * np.float32(0.99 / peak) if peak > 0.99 else samples)
    write_drum_labels(labels, folder / f"{name}{SUFFIX}")


def check_apart(folder: Path, names: Sequence[str], recordings: Sequence[Path]) -> None:
    """Refuse to write pairs in the place of the recordings that they are made of. Raises UserError."""
    originals = {os.path.realpath(path) for path in recordings}
    for name in names:
        path = folder / f"{name}.flac"
        if os.path.realpath(path) in originals:
            raise UserError(f"{str(path)!r} is a recording to label and would be replaced: give --out another folder")


def files_in(places: Sequence[Path], suffixes: frozenset[str], what: str) -> list[Path]:
    """List the files among files and folders, sorted, each once; what: they are, as in "audio file".

    Raises UserError if a place is missing or none is found.
    """
    found: list[Path] = []
    for place in places:
        if place.is_file():
            found.append(place)
        elif place.is_dir():
            found += sorted(path for path in place.rglob("*") if ends_in(path, suffixes))
        else:
            raise UserError(f"Nothing at {str(place)!r}: give {what}s, or folders that hold some.")
    if not found:
        where = ", ".join(repr(str(place)) for place in places)
        raise UserError(f"No {what} in {where}: {', '.join(sorted(suffixes))} are looked for.")
    return list(dict.fromkeys(found))


AUDIO = frozenset(SUFFIXES)
MIDI = frozenset({".mid", ".midi", ".smf"})


def name_of(path: Path, taken: set[str]) -> str:
    """Name a pair after its source; a number is added where another source of this run has the same name."""
    name, number = path.stem, 2
    while name in taken:
        name, number = f"{path.stem}-{number}", number + 1
    taken.add(name)
    return name
