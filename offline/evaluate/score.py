"""The scores of one model as a few numbers, for its manifest and card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from offline.evaluate import runs
from offline.evaluate.measures import f_measures
from offline.evaluate.noises import real_noises
from offline.evaluate.truths import tracks_in

__all__ = ["f_measures", "score_model"]
KEYS = (
    "chops_f",
    "strong_f",
    "beats_f",
    "downbeats_f",
    "onsets_p",
    "onsets_r",
    "drums_f",
    "top16",
    "offset_ms",
    "offset_p95_ms",
    "per_minute",
    "ece",
)


def score_model(manifest_path: str | Path, folders: Sequence[Path], jobs: int = 2) -> dict[str, Any]:
    """Judge a model on folders of recordings and on noise.

    Gives {"recordings": {group: {measure: value}}, "false_per_minute": {kind: value}}; measures are named and defined
    as in offline/evaluate/measures.py, at ±50 ms, and only those that are known are there. Raises UserError for a
    folder without labelled recordings, ModelError for a model that cannot be used.
    """
    tracks = [track for folder in folders for track in tracks_in(folder)]
    system = str(manifest_path)
    result = runs.evaluate(tracks, [system], real_noises(None), jobs)
    groups = {group: runs.rounded(result.summary(system, group)) for group in result.groups}
    return {
        "recordings": {
            group: {key: round(scores[key], 3) for key in KEYS if key in scores} for group, scores in groups.items()
        },
        "false_per_minute": {kind: round(found[system], 2) for kind, found in result.noise.items()},
    }
