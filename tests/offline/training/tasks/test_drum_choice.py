"""What recordings decide of how one drum's hits are chosen."""

from dataclasses import replace

import numpy as np

from samplechop.offline.training.tasks import drum_choice
from samplechop.realtime.detectors.drums.hit_picking import NEVER, DrumChoice
from samplechop.realtime.nets.streaming import calibrated


def test_of_hits_only_those_near_a_true_one_are_right() -> None:
    scores = np.zeros(300, np.float32)
    scores[[50, 152, 250]] = 0.9
    unknown = np.zeros(300, np.bool_)
    one = drum_choice.Scored(scores, np.array([50, 150]), unknown)
    choice = DrumChoice(0.5, 0.5, 0.06)
    assert [right for _, right in drum_choice.verdicts(one, choice)] == [True, True, False]
    unknown[249] = True
    assert [right for _, right in drum_choice.verdicts(one, choice)] == [True, True]


def struck(right: float) -> drum_choice.Scored:
    """Give three hundred strokes of rising scores, of which so many of the higher half are right, and few others."""
    rng = np.random.default_rng(4)
    scores, places = np.zeros(30 * 301, np.float32), 30 * np.arange(1, 301)
    scores[places] = heights = np.linspace(0.2, 0.9, 300, dtype=np.float32)
    chance = np.where(heights > 0.55, right, 0.1)
    return drum_choice.Scored(scores, places[rng.random(300) < chance], np.zeros(len(scores), np.bool_))


def test_a_stroke_at_the_threshold_is_right_often_enough() -> None:
    choice, f = drum_choice.best_choice([struck(0.7)], 0.06)
    assert choice.threshold > 0.4 and f > 0.5
    assert calibrated(choice.calibration, choice.threshold) >= drum_choice.LEAST_RIGHT


def test_a_drum_that_no_score_is_sure_of_is_never_given() -> None:
    choice, f = drum_choice.best_choice([struck(0.12)], 0.06)
    assert (choice.threshold, f) == (NEVER, 0)
    assert choice.calibration


def test_passages_of_drums_alone_are_known_apart() -> None:
    one = replace(struck(0.7), alone=np.arange(30 * 301) < 30 * 150)
    inside, outside = one.where(True), one.where(False)
    assert len(inside.references) + len(outside.references) == len(one.references)
    assert not (inside.unknown == outside.unknown).any()
