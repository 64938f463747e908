"""Pictures and the card of a harmony model."""

from pathlib import Path

import numpy as np

from samplechop.offline.training import figures
from samplechop.offline.training.model_card import write_card
from samplechop.offline.training.tasks.harmony_examples import Heard
from samplechop.offline.training.tasks.harmony_model import Trained


def write(trained: Trained, held: Heard, command: str, out: Path) -> None:
    """Write NAME-report/loss.png, NAME-report/reliability.png and the card, NAME.md."""
    folder = out.with_name(out.name + "-report")
    figures.curves([trained.fitted], folder / "loss.png")
    _reliability(trained, held, folder / "reliability.png")
    write_card(
        trained.manifest,
        out.with_name(out.name + ".md"),
        command,
        trained.manifest.training,
        "Hears which of the twelve pitch classes sound, and which is the bass.",
        "Single frames of 186 ms, of instruments it never learned from, half of them cut short or under drums:",
        "samplechop evaluate harmony",
    )


def _reliability(trained: Trained, held: Heard, path: Path) -> None:
    """Draw how often a pitch class sounds by the probability the net gives it, as a PNG."""
    known = np.asarray(held.weight[:, :12]) > 0
    said = 1 / (1 + np.exp(-trained.logits[:, :12][known]))
    true = held.target[:, :12][known]
    figure, axes = figures.axes_for("How often a pitch class sounds, on unheard instruments", "probability", "share")
    for low in np.arange(0, 1, 0.1):
        inside = (said >= low) & (said < low + 0.1)
        if inside.any():
            axes.bar(low + 0.05, true[inside].mean(), width=0.09, color=figures.SECOND, alpha=0.5)
    axes.plot([0, 1], [0, 1], color=figures.ACCENT)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    figures.save(figure, path)
