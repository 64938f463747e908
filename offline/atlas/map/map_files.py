"""The maps of an atlas, as files: who only reads positions needs no more than this.

maps/NAME.tsv           x y, or x y z: 0..1, all axes on one scale; a line for each sound
maps/NAME-colours.tsv   r g b: 0..255; a line for each sound
maps/NAME.npz           what placing new sounds needs, see samplechop.offline.atlas.map.tsne
maps/NAME.png           a plot
grid.tsv, grid.json     a map as a rectangle: row and column of each sound; the rectangle, and the map's name
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.atlas.store.files import read_table, write_table
from samplechop.realtime.core.errors import UserError

FOLDER, GRID, RECTANGLE = "maps", "grid.tsv", "grid.json"
AXES = ("x", "y", "z")
COLOURS = ("r", "g", "b")
CELLS = ("row", "column")
EMBED, GRID_COMMAND = "samplechop atlas embed", "samplechop atlas grid"
STEP, DEFAULT, MAPS = "embed", "map", "maps"
"""The step in atlas.json, and its settings: the name of the map that was made first, and by name, how each was made."""


def path_of(atlas: Atlas, name: str, ending: str) -> Path:
    """Give a file of a map: ending such as ".tsv" or "-colours.tsv"."""
    return atlas.folder / FOLDER / f"{name}{ending}"


def names(atlas: Atlas) -> list[str]:
    """Give the names of all maps there are, sorted."""
    files = (path.name.removesuffix(".tsv") for path in (atlas.folder / FOLDER).glob("*.tsv"))
    return sorted(name for name in files if not name.startswith(".") and not name.endswith("-colours"))


def default_map(atlas: Atlas) -> str:
    """Give the name of the map that was made first. Raises UserError if there is none."""
    made = atlas.made(STEP)
    there = names(atlas)
    if not there:
        raise UserError(f"there is no map in {str(atlas.folder)!r}: run {EMBED} first")
    first = made[0].get(DEFAULT) if made else None
    return first if first in there else there[0]


def origin(atlas: Atlas, name: str) -> dict[str, Any] | None:
    """Give the settings with which a map was made, and its number of sounds; None if they are not known."""
    made = atlas.made(STEP)
    found: dict[str, Any] | None = made[0].get(MAPS, {}).get(name) if made else None
    return found


def read_map(atlas: Atlas, name: str | None = None) -> NDArray[np.float32]:
    """Read a map, by default the one made first: positions, float32 (n, 2 or 3), 0..1, one for each sound.

    Raises UserError if there is none of that name, it does not cover all sounds, or it is damaged.
    """
    name = default_map(atlas) if name is None else name
    path = path_of(atlas, name, ".tsv")
    if name not in names(atlas):
        there = ", ".join(names(atlas)) or "none"
        raise UserError(f"there is no map {name!r} in {str(atlas.folder)!r} (there are: {there}): run {EMBED} first")
    found = _positions(path)
    if len(found) != len(atlas):
        raise UserError(f"{str(path)!r} covers {len(found)} of {len(atlas)} sounds: run {EMBED} again")
    return found


def read_known(atlas: Atlas, name: str) -> NDArray[np.float32] | None:
    """Read a map that may not cover all sounds, (some, 2 or 3); None if there is none, or it is damaged."""
    try:
        return _positions(path_of(atlas, name, ".tsv"))
    except UserError:
        return None


def write_map(atlas: Atlas, name: str, positions: NDArray[np.float32]) -> None:
    """Write positions, (n, 2 or 3). Raises UserError if the disk does not take them."""
    write_table(path_of(atlas, name, ".tsv"), AXES[: positions.shape[1]], positions.tolist())


def read_colours(atlas: Atlas, name: str) -> NDArray[np.uint8]:
    """Read the colours of a map's sounds, uint8 (n, 3). Raises UserError if they are missing or damaged."""
    path = path_of(atlas, name, "-colours.tsv")
    return _covering(atlas, path, COLOURS, EMBED).astype(np.uint8)


def write_colours(atlas: Atlas, name: str, colours: NDArray[np.uint8]) -> None:
    """Write colours, uint8 (n, 3). Raises UserError if the disk does not take them."""
    write_table(path_of(atlas, name, "-colours.tsv"), COLOURS, colours.tolist())


def read_grid(atlas: Atlas) -> NDArray[np.int64]:
    """Read where each sound stands in the grid: int64 (n, 2), row and column.

    Raises UserError if there is no grid, it does not cover all sounds, or it is damaged.
    """
    path = atlas.folder / GRID
    if not path.exists():
        raise UserError(f"there is no grid in {str(atlas.folder)!r}: run {GRID_COMMAND} first")
    return _covering(atlas, path, CELLS, GRID_COMMAND).astype(np.int64)


def _positions(path: Path) -> NDArray[np.float32]:
    try:
        cells = read_table(path, AXES)
    except UserError:
        cells = read_table(path, AXES[:2])
    return _numbers(path, cells, EMBED).astype(np.float32)


def _numbers(path: Path, cells: list[list[str]], made_by: str) -> NDArray[np.float64]:
    try:
        found = np.array(cells, np.float64)
    except ValueError:
        found = np.array([[np.nan]])
    if found.ndim != 2 or not np.isfinite(found).all():
        raise UserError(f"{str(path)!r} is damaged: remove it and run {made_by} again")
    return found


def _covering(atlas: Atlas, path: Path, columns: Sequence[str], made_by: str) -> NDArray[np.float64]:
    found = _numbers(path, read_table(path, columns), made_by)
    if len(found) != len(atlas):
        raise UserError(f"{str(path)!r} covers {len(found)} of {len(atlas)} sounds: run {made_by} again")
    return found
