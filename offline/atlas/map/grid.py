"""The step that makes a rectangle of a map: every sound gets a cell, and together they move as little as possible.

An assignment: the sum of squared distances between points and cells, map and rectangle both stretched to a unit square,
is the least there can be. See `samplechop.offline.atlas.map.linear_assignment` for how, and for the memory it takes.
"""

import json
from dataclasses import asdict, dataclass
from math import ceil, isqrt

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.linear_assignment import MOST, assign
from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.atlas.store.files import write_table
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

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


def grid(atlas: Atlas, settings: GridSettings, told: Progress) -> None:
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
    told("grid", 0, 1)
    cells = assign(points, rows, columns)
    told("grid", 1, 1)
    write_table(atlas.folder / map_files.GRID, map_files.CELLS, cells.tolist())
    with replacing(atlas.folder / map_files.RECTANGLE) as part:
        part.write_text(json.dumps({"rows": rows, "columns": columns, "map": name}), encoding="utf-8")
    atlas.note(STEP, noted)


def rectangle(count: int, columns: int | None = None) -> tuple[int, int]:
    """Give rows and columns with room for `count`, at least 1; without columns given, as square as possible."""
    wide = columns if columns is not None else isqrt(count - 1) + 1
    return ceil(count / wide), wide
