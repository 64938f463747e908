"""Pictures and the card of a harmony model."""

from pathlib import Path

import numpy as np

from offline.harmony.examples import Heard
from offline.harmony.training import Trained
from offline.training import report


def write(trained: Trained, held: Heard, command: str, out: Path) -> None:
    """Write NAME-report/loss.png, NAME-report/reliability.png and the card, NAME.md."""
    folder = out.with_name(out.name + "-report")
    report.curves([trained.fitted], folder / "loss.png")
    _reliability(trained, held, folder / "reliability.png")
    card(trained, command, out.with_name(out.name + ".md"))


def _reliability(trained: Trained, held: Heard, path: Path) -> None:
    """Draw how often a pitch class sounds by the probability the net gives it, as a PNG."""
    known = np.asarray(held.weight[:, :12]) > 0
    said = 1 / (1 + np.exp(-trained.logits[:, :12][known]))
    true = held.target[:, :12][known]
    figure, axes = report.axes_for("How often a pitch class sounds, on unheard instruments", "probability", "share")
    for low in np.arange(0, 1, 0.1):
        inside = (said >= low) & (said < low + 0.1)
        if inside.any():
            axes.bar(low + 0.05, true[inside].mean(), width=0.09, color=report.SECOND, alpha=0.5)
    axes.plot([0, 1], [0, 1], color=report.ACCENT)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    report.save(figure, path)


def card(trained: Trained, command: str, path: Path) -> None:
    """Write the model's card: what it hears, what it was trained on, how it scored, what is not known."""
    manifest = trained.manifest
    lines = [
        f"# {manifest.name}",
        "",
        "Hears which of the twelve pitch classes sound, and which is the bass. Trained with:",
        "",
        f"    {command}",
        "",
        "## Trained on",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in manifest.training.items()),
        "",
        "## Scores",
        "",
        "Single frames of 186 ms, of instruments it never learned from, half of them cut short or under drums:",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in manifest.scores.items()),
        "",
        "## Where it fails",
        "",
        f"Not measured yet: run `samplechop evaluate harmony FOLDER --model {manifest.name}.json` on recordings it has",
        "never heard, and look.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
