"""What the parts of a kit's picture share. Places are shares of the whole picture, from the lower left."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import LINE, SLICES
from samplechop.offline.kits.analysis.envelope import Envelope
from samplechop.offline.kits.model import Slice
from samplechop.realtime.ui.formatting import pad_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 16.0, 9.0, 100
"""Of the whole picture, inches and dots per inch."""
LEFT, RIGHT = 0.03, 0.985
"""Its margins."""

_POINTS = 9.5
_CHARACTER = 0.602 * _POINTS / (72 * WIDTH)
"""How wide a character of a heading is: all are in a monospaced font."""
_HAIR = 0.008


def heading(figure: "Figure", left: float, right: float, y: float, text: str, *said: tuple[str, str]) -> None:
    """Write a heading into a rule, as in the live view, with things said in their colours at its end."""
    from matplotlib.lines import Line2D

    inset, beside = 0.01, 0.006
    begin, end = left + inset, right - inset
    figure.text(begin + beside, y, text, size=_POINTS, weight="bold", va="center_baseline")
    written = [(begin, begin + _CHARACTER * len(text) + 2 * beside)]
    for words, colour in reversed(said):
        figure.text(end - beside, y, words, size=_POINTS, color=colour, va="center_baseline", ha="right")
        begin = end - _CHARACTER * len(words) - 2 * beside
        written.insert(1, (begin, end))
        end = begin
    edges = [left, *(edge for place in written for edge in place), right]
    for ends in zip(edges[::2], edges[1::2], strict=True):
        figure.add_artist(Line2D(ends, (y, y), color=LINE, linewidth=1))


def tile(x: float, y: float) -> list[tuple[float, float]]:
    """Give the corners of a square of side 1."""
    return [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]


def colour(part: Slice) -> str:
    """Give the colour of a slice: they come round."""
    return SLICES[(part.number - 1) % len(SLICES)]


def label(part: Slice) -> str:
    """Name a slice by its pad, or its note below the first pad."""
    return pad_name(part.note) or str(part.note)


def farthest(outlines: Sequence[Envelope]) -> float:
    """Give the largest magnitude in any of the outlines, never 0."""
    return max(max(float(np.abs(outline).max()) for outline in outlines), 1e-9)


def shape(edges: NDArray[np.float64], outline: Envelope, middle: float = 0.0) -> NDArray[np.float64]:
    """Give an outline, (n, 2), as a closed polygon over its n + 1 edges around `middle`; silence is a hair."""
    low, high = np.minimum(outline[:, 0], -_HAIR), np.maximum(outline[:, 1], _HAIR)
    tops, bottoms = np.append(high, high[-1]), np.append(low, low[-1])
    return np.column_stack([np.append(edges, edges[::-1]), middle + np.append(tops, bottoms[::-1])])
