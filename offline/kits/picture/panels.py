"""The lower parts of a kit's picture: the pads, how alike the slices are, and figures beside other choices."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import BACK, CHOP, CYAN, FAINT, GREEN, INK, LINE, RAISED, YELLOW
from samplechop.offline.kits.analysis.envelope import Envelope
from samplechop.offline.kits.model import Slice
from samplechop.offline.kits.options import DUPLICATE
from samplechop.offline.kits.picture import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIFFERENT = 0.5
"""Similarity from which on slices begin to be alike."""

_BOTTOM, _TOP, _HEADING = 0.045, 0.35, 0.385
_FIRST_NOTE, _SIDE, _BANKS_IN_ROW, _GAP = 36, 4, 4, 0.25
_FEW = 32
"""Pads up to which each one tells its length, and rows of the matrix are named."""
_CHARACTERS = 22
"""In the width of a pad where there is one bank."""
_MATRIX_PIXELS = 512


def pads(figure: "Figure", slices: Sequence[Slice], outlines: Sequence[Envelope], rate: int) -> None:
    """Draw every pad where it lies on the machine, with what is on it: banks of four by four, A01 at the lower left.

    Few pads have their length, chord and strongest drum, the latter bright where half or more of the sound is drums.

    outlines: of the slices' files, which have `rate` Hz; the loudest of them fills its pad.
    """
    from matplotlib.collections import PolyCollection

    right = 0.475
    axes = figure.add_axes((drawing.LEFT, _BOTTOM, right - drawing.LEFT, _TOP - _BOTTOM))
    axes.axis("off")
    banks = sorted({_bank(part.note) for part in slices})
    across = min(len(banks), _BANKS_IN_ROW)
    down = -(-len(banks) // _BANKS_IN_ROW)
    drawing.heading(figure, drawing.LEFT, right, _HEADING, "Pads")

    def corner(bank: int, pad: int) -> tuple[float, float]:
        row, column = divmod(banks.index(bank), _BANKS_IN_ROW)
        return column * (_SIDE + _GAP) + pad % _SIDE, (down - 1 - row) * (_SIDE + _GAP) + pad // _SIDE

    places = [drawing.tile(*corner(bank, pad)) for bank in banks for pad in range(_SIDE**2)]
    axes.add_collection(PolyCollection(places, facecolors=RAISED, edgecolors=LINE, linewidths=0.8))
    told = any(part.content.told for part in slices)
    middle, height = (0.46, 0.24) if told else (0.39, 0.31)
    few, shapes, scale = len(slices) <= _FEW, [], height / drawing.farthest(outlines)
    for part, outline in zip(slices, outlines, strict=True):
        x, y = corner(_bank(part.note), (part.note - _FIRST_NOTE) % _SIDE**2)
        shapes.append(drawing.shape(np.linspace(x + 0.08, x + 0.92, len(outline) + 1), scale * outline, y + middle))
        axes.text(
            x + 0.08, y + 0.9, drawing.label(part), size=8.5 if few else 6 if down < 3 else 4.5, weight="bold", va="top"
        )
        if few:
            length = f"{part.frames / rate:.2f} s"
            axes.text(x + 0.92, y + 0.9, length, size=8, color=FAINT, va="top", ha="right")
            axes.text(x + 0.08, y + 0.07, part.content.chord_name, size=8, color=CYAN, va="baseline")
            if part.content.drum and len(part.content.told) <= _CHARACTERS // across:
                ink = INK if (part.content.drum_content or 0.0) >= 0.5 else FAINT
                axes.text(x + 0.92, y + 0.07, part.content.drum, size=8, color=ink, va="baseline", ha="right")
    axes.add_collection(PolyCollection(shapes, facecolors=[drawing.colour(part) for part in slices], linewidths=0))
    axes.set(xlim=(0, across * (_SIDE + _GAP) - _GAP), ylim=(0, down * (_SIDE + _GAP) - _GAP))


def alike(figure: "Figure", slices: Sequence[Slice], similarity: NDArray[np.float32]) -> None:
    """Draw how alike the slices are, (n, n), the darker the more different; near-duplicates stand out and are counted.

    What is less alike than DIFFERENT has one shade: it only matters what is more.
    """
    from matplotlib.colors import LinearSegmentedColormap

    left, right, n = 0.515, 0.715, len(slices)
    others = np.where(np.eye(n, dtype=bool), np.nan, similarity)
    height = _TOP - _BOTTOM
    axes = figure.add_axes((left + 0.014, _BOTTOM, height * drawing.HEIGHT / drawing.WIDTH, height))
    shades = LinearSegmentedColormap.from_list("likeness", [RAISED, "#274a5c", CYAN]).with_extremes(
        bad=BACK, over=YELLOW
    )
    # Programs that smooth pictures within an SVG shall find nothing to smooth.
    larger = np.kron(others, np.ones((-(-_MATRIX_PIXELS // n),) * 2))
    edges = (-0.5, n - 0.5, n - 0.5, -0.5)
    axes.imshow(larger, cmap=shades, vmin=DIFFERENT, vmax=DUPLICATE, interpolation="none", extent=edges)
    axes.axis("off")
    if n <= _FEW:
        style: dict[str, Any] = {"size": 7.5 if n <= _SIDE**2 else 5, "color": FAINT}
        for at, part in enumerate(slices):
            axes.text(-0.5 - 0.012 * n, at, drawing.label(part), ha="right", va="center", **style)
            axes.text(at, n - 0.5 + 0.02 * n, drawing.label(part), ha="center", va="top", rotation=90, **style)
    count = int(np.any(others > DUPLICATE, axis=1).sum())
    said = (f"{count} of {n} repeat", YELLOW) if count else ("nothing repeats", GREEN)
    drawing.heading(figure, left, right, _HEADING, "Alike", said)


def figures(figure: "Figure", redundancy: Mapping[str, Mapping[str, float]]) -> None:
    """Write the figures of the kit and of simpler ways to choose, a row each, with a bar for every figure."""
    from matplotlib.patches import Rectangle

    left = 0.745
    drawing.heading(figure, left, drawing.RIGHT, _HEADING, "Beside other choices")
    axes = figure.add_axes((left, _BOTTOM, drawing.RIGHT - left, _TOP - _BOTTOM))
    axes.axis("off")
    names = list(next(iter(redundancy.values())))
    axes.set(xlim=(-1.0, len(names)), ylim=(len(redundancy) + 0.4, -0.9))
    for column, name in enumerate(names):
        axes.text(column, -0.5, name, color=FAINT, va="center")
    most = {name: max(max(abs(row.get(name, 0.0)) for row in redundancy.values()), 1e-9) for name in names}
    for y, (choice, row) in enumerate(redundancy.items()):
        ink, weight = (INK, "bold") if y == 0 else (FAINT, "normal")
        axes.text(-1.0, y + 0.1, choice, color=ink, weight=weight, va="center")
        for column, name in enumerate(names):
            value = row.get(name, 0.0)
            axes.text(column, y + 0.1, f"{value:.2f}", color=ink, weight=weight, va="center")
            bar = max(0.0, value) / most[name] * 0.85
            axes.add_patch(Rectangle((column, y + 0.38), bar, 0.1, facecolor=CHOP if y == 0 else FAINT, linewidth=0))


def names(figure: "Figure", slices: Sequence[Slice]) -> None:
    """Write what is on which pad, in a column or two, as far as there is room."""
    rows, left = 21, 0.745
    drawing.heading(figure, left, drawing.RIGHT, _HEADING, "Names")
    across = 2 if len(slices) > rows else 1
    width = (drawing.RIGHT - left) / across
    longest = 48 if across == 1 else 20
    shown = slices[: rows * across - 1] if len(slices) > rows * across else slices
    for index, part in enumerate(shown):
        x, y = left + width * (index // rows), _TOP - (index % rows + 0.5) * (_TOP - _BOTTOM) / rows
        name = part.name if len(part.name) <= longest else f"{part.name[: longest - 1]}…"
        figure.text(x, y, drawing.label(part), size=8, weight="bold", color=drawing.colour(part), va="center")
        figure.text(x + 0.024, y, name, size=8, color=FAINT, va="center")
    if len(shown) < len(slices):
        y = _TOP - (rows - 0.5) * (_TOP - _BOTTOM) / rows
        figure.text(left + width, y, f"and {len(slices) - len(shown)} more", size=8, color=FAINT, va="center")


def _bank(note: int) -> int:
    return (note - _FIRST_NOTE) // _SIDE**2
