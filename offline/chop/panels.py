"""The parts of a kit's picture, one function each. Places are shares of the whole picture, from the lower left."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offline.chop.choosing import DUPLICATE
from offline.chop.envelope import Envelope
from offline.kit import Kit, Slice
from offline.look import BACK, CHOP, CYAN, FAINT, GREEN, INK, LINE, RAISED, REJECTED, SLICES, UNUSED, YELLOW
from realtime.names import pad_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT = 0.03, 0.985
"""Margins of the whole picture."""
DIFFERENT = 0.5
"""Similarity from which on slices begin to be alike."""

_LABEL_ROWS, _LABEL_POINTS = 3, 9.0
_POINTS = 9.5
_CHARACTER = 0.602 * _POINTS / (16 * 72)
"""How wide a character of a heading is: all are in this font."""
_MOST_STEMS, _MOST_BARS = 1800, 200
_BESIDE_SECONDS = 0.02  # a slice may begin at a zero crossing beside its candidate
_FIRST_NOTE, _SIDE, _BANKS_IN_ROW, _GAP = 36, 4, 4, 0.25
_FEW = 32
"""Pads up to which each one tells its length and its near-duplicates."""
_LOWER, _LOWER_TOP, _HEADING = 0.045, 0.35, 0.385
_HEIGHT_TO_WIDTH = 9 / 16
_MATRIX_PIXELS = 512
_HAIR = 0.008
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
    outline = outline / _farthest([outline])
    seconds = np.linspace(kit.seconds(kit.first), kit.seconds(kit.last), len(outline) + 1)
    axes.add_collection(PolyCollection([_shape(seconds, outline)], facecolors=UNUSED, linewidths=0))
    shapes = []
    for part in kit.slices:
        inside = _columns(kit, part, len(outline))
        # It begins and ends where the slice does, not where the column does.
        places = seconds[inside.start : inside.stop + 1].copy()
        places[0], places[-1] = kit.seconds(part.start), kit.seconds(part.stop)
        shapes.append(_shape(places, outline[inside]))
    axes.add_collection(PolyCollection(shapes, facecolors=[_colour(part) for part in kit.slices], linewidths=0))
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
        place, text = kit.seconds(part.start - kit.first) * points, _label(part)
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
            color=_colour(part),
            annotation_clip=False,
        )


def strengths(figure: "Figure", kit: Kit, time: "Axes") -> None:
    """Draw a stem for every chop, and for candidates left out, below the waveform's axes."""
    from matplotlib.collections import LineCollection

    axes = _axes(figure, 0.445, 0.115, sharex=time)
    _heading(figure, LEFT, RIGHT, 0.578, "Strength", ("chosen", CHOP), ("left out", REJECTED))
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


def pads(figure: "Figure", slices: Sequence[Slice], outlines: Sequence[Envelope], rate: int) -> None:
    """Draw every pad where it lies on the machine, with what is on it: banks of four by four, A01 at the lower left.

    outlines: of the slices' files, which have `rate` Hz; the loudest of them fills its pad.
    """
    from matplotlib.collections import PolyCollection

    right = 0.475
    axes = figure.add_axes((LEFT, _LOWER, right - LEFT, _LOWER_TOP - _LOWER))
    axes.axis("off")
    banks = sorted({_bank(part.note) for part in slices})
    across = min(len(banks), _BANKS_IN_ROW)
    down = -(-len(banks) // _BANKS_IN_ROW)
    _heading(figure, LEFT, right, _HEADING, "Pads")

    def corner(bank: int, pad: int) -> tuple[float, float]:
        row, column = divmod(banks.index(bank), _BANKS_IN_ROW)
        return column * (_SIDE + _GAP) + pad % _SIDE, (down - 1 - row) * (_SIDE + _GAP) + pad // _SIDE

    places = [_tile(*corner(bank, pad)) for bank in banks for pad in range(_SIDE**2)]
    axes.add_collection(PolyCollection(places, facecolors=RAISED, edgecolors=LINE, linewidths=0.8))
    few, shapes, scale = len(slices) <= _FEW, [], 0.31 / _farthest(outlines)
    for part, outline in zip(slices, outlines, strict=True):
        x, y = corner(_bank(part.note), (part.note - _FIRST_NOTE) % _SIDE**2)
        shapes.append(_shape(np.linspace(x + 0.08, x + 0.92, len(outline) + 1), scale * outline, y + 0.39))
        axes.text(x + 0.08, y + 0.9, _label(part), size=8.5 if few else 6, weight="bold", va="top")
        if few:
            length = f"{part.frames / rate:.2f} s"
            axes.text(x + 0.92, y + 0.9, length, size=8, color=FAINT, va="top", ha="right")
    axes.add_collection(PolyCollection(shapes, facecolors=[_colour(part) for part in slices], linewidths=0))
    axes.set(xlim=(0, across * (_SIDE + _GAP) - _GAP), ylim=(0, down * (_SIDE + _GAP) - _GAP))


def alike(figure: "Figure", slices: Sequence[Slice], similarity: NDArray[np.float32]) -> None:
    """Draw how alike the slices are, (n, n), the darker the more different; near-duplicates stand out and are counted.

    What is less alike than DIFFERENT has one shade: it only matters what is more.
    """
    from matplotlib.colors import LinearSegmentedColormap

    left, right, n = 0.515, 0.715, len(slices)
    others = np.where(np.eye(n, dtype=bool), np.nan, similarity)
    height = _LOWER_TOP - _LOWER
    axes = figure.add_axes((left + 0.014, _LOWER, height * _HEIGHT_TO_WIDTH, height))
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
            axes.text(-0.5 - 0.012 * n, at, _label(part), ha="right", va="center", **style)
            axes.text(at, n - 0.5 + 0.02 * n, _label(part), ha="center", va="top", rotation=90, **style)
    count = int(np.any(others > DUPLICATE, axis=1).sum())
    said = (f"{count} of {n} repeat", YELLOW) if count else ("nothing repeats", GREEN)
    _heading(figure, left, right, _HEADING, "Alike", said)


def figures(figure: "Figure", redundancy: Mapping[str, Mapping[str, float]]) -> None:
    """Write the figures of the kit and of simpler ways to choose, a row each, with a bar for every figure."""
    from matplotlib.patches import Rectangle

    if not redundancy:
        return
    left = 0.745
    _heading(figure, left, RIGHT, _HEADING, "Beside other choices")
    axes = figure.add_axes((left, _LOWER, RIGHT - left, _LOWER_TOP - _LOWER))
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


def _axes(figure: "Figure", bottom: float, height: float, **options: Any) -> "Axes":
    axes = figure.add_axes((LEFT, bottom, RIGHT - LEFT, height), **options)
    axes.spines[:].set_visible(False)
    return axes


def _heading(figure: "Figure", left: float, right: float, y: float, text: str, *said: tuple[str, str]) -> None:
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


def _bank(note: int) -> int:
    return (note - _FIRST_NOTE) // _SIDE**2


def _tile(x: float, y: float) -> list[tuple[float, float]]:
    return [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]


def _colour(part: Slice) -> str:
    return SLICES[(part.number - 1) % len(SLICES)]


def _label(part: Slice) -> str:
    return pad_name(part.note) or str(part.note)


def _columns(kit: Kit, part: Slice, columns: int) -> slice:
    """Find the columns of the outline that a slice touches, at least one."""
    scale = columns / (kit.last - kit.first)
    first = min(int((part.start - kit.first) * scale), columns - 1)
    return slice(first, max(first + 1, min(columns, int(np.ceil((part.stop - kit.first) * scale)))))


def _farthest(outlines: Sequence[Envelope]) -> float:
    return max(max(float(np.abs(outline).max()) for outline in outlines), 1e-9)


def _shape(edges: NDArray[np.float64], outline: Envelope, middle: float = 0.0) -> NDArray[np.float64]:
    """Give an outline, (n, 2), as a closed polygon over its n + 1 edges around `middle`; silence is a hair."""
    low, high = np.minimum(outline[:, 0], -_HAIR), np.maximum(outline[:, 1], _HAIR)
    tops, bottoms = np.append(high, high[-1]), np.append(low, low[-1])
    return np.column_stack([np.append(edges, edges[::-1]), middle + np.append(tops, bottoms[::-1])])
