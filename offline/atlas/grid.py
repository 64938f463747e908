"""The step that makes a rectangle of a map: every sound gets a cell, and together they move as little as possible.

An assignment: the sum of squared distances between points and cells, map and rectangle both stretched to a unit square,
is the least there can be. Solved by scipy's linear_sum_assignment (Crouse, "On implementing 2D rectangular assignment
algorithms", 2016), which takes 8 bytes for each pair of sound and cell.
"""

import json
from dataclasses import asdict, dataclass
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from offline.atlas import maps
from offline.atlas.folder import Atlas
from offline.atlas.tables import replaced, write_table
from offline.progress import Told
from realtime.errors import UserError

STEP = "grid"
MOST = 25_000
"""Sounds: 5 GB, and some minutes."""


@dataclass(frozen=True, slots=True)
class GridSettings:
    """map: its name, or None for the one made first. columns: of the rectangle, or None for one about square."""

    map: str | None = None
    columns: int | None = None

    def __post_init__(self) -> None:
        """Raise UserError for what cannot be made."""
        if self.columns is not None and self.columns < 1:
            raise UserError(f"--columns must be at least 1, got {self.columns}")


def grid(atlas: Atlas, settings: GridSettings, told: Told) -> None:
    """Write grid.tsv and grid.json. Raises UserError if there is no such map, of two dimensions and of all sounds."""
    name = maps.default_map(atlas) if settings.map is None else settings.map
    made = atlas.made(maps.STEP)
    noted = asdict(settings) | {"map": name, "of": made[0] if made else None}
    if atlas.is_made(STEP, noted):
        return
    points = maps.read_map(atlas, name)
    if points.shape[1] != 2:
        raise UserError(f"the map {name!r} has {points.shape[1]} dimensions, a grid takes one with 2: give it by --map")
    if len(points) > MOST:
        raise UserError(f"a grid takes at most {MOST:,} sounds, the atlas has {len(points):,}")
    rows, columns = rectangle(len(points), settings.columns)
    told("grid", 0, 1)
    cells = assign(points, rows, columns)
    told("grid", 1, 1)
    write_table(atlas.folder / maps.GRID, maps.CELLS, cells.tolist())
    with replaced(atlas.folder / maps.RECTANGLE) as part:
        part.write_text(json.dumps({"rows": rows, "columns": columns, "map": name}), encoding="utf-8")
    atlas.note(STEP, noted)


def rectangle(count: int, columns: int | None = None) -> tuple[int, int]:
    """Give rows and columns with room for `count`, at least 1; without columns given, as square as possible."""
    wide = columns if columns is not None else isqrt(count - 1) + 1
    return ceil(count / wide), wide


def assign(points: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.int64]:
    """Give each point, float32 (n, 2), x right, y up, a cell of its own: int64 (n, 2), row from above and column.

    The sum of squared distances is the least possible. Spare cells stay empty. Raises ValueError for too few cells.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    if rows * columns < len(points):
        raise ValueError(f"{len(points)} points do not fit {rows} x {columns} cells")
    cost = cdist(_spread(points), centres(rows, columns), "sqeuclidean")
    cells = linear_sum_assignment(cost)[1]
    return np.stack(np.divmod(cells, columns), axis=1).astype(np.int64)


def centres(rows: int, columns: int) -> NDArray[np.float64]:
    """Give the middles of all cells, row by row from above, float64 (rows * columns, 2), in a unit square, y up."""
    x, y = (np.arange(columns) + 0.5) / columns, 1 - (np.arange(rows) + 0.5) / rows
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _spread(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Stretch points to the unit square; an axis along which all are the same is all at its middle."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    return np.where(high > low, (points - low) / np.where(high > low, high - low, 1), 0.5)
