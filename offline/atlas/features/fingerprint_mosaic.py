"""All fingerprints in one picture, as tiles, row after row in the order of the sounds."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.palette import BACK

SIDE = 3200
"""Longest side of the picture, pixels."""
LARGEST_TILE, SMALLEST_TILE = 128, 8
COLOURS = "magma"


def draw(pictures: NDArray[np.float32], path: Path) -> None:
    """Write a PNG of pictures, float32 (n, bands, frames), 0..1, low bands below, all of them at whatever size fits.

    Where even tiles of SMALLEST_TILE do not, an even choice of the pictures is shown. Raises UserError if the disk does
    not take it.
    """
    from matplotlib import colormaps
    from PIL import Image, ImageColor

    tile, gap, columns = layout(len(pictures))
    most = columns * ((SIDE + gap) // (tile + gap))
    shown = pictures[np.linspace(0, len(pictures) - 1, min(len(pictures), most)).astype(int)]
    step = tile + gap
    sheet = np.zeros((-(-len(shown) // columns) * step - gap, columns * step - gap), np.uint8)
    for at, picture in enumerate(shown):
        top, left = at // columns * step, at % columns * step
        small = Image.fromarray(1 + np.rint(picture[::-1] * 254).astype(np.uint8))
        sheet[top : top + tile, left : left + tile] = np.asarray(small.resize((tile, tile), Image.Resampling.BOX))
    # Numbers of colours, the ground first, make a file of a third the size.
    paint = (colormaps[COLOURS](np.linspace(0, 1, 255))[:, :3] * 255).round().astype(np.uint8)
    image = Image.fromarray(sheet)
    image.putpalette([*ImageColor.getrgb(BACK), *paint.ravel().tolist()])
    with replacing(path) as part:
        image.save(part, compress_level=4)


def layout(count: int) -> tuple[int, int, int]:
    """Give a tile's side and the gap between tiles in pixels, and how many columns make the sheet about square."""
    columns = max(1, int(np.ceil(np.sqrt(count))))
    tile = SIDE // columns
    for gap, least in ((4, 60), (2, 30), (1, SMALLEST_TILE + 1)):
        if tile >= least:
            return min(tile - gap, LARGEST_TILE), gap, columns
    return SMALLEST_TILE, 1, (SIDE + 1) // (SMALLEST_TILE + 1)
