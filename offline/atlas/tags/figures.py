"""Pictures and the card of a net of sounds."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from samplechop.offline.atlas.tags.training import Trained, average_precision
from samplechop.offline.training import figures
from samplechop.offline.training.model_card import write_card

MOST_BARS = 50


def write(trained: Trained, command: str, out: Path) -> None:
    """Write NAME-report/loss.png, NAME-report/average-precision.png and the card, NAME.md, with a line for each tag."""
    folder = out.with_name(out.name + "-report")
    figures.curves([trained.fitted], folder / "loss.png")
    tags = trained.tags
    precision = average_precision(trained.labels, trained.said)
    _bars(precision, trained.labels.mean(axis=0), tags, folder / "average-precision.png")
    scores = {"mean": trained.manifest.scores["mean_average_precision"]}
    for tag, value, count in zip(tags, precision.tolist(), trained.labels.sum(axis=0).tolist(), strict=True):
        scores[tag] = f"{value:.3f} ({count:.0f} sounds)" if count else "not measured: none of them has it"
    write_card(
        replace(trained.manifest, scores=scores),
        out.with_name(out.name + ".md"),
        command,
        trained.manifest.training,
        "Hears a whole sound; says how likely each of its tags is, and encodes it so that alike sounds are near.",
        "Average precision on sounds it has not heard:",
        "samplechop atlas tags",
    )


def _bars(
    precision: np.ndarray[tuple[int], np.dtype[np.float64]],
    share: np.ndarray[tuple[int], np.dtype[np.float32]],
    tags: Sequence[str],
    path: Path,
) -> None:
    """Draw the average precision of each tag, and beside it how frequent it is: what guessing would get."""
    known = [
        place for place in np.argsort(-np.nan_to_num(precision, nan=-1)).tolist() if not np.isnan(precision[place])
    ]
    shown = known[:MOST_BARS]
    figure, axes = figures.axes_for("Average precision on unheard sounds", "average precision", "")
    figure.set_size_inches(7, 1.2 + 0.2 * len(shown))
    places = np.arange(len(shown))[::-1]
    axes.barh(places, precision[shown], color=figures.SECOND, alpha=0.75, label="this net")
    axes.barh(places, share[shown], color=figures.ACCENT, height=0.35, label="guessing")
    axes.set_yticks(places, [tags[place] for place in shown], fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.grid(axis="y", alpha=0)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    figures.save(figure, path)
