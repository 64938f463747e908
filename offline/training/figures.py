"""Figures of a trained model, as PNG files, all in one style."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

INK, PAPER, ACCENT, SECOND = "#222222", "#ffffff", "#d1495b", "#30638e"
LINES = (SECOND, ACCENT, "#edae49")


def axes_for(title: str, x: str, y: str) -> tuple[Any, Any]:
    """Give an empty figure and its axes. title, x, y: its labels."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=130, facecolor=PAPER)
    axes.set_title(title, color=INK, loc="left", fontsize=12)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def save(figure: Any, path: Path) -> None:
    """Write a figure as a PNG and close it."""
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def curves(fittings: Iterable[tuple[Sequence[int], Sequence[float], Sequence[float]]], path: Path) -> None:
    """Draw the loss over the steps: for each member (steps, loss of training, loss of validation)."""
    figure, axes = axes_for("Loss while training", "step", "cross-entropy")
    for number, (steps, training, validation) in enumerate(fittings):
        label = ("training", "validation") if number == 0 else (None, None)
        axes.plot(steps, training, color=SECOND, alpha=0.7, label=label[0])
        axes.plot(steps, validation, color=ACCENT, alpha=0.7, label=label[1])
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    save(figure, path)


Point = tuple[float, float]
"""(precision, recall), 0..1."""


def precision_recall(
    title: str, lines: Mapping[str, tuple[str, Sequence[Point], Point | None]], style: str, path: Path
) -> None:
    """Draw precision over recall. lines: by name (colour, points, where the model stands). style: of Matplotlib."""
    figure, axes = axes_for(title, "recall", "precision")
    for name, (colour, points, chosen) in lines.items():
        axes.plot([r for _, r in points], [p for p, _ in points], style, color=colour, markersize=3, label=name)
        if chosen is not None:
            axes.plot(chosen[1], chosen[0], "o", color=colour)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
    save(figure, path)


def reliability(
    labels: tuple[str, str, str],
    scores: NDArray[Any],
    right: NDArray[Any],
    fewest: int,
    line: Sequence[tuple[float, float]],
    name: str,
    path: Path,
) -> None:
    """Draw the share that is right by score, in ten bins of 0..1, and a line through (score, share) to compare with.

    labels: title, x, y. scores, right: of each detection. fewest: detections a bin must have. name: of the line.
    """
    figure, axes = axes_for(*labels)
    for low in np.arange(0, 1, 0.1):
        inside = (scores >= low) & (scores < low + 0.1)
        if np.count_nonzero(inside) >= fewest:
            axes.bar(low + 0.05, right[inside].mean(), width=0.09, color=SECOND, alpha=0.5)
    if line:
        axes.plot(*zip(*line, strict=True), color=ACCENT, label=name)
        if name:
            axes.legend(frameon=False, loc="upper left")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    save(figure, path)
