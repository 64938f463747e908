"""How confirmed drum hits are picked from the late heads of a streaming net: thresholds, fitted to known hits."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Annotation, Answers
from samplechop.offline.training.tasks import drums
from samplechop.offline.training.tasks.chop_targets import HOP, STRUCK
from samplechop.realtime.detectors.drums.detector import DrumChoice
from samplechop.realtime.nets.streaming import decay_of

TOLERANCE_FRAMES = 3
"""35 ms."""
GAP = 0.05
"""Seconds between two strokes of one drum that are told apart."""
_ANSWERS = Answers(dict.fromkeys(STRUCK, 1.0), HOP, {-1: 0.5, 1: 0.5})
Drums = Mapping[str, Sequence[drums.Scored]]
"""By drum, the recordings of which something is known."""


def peak_verdicts(one: drums.Scored, choice: DrumChoice) -> list[Verdict]:
    """Compare the strokes that an AdaptivePicker would find with the truth."""
    frames, highest = measures.adaptive_peaks(one.scores, decay_of(drums.MEMORY_SECONDS, HOP, SAMPLE_RATE))
    scores = one.scores[frames]
    frames = frames[(scores >= choice.threshold) & (scores >= choice.relative * highest)]
    frames = frames[measures.apart(frames, round(choice.gap * SAMPLE_RATE / HOP))]
    return measures.verdicts(frames, one.scores[frames], one.references, one.unknown, TOLERANCE_FRAMES)


def scored(known: Annotation, heads: NDArray[np.float32], names: Sequence[str]) -> dict[str, drums.Scored]:
    """Set probabilities, float32 (frames, heads), beside what is known of each drum; the others are left out."""
    target, weight = _ANSWERS.targets(known, len(heads))
    found = {}
    for column, name in enumerate(_ANSWERS.names):
        if name in names and weight[:, column].any():
            scores = np.ascontiguousarray(heads[:, names.index(name)])
            found[name] = drums.Scored(scores, np.flatnonzero(target[:, column] == 1), weight[:, column] == 0)
    return found


def decide(
    records: Drums, gaps: Mapping[str, float] | None = None, judge: drums.Judge = peak_verdicts
) -> tuple[dict[str, object], dict[str, float]]:
    """Choose thresholds of each drum that is heard in some record; gives a part of a manifest's decision, and each F.

    gaps: seconds between two hits of a drum (default: GAP). Both are empty where no drum is known.
    """
    choices: dict[str, DrumChoice] = {}
    f: dict[str, float] = {}
    for name, some in records.items():
        if any(len(one.references) for one in some):
            choices[name], best = drums.best_choice(some, gaps[name] if gaps else GAP, judge)
            f[name] = round(best, 4)
    return (drums.decision_of(choices), f) if choices else ({}, {})
