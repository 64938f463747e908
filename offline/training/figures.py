"""Pictures and the card of a trained model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samplechop.models import Manifest
from samplechop.offline.training import calibration
from samplechop.offline.training.loop import Fitted

INK, PAPER, ACCENT, SECOND = "#222222", "#ffffff", "#d1495b", "#30638e"


def axes_for(title: str, x: str, y: str) -> tuple[Any, Any]:
    """Give an empty figure and its axes, in the look of all pictures."""
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


def curves(fittings: Sequence[Fitted], path: Path) -> None:
    """Draw the loss of training and validation over the steps, one pair of lines per member, as a PNG."""
    figure, axes = axes_for("Loss while training", "step", "cross-entropy")
    for number, one in enumerate(fittings):
        label = ("training", "validation") if number == 0 else (None, None)
        axes.plot(one.steps, one.training_loss, color=SECOND, alpha=0.7, label=label[0])
        axes.plot(one.steps, one.validation_loss, color=ACCENT, alpha=0.7, label=label[1])
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    save(figure, path)


def precision_recall(judged: Sequence[calibration.Judged], path: Path) -> None:
    """Draw precision over recall on the validation records, for each way to choose, as a PNG."""
    figure, axes = axes_for("Chops on validation records, ±46 ms", "recall", "precision")
    for name, colour in zip(calibration.BEAT_SHARES, (SECOND, ACCENT, "#edae49"), strict=True):
        points = [calibration.precision_recall(judged, name, threshold) for threshold in calibration.THRESHOLDS]
        axes.plot(
            [r for _, r in points], [p for p, _ in points], "o-", color=colour, markersize=3, label=f"--choose {name}"
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
    save(figure, path)


def reliability(manifest: Manifest, judged: Sequence[calibration.Judged], path: Path) -> None:
    """Draw how often markers are right by what the net says, and the calibration read from it, as a PNG."""
    threshold = manifest.decision["choose"]["both"]["threshold"]
    points = calibration.verdicts(judged, "both", threshold)
    figure, axes = axes_for("How often a marker is right", "score of the marker", "share that is right")
    scores, right = np.array([s for s, _ in points]), np.array([v for _, v in points], float)
    for low in np.arange(0, 1, 0.1):
        inside = (scores >= low) & (scores < low + 0.1)
        if inside.sum() >= 10:
            axes.bar(low + 0.05, right[inside].mean(), width=0.09, color=SECOND, alpha=0.5)
    if manifest.calibration:
        axes.plot(*zip(*manifest.calibration, strict=True), color=ACCENT, label="calibration")
        axes.legend(frameon=False, loc="upper left")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    save(figure, path)
