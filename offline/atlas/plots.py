"""A map as a picture: a point for each sound."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from offline.atlas.colours import PALETTE, frequent
from offline.atlas.tables import replaced
from offline.look import BACK, FAINT, INK, UNUSED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES, DPI = 10.0, 160
LARGEST, SMALLEST = 90.0, 3.0
"""Area of a point, in square points, for few and for many sounds."""
LONGEST_LABEL = 18


def draw(
    path: Path,
    title: str,
    positions: NDArray[np.float32],
    colours: NDArray[np.uint8],
    labels: Sequence[str] | None = None,
) -> None:
    """Write a PNG of positions, (n, 2 or 3), 0..1; the third dimension makes near points large and bright.

    colours: uint8 (n, 3). labels: (n,), named in a legend if the colours stand for them. Raises UserError if the disk
    does not take it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style = {"font.family": "monospace", "font.monospace": ["DejaVu Sans Mono"], "text.color": INK}
    style |= {"text.parse_math": False, "figure.facecolor": BACK, "savefig.facecolor": BACK}
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # of a label in Japanese, say
        figure = Figure(figsize=(INCHES, INCHES), dpi=DPI)
        axes = figure.add_axes((0.02, 0.02, 0.96, 0.92))
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        figure.text(0.03, 0.962, title, size=15, weight="bold", va="center")
        figure.text(0.97, 0.962, f"{len(positions):,} sounds", size=11, color=FAINT, va="center", ha="right")
        _points(axes, positions, colours)
        if labels is not None:
            _legend(axes, labels)
        with replaced(path) as part:
            figure.savefig(part, metadata={"Software": None})


def _points(axes: "Axes", positions: NDArray[np.float32], colours: NDArray[np.uint8]) -> None:
    area = np.clip(9000 / max(len(positions), 1), SMALLEST, LARGEST)
    depth = positions[:, 2] if positions.shape[1] == 3 else np.full(len(positions), 0.6)
    order = np.argsort(depth, kind="stable")
    alpha = 0.45 + 0.5 * depth if positions.shape[1] == 3 else np.full(len(positions), 0.9)
    paint = np.column_stack([colours / 255, alpha])[order]
    sizes = area * (0.4 + depth)[order]
    if len(positions) < 3000:  # a glow, which thousands would make a fog of
        axes.scatter(*positions[order, :2].T, s=6 * sizes, c=np.column_stack([paint[:, :3], 0.10 * paint[:, 3]]), lw=0)
    axes.scatter(*positions[order, :2].T, s=sizes, c=paint, linewidths=0)


def _legend(axes: "Axes", labels: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    counts = Counter(labels)
    shown = [
        (f"{_short(label)} ({counts[label]})", colour) for label, colour in zip(frequent(labels), PALETTE, strict=False)
    ]
    others = len(labels) - sum(counts[label] for label in frequent(labels))
    if others:
        shown.append((f"others ({others})", UNUSED))
    dots = [Line2D([], [], marker="o", ls="", ms=7, mec="none", mfc=colour, label=text) for text, colour in shown]
    axes.legend(handles=dots, loc="best", fontsize=9, labelcolor=INK, facecolor=BACK, edgecolor="none", framealpha=0.8)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
