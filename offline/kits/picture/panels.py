"""The panels of a kit's picture.

Along time: the waveform, and below it the strengths. Below: the pads, how alike the slices are, and figures beside
other choices, or the slices' names.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
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
    REJECTED,
    UNUSED,
    YELLOW,
)
from samplechop.offline.kits.core.model import Kit, Slice
from samplechop.offline.kits.core.options import DUPLICATE
from samplechop.offline.kits.picture import drawing
from samplechop.offline.kits.picture.drawing import Envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
    labelled = any(part.content.summary for part in slices)
    middle, height = (0.46, 0.24) if labelled else (0.39, 0.31)
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
            if part.content.drum and len(part.content.summary) <= _CHARACTERS // across:
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


_LABEL_ROWS, _LABEL_POINTS = 3, 9.0
_MOST_STEMS, _MOST_BARS = 1800, 200
_BESIDE_SECONDS = 0.02  # a slice may begin at a zero crossing beside its candidate
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def clock(seconds: float) -> str:
    """Write m:ss, with tenths where there are any."""
    tenths = round(10 * seconds)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")


def waveform(figure: "Figure", kit: Kit, outline: Envelope) -> "Axes":
    """Draw the waveform coloured by slice, grey where none is, pads' names above and bars below; give its axes."""
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.ticker import MultipleLocator

    axes = _axes(figure, 0.605, 0.235)
    outline = outline / drawing.farthest([outline])
    seconds = np.linspace(kit.seconds(kit.first), kit.seconds(kit.last), len(outline) + 1)
    axes.add_collection(PolyCollection([drawing.shape(seconds, outline)], facecolors=UNUSED, linewidths=0))
    shapes = []
    for part in kit.slices:
        inside = _columns(kit, part, len(outline))
        # It begins and ends where the slice does, not where the column does.
        places = seconds[inside.start : inside.stop + 1].copy()
        places[0], places[-1] = kit.seconds(part.start), kit.seconds(part.stop)
        shapes.append(drawing.shape(places, outline[inside]))
    axes.add_collection(PolyCollection(shapes, facecolors=[drawing.colour(part) for part in kit.slices], linewidths=0))
    cuts = [[(kit.seconds(part.start), -1.0), (kit.seconds(part.start), 1.0)] for part in kit.slices]
    axes.add_collection(LineCollection(cuts, colors=INK, linewidths=0.8, alpha=0.6))
    if len(kit.downbeats) <= _MOST_BARS:
        bars = [kit.seconds(sample) for sample in kit.downbeats]
        axes.plot(bars, [-1.1] * len(bars), "^", color=FAINT, markersize=3.5, clip_on=False)
    step = next((step for step in _STEPS if (seconds[-1] - seconds[0]) / step <= 18), 3600 * 6)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.set(xlim=(seconds[0], seconds[-1]), ylim=(-1.03, 1.03), yticks=[])
    axes.xaxis.set_visible(False)
    _names(axes, kit)
    return axes


def _names(axes: "Axes", kit: Kit) -> None:
    """Write the pads above their slices, in rows, where there is room."""
    width = axes.get_window_extent().width * 72 / axes.figure.dpi
    points = width / kit.seconds(kit.last - kit.first)
    used = [0.0] * _LABEL_ROWS
    for part in kit.slices:
        place, text = kit.seconds(part.start - kit.first) * points, drawing.label(part)
        long = 0.62 * _LABEL_POINTS * len(text)
        row = next((row for row, end in enumerate(used) if end <= place), None)
        if row is None or place + long > width + 20:
            continue
        used[row] = place + long + 3
        axes.annotate(
            text,
            (kit.seconds(part.start), 1.03),
            (0, 3 + row * (_LABEL_POINTS + 2)),
            textcoords="offset points",
            size=_LABEL_POINTS,
            weight="bold",
            color=drawing.colour(part),
            annotation_clip=False,
        )


def strengths(figure: "Figure", kit: Kit, time: "Axes") -> None:
    """Draw a stem for every chop, and for candidates left out, below the waveform's axes."""
    from matplotlib.collections import LineCollection

    axes = _axes(figure, 0.445, 0.115, sharex=time)
    drawing.heading(figure, drawing.LEFT, drawing.RIGHT, 0.578, "Strength", ("chosen", CHOP), ("left out", REJECTED))
    left_out = [[(second, 0.0), (second, strength)] for second, strength in _left_out(kit)]
    chosen = [(kit.seconds(part.start), part.strength) for part in kit.slices]
    axes.add_collection(LineCollection(left_out, colors=REJECTED, linewidths=1.4))
    axes.add_collection(LineCollection([[(x, 0.0), (x, y)] for x, y in chosen], colors=CHOP, linewidths=2.4))
    axes.plot(*zip(*chosen, strict=True), "o", color=CHOP, markersize=4.5, clip_on=False)
    axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", ".5", "1"))
    axes.xaxis.set_major_formatter(lambda second, _: clock(second))
    axes.tick_params(length=3, labelsize=9)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)


def _left_out(kit: Kit) -> list[tuple[float, float]]:
    """Give (seconds, strength) of the candidates at which no slice begins: the strongest of every column."""
    starts = np.array([-np.inf, *sorted(part.start for part in kit.slices), np.inf])
    best: dict[int, tuple[float, float]] = {}
    for one in kit.candidates:
        after = int(np.searchsorted(starts, one.sample))
        if min(starts[after] - one.sample, one.sample - starts[after - 1]) <= _BESIDE_SECONDS * kit.sample_rate:
            continue
        column = (one.sample - kit.first) * _MOST_STEMS // (kit.last - kit.first)
        if column not in best or best[column][1] < one.strength:
            best[column] = (kit.seconds(one.sample), one.strength)
    return list(best.values())


def _axes(figure: "Figure", bottom: float, height: float, **options: Any) -> "Axes":
    axes = figure.add_axes((drawing.LEFT, bottom, drawing.RIGHT - drawing.LEFT, height), **options)
    axes.spines[:].set_visible(False)
    return axes


def _columns(kit: Kit, part: Slice, columns: int) -> slice:
    """Find the columns of the outline that a slice touches, at least one."""
    scale = columns / (kit.last - kit.first)
    first = min(int((part.start - kit.first) * scale), columns - 1)
    return slice(first, max(first + 1, min(columns, int(np.ceil((part.stop - kit.first) * scale)))))
