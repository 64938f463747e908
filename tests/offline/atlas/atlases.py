"""Atlases of made sounds for tests: decaying noises and tones of known names and lengths."""

from pathlib import Path

import numpy as np

from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.store import Atlas, Sound

RATE = 22_050


def nothing(what: str, done: int, of: int) -> None:
    """Hear how far it has come, and tell nobody."""


def sound(number: int, length: int) -> np.ndarray:
    """Give float32 (length,), peak 1: noise of its own that begins at once and dies away."""
    noise = np.random.default_rng(number).standard_normal(length) * np.exp(-np.arange(length) / (0.3 * length))
    return (noise / np.abs(noise).max()).astype(np.float32)


def row(name: str, length: int, rate: int = RATE, label: str = "", pack: str = "pack", **more: float) -> Sound:
    """Give a row of an atlas."""
    figures = {"rms": 0.2, "centroid": 1000.0, "bandwidth": 500.0, "rolloff": 2000.0, "flatness": 0.1}
    figures |= {"zero_crossings": 500.0} | more
    return Sound(name, f"/sounds/{name}.wav", 0.0, length / rate, length, 0.9, label, pack, **figures)


def make_atlas(folder: Path, lengths: list[int], rate: int = RATE, names: list[str] | None = None) -> Atlas:
    """Make an atlas of sounds of these lengths, samples."""
    atlas = Atlas.begin(folder, rate, max([1, *lengths]))
    add(atlas, lengths, names)
    return atlas


def add(atlas: Atlas, lengths: list[int], names: list[str] | None = None) -> None:
    """Add sounds of these lengths."""
    first = len(atlas)
    named = names or [f"sound {first + index}" for index in range(len(lengths))]
    rows = [row(name, length, atlas.rate) for name, length in zip(named, lengths, strict=True)]
    atlas.append(rows, [sound(first + index, length) for index, length in enumerate(lengths)])


def with_grid(atlas: Atlas, places: list[tuple[int, int]]) -> None:
    """Put the sounds into a grid, by row and column."""
    write_table(atlas.folder / "grid.tsv", ("row", "column"), places)
    atlas.note("grid", {"of": str(places)})


def with_fingerprints(atlas: Atlas, side: int = 8) -> np.ndarray:
    """Give every sound a fingerprint, float32 (n, side, side): one band each sounds, from its number's frame on."""
    prints = np.zeros((len(atlas), side, side), np.float32)
    for number in range(len(atlas)):
        prints[number, number % side, number // side % side :] = 1.0
    np.save(atlas.folder / "fingerprints.npy", prints)
    atlas.note("fingerprint", {"side": side})
    return prints


def likeness(decoded: np.ndarray, at: int, wanted: np.ndarray, reach: int) -> np.ndarray:
    """Correlate a sound with what is at a place, and up to `reach` samples before and after: (2 * reach + 1,)."""
    around = np.pad(decoded, reach)[at : at + len(wanted) + 2 * reach]
    return np.correlate(around, wanted, "valid")


def lag(decoded: np.ndarray, at: int, wanted: np.ndarray, reach: int = 1_200) -> int:
    """Tell by how many samples a sound begins late."""
    return int(likeness(decoded, at, wanted, reach).argmax()) - reach
