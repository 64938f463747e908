"""The maps of an atlas as files, and the step that makes a rectangle of one: neighbours stay neighbours in its cells.

maps/NAME.tsv           x y, or x y z: 0..1, all axes on one scale; a line for each sound
maps/NAME-colours.tsv   r g b: 0..255; a line for each sound
maps/NAME.npz           what placing new sounds needs, see samplechop.offline.atlas.map.tsne
maps/NAME.png           a plot
grid.tsv, grid.json     a map as a rectangle: row and column of each sound; the rectangle, and the map's name

A grid is a linear assignment: the sum of squared distances from points to their cells, map and rectangle both stretched
to a unit square, is the least there can be. scipy's linear_sum_assignment (Crouse, "On implementing 2D rectangular
assignment algorithms", 2016) solves it, exactly. By itself it takes minutes for some thousand points of a map, as whole
clusters have to give way to each other. So the cells are priced first: prices that are nearly those of the optimum come
from Sinkhorn's iteration (Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", 2013), which is
fast here, as squared distances to the cells of a rectangle are sums of a part for the column and a part for the row.
When every cell is taken, prices add the same to every assignment: they change how long the search takes, and never what
it finds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from math import ceil, isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.files import read_table, write_table
from samplechop.offline.atlas.settings import MOST_IN_GRID, GridSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.progress import Progress
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
    maps = made[0].get(MAPS) if made else None
    found = maps.get(name) if isinstance(maps, dict) else None
    return found if isinstance(found, dict) else None


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
    return _covering(atlas, path, COLOURS, EMBED, 255).astype(np.uint8)


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
    return _covering(atlas, path, CELLS, GRID_COMMAND, MOST_IN_GRID).astype(np.int64)


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


def _covering(atlas: Atlas, path: Path, columns: Sequence[str], made_by: str, most: int) -> NDArray[np.float64]:
    """Read whole numbers, 0..most, a row for each sound."""
    found = _numbers(path, read_table(path, columns), made_by)
    if not ((found >= 0) & (found <= most) & (found == np.floor(found))).all():
        raise UserError(f"{str(path)!r} is damaged: remove it and run {made_by} again")
    if len(found) != len(atlas):
        raise UserError(f"{str(path)!r} covers {len(found)} of {len(atlas)} sounds: run {made_by} again")
    return found


BLUR, LAST_BLUR = 0.1, 5.0
"""Where the prices' blur begins, and where it ends: areas, in unit squares and in cells."""
ITERATIONS = 5
"""For each blur, half the one before."""


def assign(points: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.int64]:
    """Give each point, float32 (n, 2), x right, y up, a cell of its own: int64 (n, 2), row from above and column.

    The points are stretched to the rectangle. Spare cells stay empty. Raises ValueError for too few cells.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    cells = rows * columns
    if cells < len(points):
        raise ValueError(f"{len(points)} points do not fit {rows} x {columns} cells")
    spread = stretched(points.astype(np.float64))
    # Rows of zeros take the spare cells, wherever those are: then every cell is taken, and prices do no harm.
    cost = np.zeros((cells, cells))
    cdist(spread, centres(rows, columns), "sqeuclidean", out=cost[: len(points)])
    cost -= prices(spread, rows, columns).ravel()
    taken = linear_sum_assignment(cost)[1][: len(points)]
    return np.stack(np.divmod(taken, columns), axis=1).astype(np.int64)


def prices(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Price the cells so that points, (n, 2) in the unit square, want them about equally: float64 (rows, columns)."""
    spare = rows * columns - len(points)
    x, y = _middles(rows, columns)
    found = np.zeros((rows, columns))
    blur, last = BLUR, LAST_BLUR / (rows * columns)
    # Points far out can make prices too large to be numbers: those of the blur before will do.
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        while blur > last:
            blur = max(blur / 2, last)
            by_column = np.exp(-((points[:, :1] - x) ** 2) / blur)
            by_row = np.exp(-((points[:, 1:] - y) ** 2) / blur)
            for _ in range(ITERATIONS):
                wanted = np.exp(found / blur)
                share = 1 / np.sum((by_column @ wanted.T) * by_row, axis=1)
                crowd = (by_row * share[:, None]).T @ by_column + spare / wanted.sum()
                new = -blur * np.log(crowd)
                if not np.isfinite(new).all():
                    return found
                found = new
    return found


def centres(rows: int, columns: int) -> NDArray[np.float64]:
    """Give the middles of all cells, row by row from above, float64 (rows * columns, 2), in a unit square, y up."""
    return np.stack(np.meshgrid(*_middles(rows, columns)), axis=-1).reshape(-1, 2)


def _middles(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (np.arange(columns) + 0.5) / columns, 1 - (np.arange(rows) + 0.5) / rows


def stretched(points: NDArray[Any]) -> NDArray[Any]:
    """Stretch points, (n, axes), to 0..1 on each axis; one along which all are the same is all at its middle."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.where(high > low, (points - low) / np.where(high > low, high - low, 1), 0.5)


GRID_STEP = "grid"


def grid(atlas: Atlas, settings: GridSettings, progress: Progress) -> None:
    """Write grid.tsv and grid.json. Raises UserError if there is no such map, of two dimensions and of all sounds."""
    name = default_map(atlas) if settings.map is None else settings.map
    noted = asdict(settings) | {"map": name, "of": origin(atlas, name)}
    if atlas.is_made(GRID_STEP, noted):
        return
    points = read_map(atlas, name)
    if points.shape[1] != 2:
        raise UserError(f"the map {name!r} has {points.shape[1]} dimensions, a grid takes one with 2: give it by --map")
    if len(points) > MOST_IN_GRID:
        raise UserError(f"a grid takes at most {MOST_IN_GRID:,} sounds, the atlas has {len(points):,}: split it")
    rows, columns = rectangle(len(points), settings.columns)
    progress("grid", 0, 1)
    cells = assign(points, rows, columns)
    progress("grid", 1, 1)
    write_table(atlas.folder / GRID, CELLS, cells.tolist())
    write_text(atlas.folder / RECTANGLE, json.dumps({"rows": rows, "columns": columns, "map": name}))
    atlas.note(GRID_STEP, noted)


def rectangle(count: int, columns: int | None = None) -> tuple[int, int]:
    """Give rows and columns with room for `count`, at least 1; without columns given, as square as possible."""
    wide = columns if columns is not None else isqrt(count - 1) + 1
    return ceil(count / wide), wide
