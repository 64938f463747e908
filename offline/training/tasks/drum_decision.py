"""How drum hits are picked, fitted on recordings whose strokes are known: confirmed and early drums of a chop model.

For each drum, and each kind of passage, the threshold and the share of the highest score lately; those of all passages
together have the best mean F over the recordings in which the drum is struck.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training import measures
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Annotation, Answers
from samplechop.offline.training.tasks import drum_choice
from samplechop.offline.training.tasks.chop_targets import HOP, STRUCK
from samplechop.realtime.detectors.drums.hit_picking import ALONE, DrumChoice, DrumDecision
from samplechop.realtime.nets.streaming import decay_of

DRUM_TOLERANCE_FRAMES = 3
"""35 ms."""
DRUM_GAP = 0.05
"""Seconds between two strokes of one drum that are told apart."""
STROKES = Answers(dict.fromkeys(STRUCK, 1.0), HOP, {-1: 0.5, 1: 0.5})
Drums = Mapping[str, Sequence[drum_choice.Scored]]
"""By drum, the recordings of which something is known."""


def standing(decision: Mapping[str, Any], alone: bool) -> dict[str, dict[str, Any]]:
    """Give how a model picks drums, of its manifest's decision, for one whose heads answer about drums as it does.

    alone: whether that one, too, knows where drums alone sound.
    """
    return {
        name: {key: value for key, value in decision[name].items() if alone or key != ALONE}
        for name in ("confirmed", "early")
        if name in decision
    }


def peak_verdicts(one: drum_choice.Scored, choice: DrumChoice) -> list[Verdict]:
    """Compare the strokes that an AdaptivePicker would find with the truth."""
    frames, highest = measures.adaptive_peaks(one.scores, decay_of(drum_choice.MEMORY_SECONDS, HOP, SAMPLE_RATE))
    scores = one.scores[frames]
    frames = frames[(scores >= choice.least) & (scores >= choice.relative * highest)]
    frames = frames[measures.apart(frames, round(choice.gap * SAMPLE_RATE / HOP))]
    return measures.verdicts(frames, one.scores[frames], one.references, one.unknown, DRUM_TOLERANCE_FRAMES)


def scored_drums(
    answers: Answers,
    known: Annotation,
    given: NDArray[np.float32],
    names: Sequence[str],
    prefix: str = "",
    alone: NDArray[np.bool_] | None = None,
) -> dict[str, drum_choice.Scored]:
    """Set probabilities, float32 (frames, names), beside what is known of each drum; the others are left out.

    answers: of heads called `prefix` and the drum. alone: bool (frames,), see `drum_choice.Scored`.
    """
    target, weight = answers.targets(known, len(given))
    found = {}
    for column, head in enumerate(answers.names):
        if head in names and head not in answers.values and weight[:, column].any():
            scores, asked = given[:, names.index(head)], (target[:, column], weight[:, column])
            found[head.removeprefix(prefix)] = drum_choice.Scored.of(scores, *asked, alone)
    return found


def decide_drums(
    records: Drums,
    gaps: Mapping[str, float] | None = None,
    judge: drum_choice.Judge = peak_verdicts,
    before: DrumDecision | None = None,
) -> tuple[dict[str, object], dict[str, float]]:
    """Choose thresholds of each drum that is heard in some record; gives a part of a manifest's decision, and each F.

    gaps: seconds between two hits of a drum (default: DRUM_GAP). Both are empty where no drum is known. Where records
    say when drums alone sound, passages with and without them have their own thresholds, which together have the best
    mean F. before: what stands where nothing is better, unless its strokes are not right often enough.
    """
    heard = {name: some for name, some in records.items() if any(len(one.references) for one in some)}
    passages = (False, True) if any(one.alone is not None for some in heard.values() for one in some) else (False,)
    choices: dict[bool, dict[str, DrumChoice]] = {alone: {} for alone in passages}
    f: dict[str, float] = {}
    for name, some in heard.items():
        gap, there = gaps[name] if gaps else DRUM_GAP, {alone: [one.where(alone) for one in some] for alone in passages}
        best, f[name] = _best_choices(there, gap, judge)
        standing = {alone: (before.alone if alone else before.drums).get(name) for alone in passages} if before else {}
        stands = {alone: one for alone, one in standing.items() if one is not None}
        if len(stands) == len(passages) and _right_often(there, stands, judge):
            was = _mean_f(there, stands, judge)
            best, f[name] = (stands, was) if was >= f[name] else (best, f[name])
        for alone, choice in best.items():
            choices[alone][name] = choice
    return (drum_choice.decision_of(choices[False], choices.get(True)), f) if heard else ({}, {})


def _best_choices(
    there: Mapping[bool, Sequence[drum_choice.Scored]], gap: float, judge: drum_choice.Judge
) -> tuple[dict[bool, DrumChoice], float]:
    """Choose for each kind of passage, in turn, beside what was chosen for the other; give the mean F of all, too."""
    best: dict[bool, DrumChoice] = {}
    for alone in (*there, *there) if len(there) > 1 else there:
        others = None
        if (other := best.get(not alone)) is not None:
            others = drum_choice.judged_by(there[not alone], other, judge)
        best[alone], _ = drum_choice.best_choice(there[alone], gap, judge, others)
    return best, _mean_f(there, best, judge)


def _right_often(
    there: Mapping[bool, Sequence[drum_choice.Scored]], choices: Mapping[bool, DrumChoice], judge: drum_choice.Judge
) -> bool:
    """Say whether strokes are right often enough in each kind of passage, as those of `drum_choice.best_choice` are."""
    judged = {alone: drum_choice.judged_by(there[alone], one, judge) for alone, one in choices.items()}
    pairs = {alone: drum_choice.calibration_of(some) for alone, some in judged.items()}
    return all(drum_choice.right_often(pairs[alone], one.threshold) for alone, one in choices.items())


def _mean_f(
    there: Mapping[bool, Sequence[drum_choice.Scored]], choices: Mapping[bool, DrumChoice], judge: drum_choice.Judge
) -> float:
    judged: Sequence[drum_choice.Judged] | None = None
    for alone, scored in there.items():
        judged = drum_choice.together(drum_choice.judged_by(scored, choices[alone], judge), judged)
    return round(measures.mean_f_measure(judged or ()), 4)
