"""The step that makes a rectangle of a map: each sound gets a cell of its own, and neighbours stay neighbours.

A linear assignment: the sum of squared distances from points to their cells, map and rectangle both stretched to a unit
square, is the least there can be. scipy's linear_sum_assignment (Crouse, "On implementing 2D rectangular assignment
algorithms", 2016) solves it, exactly. By itself it takes minutes for some thousand points of a map, as whole clusters
have to give way to each other. So the cells are priced first: prices that are nearly those of the optimum come from
Sinkhorn's iteration (Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", 2013), which is fast
here, as squared distances to the cells of a rectangle are sums of a part for the column and a part for the row. When
every cell is taken, prices add the same to every assignment: they change how long the search takes, and never what it
finds.
"""

import json
from dataclasses import asdict, dataclass
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.atlas.store.files import write_table
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

MOST = 25_000
"""Points; they take 5 GB, as do all costs: 8 bytes for each pair of cells."""
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
    spread = _spread(points)
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


def _spread(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Stretch points to the unit square; an axis along which all are the same is all at its middle."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    return np.where(high > low, (points - low) / np.where(high > low, high - low, 1), 0.5)


STEP = "grid"


@dataclass(frozen=True, slots=True)
class GridSettings:
    """map: its name, or None for the one made first. columns: of the rectangle, or None for one about square."""

    map: str | None = None
    columns: int | None = None

    def __post_init__(self) -> None:
        """Raise UserError for what cannot be made."""
        if self.columns is not None and self.columns < 1:
            raise UserError(f"--columns must be at least 1, got {self.columns}")


def grid(atlas: Atlas, settings: GridSettings, progress: Progress) -> None:
    """Write grid.tsv and grid.json. Raises UserError if there is no such map, of two dimensions and of all sounds."""
    name = map_files.default_map(atlas) if settings.map is None else settings.map
    noted = asdict(settings) | {"map": name, "of": map_files.origin(atlas, name)}
    if atlas.is_made(STEP, noted):
        return
    points = map_files.read_map(atlas, name)
    if points.shape[1] != 2:
        raise UserError(f"the map {name!r} has {points.shape[1]} dimensions, a grid takes one with 2: give it by --map")
    if len(points) > MOST:
        raise UserError(f"a grid takes at most {MOST:,} sounds, the atlas has {len(points):,}: split it")
    rows, columns = rectangle(len(points), settings.columns)
    progress("grid", 0, 1)
    cells = assign(points, rows, columns)
    progress("grid", 1, 1)
    write_table(atlas.folder / map_files.GRID, map_files.CELLS, cells.tolist())
    with replacing(atlas.folder / map_files.RECTANGLE) as part:
        part.write_text(json.dumps({"rows": rows, "columns": columns, "map": name}), encoding="utf-8")
    atlas.note(STEP, noted)


def rectangle(count: int, columns: int | None = None) -> tuple[int, int]:
    """Give rows and columns with room for `count`, at least 1; without columns given, as square as possible."""
    wide = columns if columns is not None else isqrt(count - 1) + 1
    return ceil(count / wide), wide
