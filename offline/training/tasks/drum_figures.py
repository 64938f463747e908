"""Pictures and the card of a trained drum model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from samplechop.models import Manifest
from samplechop.offline.training.figures import axes_for, save
from samplechop.offline.training.tasks import drum_calibration
from samplechop.offline.training.tasks.drum_calibration import Judged
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.drums.peak_picking import DrumDecision

COLOURS = dict(zip(DRUMS, ("#d1495b", "#30638e", "#edae49", "#66a182", "#7a5195"), strict=True))


def precision_recall(manifest: Manifest, judged: Mapping[str, Sequence[Judged]], path: Path) -> None:
    """Draw precision over recall for each drum, by its threshold, as a PNG; a dot where the model stands."""
    decision = DrumDecision.read(manifest.decision, manifest.name)
    figure, axes = axes_for("Drums on the records that decided, ±29 ms", "recall", "precision")
    for name, choice in decision.drums.items():
        tried = [replace(choice, threshold=threshold) for threshold in drum_calibration.THRESHOLDS]
        points = [drum_calibration.precision_recall(judged[name], one)[::-1] for one in tried]
        axes.plot(*zip(*points, strict=True), color=COLOURS[name], label=name)
        axes.plot(*drum_calibration.precision_recall(judged[name], choice)[::-1], "o", color=COLOURS[name])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
    save(figure, path)
