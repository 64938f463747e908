"""What the panels of a kit's picture share. Places are shares of the whole picture, from the lower left."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.palette import LINE, SLICES
from samplechop.offline.kits.core.model import Slice
from samplechop.realtime.audio.file_source import open_audio
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

MOST_PER_COLUMN = 8192
"""Samples per channel looked at in a column; those of a record of hours are not all read for a picture."""
_BLOCK = 65_536

Envelope = NDArray[np.float32]
"""float32 (columns, 2): lowest and highest sample of each column, full scale ±1."""


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


def envelope(audio: Path, first: int, last: int, columns: int) -> Envelope:
    """Outline the samples first..last of a file soundfile can seek in, all channels together.

    Columns are equal parts of what is outlined, at most as many as there are samples. What cannot be read counts as
    silence. Raises UserError when the file cannot be opened, ValueError unless 0 <= first < last and columns >= 1.
    """
    if not 0 <= first < last or columns < 1:
        raise ValueError(f"0 <= first < last and columns >= 1 must hold, got {first}, {last} and {columns}")
    edges = np.linspace(first, last, min(columns, last - first) + 1).astype(np.int64)
    widest = int(np.max(np.diff(edges)))
    together = max(1, _BLOCK // widest) if widest <= MOST_PER_COLUMN else 1  # columns in one read
    found = np.zeros((len(edges) - 1, 2), np.float32)
    with open_audio(audio) as file:
        try:
            for begin in range(0, len(found), together):
                bounds = edges[begin : begin + together + 1]
                start, stop = int(bounds[0]), int(bounds[-1])
                if file.tell() != start:
                    file.seek(start)
                samples = file.read(min(stop - start, MOST_PER_COLUMN * together), "float32", always_2d=True)
                inside = bounds[:-1] - start
                inside = inside[inside < len(samples)]
                if len(inside):
                    flat = np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0).ravel()
                    for side, farthest in enumerate((np.minimum, np.maximum)):
                        found[begin : begin + len(inside), side] = farthest.reduceat(flat, inside * samples.shape[1])
        except soundfile.LibsndfileError:
            pass
    return found
