"""The picture of a kit, as PNG and SVG: one look says whether the kit is good.

    name, how many chops, tempo, key
    waveform, coloured by slice, with the pads' names
    strengths: chosen chops, and candidates left out
    pads as they lie | how alike the slices are | figures beside simpler ways to choose, or names where none was chosen

The same kit gives the same bytes.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import BACK, CHOP, FAINT, INK, LINE, REJECTED, UNUSED
from samplechop.offline.kits import picture_panels as panels
from samplechop.offline.kits.core.model import Kit, Slice
from samplechop.offline.kits.picture_panels import (
    LEFT,
    RIGHT,
    Envelope,
    colour,
    envelope,
    farthest,
    heading,
    label,
    shape,
    shortened,
)
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 1800
"""Columns of the waveform."""
PAD_COLUMNS, MOST_PER_PAD, LEAST_PER_PAD = 2400, 120, 24
"""Columns that all pads share, most and least for each."""
LONGEST_NAME = 70

_STYLE: dict[Any, Any] = {
    "font.family": "monospace",
    "font.monospace": ["DejaVu Sans Mono"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.facecolor": BACK,
    "axes.edgecolor": LINE,
    "figure.facecolor": BACK,
    "savefig.facecolor": BACK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "text.parse_math": False,  # a record's name may hold dollars
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "samplechop",
}


def draw(kit: Kit, similarity: NDArray[np.float32] | None = None, outline: Envelope | None = None) -> list[Path]:
    """Write NAME.png (1600 x 900) and NAME.svg into the kit's folder; give their paths.

    similarity: of the slices to each other, float32 (n, n), 0..1; left out of the picture if None. outline: of the
    record, where its COLUMNS were taken before.
    Raises UserError if the record or its slices cannot be read or the picture not written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if outline is None:
        outline = envelope(kit.audio, kit.first, kit.last, COLUMNS)
    columns = max(LEAST_PER_PAD, min(MOST_PER_PAD, PAD_COLUMNS // len(kit.slices)))
    cut = [envelope(kit.path(part), 0, part.frames, columns) for part in kit.slices]
    with rc_context(_STYLE), warnings.catch_warnings():
        # The font has no Japanese; the SVG says it all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(panels.WIDTH, panels.HEIGHT), dpi=panels.DPI)
        _head(figure, kit)
        time = waveform(figure, kit, outline)
        strengths(figure, kit, time)
        panels.pads(figure, kit.slices, cut, kit.slice_rate)
        if similarity is not None and len(similarity) > 1:
            panels.alike(figure, kit.slices, similarity)
        if kit.redundancy:
            panels.figures(figure, kit.redundancy)
        else:
            panels.names(figure, kit.slices)
        paths = [kit.folder / f"{kit.name}.png", kit.folder / f"{kit.name}.svg"]
        try:
            figure.savefig(paths[0], metadata={"Software": None}, pil_kwargs={"compress_level": 4})
            figure.savefig(paths[1], metadata={"Date": None, "Title": f"samplechop: {kit.name}"})
        except OSError as error:
            raise UserError(f"the picture cannot be written to {str(kit.folder)!r}: {reason_of(error)}") from None
    return paths


def _head(figure: "Figure", kit: Kit) -> None:
    counts = (("slice", len(kit.slices)), ("candidate", len(kit.candidates)))
    known = [counted(count, what) for what, count in counts]
    known += [*kit.known, clock(kit.seconds(kit.last - kit.first)), f"{kit.sample_rate:,} Hz"]
    name = shortened(kit.source.name, LONGEST_NAME)
    figure.text(LEFT, 0.957, name, size=17, weight="bold", va="center")
    figure.text(LEFT, 0.922, " · ".join(known), size=11.5, color=FAINT, va="center")
    figure.text(RIGHT, 0.957, "samplechop", size=11.5, color=FAINT, va="center", ha="right")


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
    outline = outline / farthest([outline])
    seconds = np.linspace(kit.seconds(kit.first), kit.seconds(kit.last), len(outline) + 1)
    axes.add_collection(PolyCollection([shape(seconds, outline)], facecolors=UNUSED, linewidths=0))
    shapes = []
    for part in kit.slices:
        inside = _columns(kit, part, len(outline))
        # It begins and ends where the slice does, not where the column does.
        places = seconds[inside.start : inside.stop + 1].copy()
        places[0], places[-1] = kit.seconds(part.start), kit.seconds(part.stop)
        shapes.append(shape(places, outline[inside]))
    axes.add_collection(PolyCollection(shapes, facecolors=[colour(part) for part in kit.slices], linewidths=0))
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
        place, text = kit.seconds(part.start - kit.first) * points, label(part)
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
            color=colour(part),
            annotation_clip=False,
        )


def strengths(figure: "Figure", kit: Kit, time: "Axes") -> None:
    """Draw a stem for every chop, and for candidates left out, below the waveform's axes."""
    from matplotlib.collections import LineCollection

    axes = _axes(figure, 0.445, 0.115, sharex=time)
    bars = [("▲ bar", FAINT)] if 0 < len(kit.downbeats) <= _MOST_BARS else []
    heading(figure, LEFT, RIGHT, 0.578, "Strength", ("chosen", CHOP), ("left out", REJECTED), *bars)
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
    axes = figure.add_axes((LEFT, bottom, RIGHT - LEFT, height), **options)
    axes.spines[:].set_visible(False)
    return axes


def _columns(kit: Kit, part: Slice, columns: int) -> slice:
    """Find the columns of the outline that a slice touches, at least one."""
    scale = columns / (kit.last - kit.first)
    first = min(int((part.start - kit.first) * scale), columns - 1)
    return slice(first, max(first + 1, min(columns, int(np.ceil((part.stop - kit.first) * scale)))))
