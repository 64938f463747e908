"""The panels of a kit's picture.

Along time: the waveform, and below it the strengths. Below: the pads, how alike the slices are, and figures beside
other choices, or the slices' names.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.palette import (
    BACK,
    CHOP,
    CYAN,
    FAINT,
    GREEN,
    INK,
    LINE,
    RAISED,
    SLICES,
    YELLOW,
)
from samplechop.offline.kits.core.model import Slice
from samplechop.offline.kits.core.options import DUPLICATE
from samplechop.realtime.audio.audio_file import open_audio
from samplechop.realtime.ui.formatting import pad_name, printable

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
    """Give the colour of a slice: the one it was given, else they come round with the pads."""
    return part.colour or SLICES[part.note % len(SLICES)]


def label(part: Slice) -> str:
    """Name a slice by its pad, or its note below the first pad."""
    return pad_name(part.note) or str(part.note)


def shortened(text: str, most: int) -> str:
    """Give a text as it is shown in a row of so many characters."""
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


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


DIFFERENT = 0.5
"""Similarity from which on slices begin to be alike."""

_BOTTOM, _TOP, _HEADING = 0.045, 0.35, 0.385
_FIRST_NOTE, _SIDE, _BANKS_IN_ROW, _GAP = 36, 4, 4, 0.25
_FEW = 32
"""Pads up to which each one tells its length, and rows of the matrix are named."""
_CHARACTERS = 22
"""In the width of a pad where there is one bank."""
_MATRIX_PIXELS = 512
_MEANING = (
    "repeats ↓ share of slices that sound nearly like another",
    "distance ↑ of the sound to the slice most alike; random is 1",
)
_BETTER = {"repeats": "repeats ↓", "distance": "distance ↑", "probability": "probability ↑"}
"""Heads of the columns: an arrow points to where it is better."""


def pads(figure: "Figure", slices: Sequence[Slice], outlines: Sequence[Envelope], rate: int) -> None:
    """Draw every pad where it lies on the machine, with what is on it: banks of four by four, A01 at the lower left.

    Few pads have their length, and what somebody called their slices, or chord and drum.

    outlines: of the slices' files, which have `rate` Hz; the loudest of them fills its pad.
    """
    from matplotlib.collections import PolyCollection

    right = 0.475
    axes = figure.add_axes((LEFT, _BOTTOM, right - LEFT, _TOP - _BOTTOM))
    axes.axis("off")
    banks = sorted({_bank(part.note) for part in slices})
    across = min(len(banks), _BANKS_IN_ROW)
    down = -(-len(banks) // _BANKS_IN_ROW)
    heading(figure, LEFT, right, _HEADING, "Pads", ("a colour for each, as above", FAINT))

    def corner(bank: int, pad: int) -> tuple[float, float]:
        row, column = divmod(banks.index(bank), _BANKS_IN_ROW)
        return column * (_SIDE + _GAP) + pad % _SIDE, (down - 1 - row) * (_SIDE + _GAP) + pad // _SIDE

    places = [tile(*corner(bank, pad)) for bank in banks for pad in range(_SIDE**2)]
    axes.add_collection(PolyCollection(places, facecolors=RAISED, edgecolors=LINE, linewidths=0.8))
    labelled = any(part.called or part.content.summary for part in slices)
    middle, height = (0.46, 0.24) if labelled else (0.39, 0.31)
    few, shapes, scale = len(slices) <= _FEW, [], height / farthest(outlines)
    for part, outline in zip(slices, outlines, strict=True):
        x, y = corner(_bank(part.note), (part.note - _FIRST_NOTE) % _SIDE**2)
        shapes.append(shape(np.linspace(x + 0.08, x + 0.92, len(outline) + 1), scale * outline, y + middle))
        axes.text(x + 0.08, y + 0.9, label(part), size=8.5 if few else 6 if down < 3 else 4.5, weight="bold", va="top")
        if few:
            length = f"{part.frames / rate:.2f} s"
            axes.text(x + 0.92, y + 0.9, length, size=8, color=FAINT, va="top", ha="right")
            if part.called:
                name = shortened(part.called, _CHARACTERS // across)
                axes.text(x + 0.08, y + 0.07, name, size=8, color=INK, va="baseline")
                continue
            axes.text(x + 0.08, y + 0.07, part.content.chord_name, size=8, color=CYAN, va="baseline")
            if part.content.drum and len(part.content.summary) <= _CHARACTERS // across:
                axes.text(x + 0.92, y + 0.07, part.content.drum, size=8, color=INK, va="baseline", ha="right")
    axes.add_collection(PolyCollection(shapes, facecolors=[colour(part) for part in slices], linewidths=0))
    axes.set(xlim=(0, across * (_SIDE + _GAP) - _GAP), ylim=(0, down * (_SIDE + _GAP) - _GAP))


def alike(figure: "Figure", slices: Sequence[Slice], similarity: NDArray[np.float32]) -> None:
    """Draw how alike the slices' harmony is, (n, n), the darker the more different; the same stands out and is counted.

    What is less alike than DIFFERENT has one shade: it only matters what is more.
    """
    from matplotlib.colors import LinearSegmentedColormap

    left, right, n = 0.515, 0.715, len(slices)
    others = np.where(np.eye(n, dtype=bool), np.nan, similarity)
    height = _TOP - _BOTTOM
    axes = figure.add_axes((left + 0.014, _BOTTOM, height * HEIGHT / WIDTH, height))
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
            axes.text(-0.5 - 0.012 * n, at, label(part), ha="right", va="center", **style)
            axes.text(at, n - 0.5 + 0.02 * n, label(part), ha="center", va="top", rotation=90, **style)
    count = int(np.any(others > DUPLICATE, axis=1).sum())
    harmony = 2 * sum(bool(part.content.chord) for part in slices) >= n  # of drums it tells little
    said = (f"{count} of {n} equal", YELLOW if harmony else FAINT) if count else ("none equal", GREEN)
    heading(figure, left, right, _HEADING, "Harmony", said)
    for column, (words, ink) in enumerate((("equal", YELLOW), ("alike", CYAN), ("other", FAINT))):
        figure.text(left + 0.014 + 0.06 * column, 0.363, f"■ {words}", size=7.5, color=ink, va="center")


def figures(figure: "Figure", redundancy: Mapping[str, Mapping[str, float]]) -> None:
    """Write the figures of the kit and of simpler ways to choose, a row each, with a bar for every figure.

    They are those of `redundancy.figures`.
    """
    from matplotlib.patches import Rectangle

    left = 0.745
    heading(figure, left, RIGHT, _HEADING, "Beside other choices")
    axes = figure.add_axes((left, _BOTTOM, RIGHT - left, _TOP - _BOTTOM))
    axes.axis("off")
    names = list(next(iter(redundancy.values())))
    axes.set(xlim=(-1.0, len(names)), ylim=(len(redundancy) + 0.4, -0.9))
    for column, name in enumerate(names):
        axes.text(column, -0.5, _BETTER.get(name, name), color=FAINT, va="center")
    most = {name: max(max(abs(row.get(name, 0.0)) for row in redundancy.values()), 1e-9) for name in names}
    for y, (choice, row) in enumerate(redundancy.items()):
        ink, weight = (INK, "bold") if y == 0 else (FAINT, "normal")
        axes.text(-1.0, y + 0.1, choice, color=ink, weight=weight, va="center")
        for column, name in enumerate(names):
            value = row.get(name, 0.0)
            axes.text(column, y + 0.1, f"{value:.2f}", color=ink, weight=weight, va="center")
            bar = max(0.0, value) / most[name] * 0.85
            axes.add_patch(Rectangle((column, y + 0.38), bar, 0.1, facecolor=CHOP if y == 0 else FAINT, linewidth=0))
    for line, words in enumerate(_MEANING):
        figure.text(left + 0.01, 0.031 - 0.017 * line, words, size=7.5, color=FAINT, va="center")


def names(figure: "Figure", slices: Sequence[Slice]) -> None:
    """Write what is on which pad, in a column or two, as far as there is room."""
    rows, left = 21, 0.745
    heading(figure, left, RIGHT, _HEADING, "Names")
    across = 2 if len(slices) > rows else 1
    width = (RIGHT - left) / across
    longest = 48 if across == 1 else 20
    shown = slices[: rows * across - 1] if len(slices) > rows * across else slices
    for index, part in enumerate(shown):
        x, y = left + width * (index // rows), _TOP - (index % rows + 0.5) * (_TOP - _BOTTOM) / rows
        name = part.name if len(part.name) <= longest else f"{part.name[: longest - 1]}…"
        figure.text(x, y, label(part), size=8, weight="bold", color=colour(part), va="center")
        figure.text(x + 0.024, y, name, size=8, color=FAINT, va="center")
    if len(shown) < len(slices):
        y = _TOP - (rows - 0.5) * (_TOP - _BOTTOM) / rows
        figure.text(left + width, y, f"and {len(slices) - len(shown)} more", size=8, color=FAINT, va="center")


def _bank(note: int) -> int:
    return (note - _FIRST_NOTE) // _SIDE**2
