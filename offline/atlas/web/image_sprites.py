"""The image spritesheet: the fingerprints as tiles where their sounds stand in the grid, empty cells transparent.

    image.png      one sheet; where a browser's textures would be too small for it, image-000.png … of WIDEST pixels
    image.json     {"tile", "rows", "columns", "sheets": [{"file", "row", "column", "rows", "columns"} …],
                   "sounds": [[row, column, sheet, x, y] …]}: one entry a row of the atlas, in order; row and column in
                   the grid; x and y: pixels of its tile's left upper corner in its sheet

Low tones are at the bottom of a tile, its beginning at the left. Without a grid sounds stand row by row in a square.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.features.fingerprint_mosaic import COLOURS
from samplechop.offline.atlas.features.spectrogram_fingerprints import STEP, read_fingerprints
from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.progress import Progress

IMAGE, INDEX = "image.png", "image.json"
WIDEST = 8192
"""Pixels of a sheet's side: what the textures of nearly all graphics cards hold."""


def write(atlas: Atlas, cells: NDArray[np.int64] | None, folder: Path, tile: int | None, told: Progress) -> list[Path]:
    """Write the sheets and image.json; give the sheets' paths, none if the atlas has no fingerprints.

    cells: int64 (n, 2), row and column of each sound in the grid, or None. tile: pixels of a tile's side; None: as many
    as a fingerprint has. Raises UserError if the fingerprints cannot be read or the disk is full.
    """
    (folder / INDEX).unlink(missing_ok=True)
    for old in folder.glob("image*.png"):
        old.unlink()
    made = atlas.made(STEP)
    if made is None or made[1] != len(atlas):
        return []
    prints = read_fingerprints(atlas)
    places = squared(len(atlas)) if cells is None else cells
    side = tile or max(prints.shape[1:])
    each = WIDEST // side
    rows, columns = (int(last) + 1 for last in places.max(axis=0))
    across = math.ceil(columns / each)
    count = math.ceil(rows / each) * across
    sheets, paths = [], []
    belongs = places[:, 0] // each * across + places[:, 1] // each
    for number in range(count):
        top, left = number // across * each, number % across * each
        high, wide = min(each, rows - top), min(each, columns - left)
        inside = np.flatnonzero(belongs == number)
        picture = np.zeros((high * side, wide * side), np.uint8)
        for row, shown in zip(inside.tolist(), _tiles(prints, inside, side), strict=True):
            y, x = side * (places[row] - (top, left))
            picture[y : y + side, x : x + side] = shown
        paths.append(folder / (IMAGE if count == 1 else f"image-{number:03d}.png"))
        _save(picture, paths[-1])
        sheets.append({"file": paths[-1].name, "row": top, "column": left, "rows": high, "columns": wide})
        told("image sprites", number + 1, count)
    corners = side * (places % each)
    index = {
        "tile": side,
        "rows": rows,
        "columns": columns,
        "sheets": sheets,
        "sounds": np.column_stack([places, belongs, corners[:, 1], corners[:, 0]]).tolist(),
    }
    with replacing(folder / INDEX) as path:
        path.write_text(json.dumps(index, separators=(",", ":")), encoding="utf-8")
    return paths


def squared(count: int) -> NDArray[np.int64]:
    """Give places in a square for so many sounds, row by row: int64 (count, 2)."""
    columns = math.ceil(math.sqrt(count))
    return np.column_stack(np.divmod(np.arange(count), columns)).astype(np.int64)


def _tiles(prints: NDArray[np.float32], rows: NDArray[np.int64], side: int) -> Iterator[NDArray[np.uint8]]:
    """Give tiles, uint8 (side, side), 1..255, one for each row."""
    from PIL import Image

    for row in rows.tolist():
        shown = np.rint(np.clip(prints[row, ::-1], 0, 1) * 254).astype(np.uint8)
        if shown.shape != (side, side):
            shown = np.asarray(Image.fromarray(shown).resize((side, side), Image.Resampling.BOX))
        yield shown + np.uint8(1)


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    """Write colour numbers, (height, width), as PNG: 0 is transparent, 1..255 are COLOURS from dark to light."""
    from matplotlib import colormaps
    from PIL import Image

    palette = (colormaps[COLOURS](np.linspace(0, 1, 255))[:, :3] * 255).round().astype(np.uint8)
    image = Image.fromarray(picture, "P")
    image.putpalette(b"\0\0\0" + palette.tobytes())
    with replacing(path) as made:
        image.save(made, "PNG", transparency=0)
