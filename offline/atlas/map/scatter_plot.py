"""A map as a picture: a point for each sound, coloured by label, by its place in three dimensions, or by cluster."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.palette import BACK, CATEGORIES, FAINT, INK, UNUSED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARKEST = 60
"""Least that a colour by position has of red, green and blue: on the dark ground, black would not be seen."""


def rgb(colour: str) -> NDArray[np.uint8]:
    """Give a colour such as "#57c278" as uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)


def frequent_labels(labels: Sequence[str]) -> list[str]:
    """Give the labels that get a colour of their own, the most frequent first; no label gets none."""
    counts = Counter(label for label in labels if label)
    return sorted(counts, key=lambda label: (-counts[label], label))[: len(CATEGORIES)]


def colours_by_label(labels: Sequence[str]) -> NDArray[np.uint8]:
    """Colour the most frequent labels, the rest grey: uint8 (n, 3)."""
    paint = dict(zip(frequent_labels(labels), map(rgb, CATEGORIES), strict=False))
    return np.array([paint.get(label, rgb(UNUSED)) for label in labels], np.uint8).reshape(-1, 3)


def colours_by_position(positions: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Take positions in three dimensions, (n, 3), 0..1, for red, green and blue: alike sounds look alike; (n, 3)."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    spread = np.where(high > low, (positions - low) / np.where(high > low, high - low, 1), 0.5)
    return np.round(DARKEST + spread * (255 - DARKEST)).astype(np.uint8)


def colours_by_cluster(features: NDArray[np.float32], clusters: int, seed: int) -> NDArray[np.uint8]:
    """Colour the clusters that k-means finds among features, (n, d), the largest first: uint8 (n, 3)."""
    from sklearn.cluster import KMeans

    different = len(np.unique(features, axis=0))
    found = KMeans(min(clusters, different, len(CATEGORIES)), n_init=4, random_state=seed).fit_predict(features)
    order = np.argsort(-np.bincount(found), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.stack([rgb(colour) for colour in CATEGORIES])[place[found]]


WIDTH, HEIGHT, DPI = 12.0, 10.0, 160
"""Inches, and pixels an inch."""
MAP_WIDTH = 0.82
"""Share of the width for the map; the rest is for the legend."""
GLOWING = 3000
"""Sounds from which on their glow would be fog."""
LARGEST, SMALLEST = 90.0, 3.0
"""Area of a point, in square points, for few and for many sounds."""
LONGEST_LABEL = 18


def draw_map(
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

    style: dict[Any, Any] = {
        "font.family": "monospace",
        "font.monospace": ["DejaVu Sans Mono"],
        "text.color": INK,
        "text.parse_math": False,
        "figure.facecolor": BACK,
        "savefig.facecolor": BACK,
    }
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # of a label in Japanese, say
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI)
        axes = figure.add_axes((0.02, 0.02, MAP_WIDTH - 0.02, 0.92))
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        figure.text(0.03, 0.962, title, size=15, weight="bold", va="center")
        figure.text(0.97, 0.962, f"{len(positions):,} sounds", size=11, color=FAINT, va="center", ha="right")
        _points(axes, positions, colours)
        if labels is not None:
            _legend(figure, labels)
        with replacing(path) as part:
            figure.savefig(part, metadata={"Software": None})


def _points(axes: "Axes", positions: NDArray[np.float32], colours: NDArray[np.uint8]) -> None:
    area = float(np.clip(9000 / max(len(positions), 1), SMALLEST, LARGEST))
    in_space = positions.shape[1] == 3
    depth = positions[:, 2] if in_space else np.full(len(positions), 0.6)
    order = np.argsort(depth, kind="stable")
    alpha = 0.65 + 0.3 * depth if in_space else np.full(len(positions), 0.9)
    paint, sizes = np.column_stack([colours / 255, alpha])[order], area * (0.4 + depth)[order]
    x, y = positions[order, :2].T
    if len(positions) < GLOWING:
        axes.scatter(x, y, s=6 * sizes, c=np.column_stack([paint[:, :3], 0.1 * paint[:, 3]]), linewidths=0)
    axes.scatter(x, y, s=sizes, c=paint, linewidths=0)


def _legend(figure: "Figure", labels: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    counts = Counter(labels)
    paint = dict(zip(frequent_labels(labels), CATEGORIES, strict=False))
    shown = [(f"{_short(label)} ({counts[label]:,})", colour) for label, colour in paint.items()]
    others = len(labels) - sum(counts[label] for label in paint)
    if others:
        shown.append((f"{'others' if shown else 'no label'} ({others:,})", UNUSED))
    dots = [Line2D([], [], marker="o", ls="", ms=8, mec="none", mfc=colour, label=text) for text, colour in shown]
    place = (MAP_WIDTH + 0.01, 0.92)
    figure.legend(handles=dots, loc="upper left", bbox_to_anchor=place, fontsize=10, labelcolor=INK, frameon=False)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
