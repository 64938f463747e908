"""Pictures and the card of a trained drum model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models import Manifest
from offline.drums import calibrate
from offline.drums.calibrate import Judged
from offline.training.report import axes_for, save
from realtime.drum_choice import DrumDecision
from realtime.events import DRUMS

COLOURS = dict(zip(DRUMS, ("#d1495b", "#30638e", "#edae49", "#66a182", "#7a5195"), strict=True))


def precision_recall(manifest: Manifest, judged: Mapping[str, Sequence[Judged]], path: Path) -> None:
    """Draw precision over recall for each drum, by its threshold, as a PNG; a dot where the model stands."""
    decision = DrumDecision.read(manifest.decision, manifest.name)
    figure, axes = axes_for("Drums on the records that decided, ±29 ms", "recall", "precision")
    for name, choice in decision.drums.items():
        tried = [replace(choice, threshold=threshold) for threshold in calibrate.THRESHOLDS]
        points = [calibrate.precision_recall(judged[name], one)[::-1] for one in tried]
        axes.plot(*zip(*points, strict=True), color=COLOURS[name], label=name)
        axes.plot(*calibrate.precision_recall(judged[name], choice)[::-1], "o", color=COLOURS[name])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
    save(figure, path)
