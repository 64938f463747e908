"""Points to the cells of a rectangle, so that the sum of squared distances is the least there can be.

scipy's linear_sum_assignment (Crouse, "On implementing 2D rectangular assignment algorithms", 2016) solves it, exactly.
By itself it takes minutes for some thousand points of a map, as whole clusters have to give way to each other. So the
cells are priced first: prices that are nearly those of the optimum come from Sinkhorn's iteration (Cuturi, "Sinkhorn
distances: lightspeed computation of optimal transport", 2013), which is fast here, as squared distances to the cells of
a rectangle are sums of a part for the column and a part for the row. When every cell is taken, prices add the same to
every assignment: they change how long the search takes, and never what it finds.
"""

import numpy as np
from numpy.typing import NDArray

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
