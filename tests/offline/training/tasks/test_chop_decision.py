"""What recordings decide of how chops are chosen."""

from dataclasses import replace

import numpy as np
import pytest

from samplechop.offline.training.tasks.chop_decision import (
    AS_GOOD,
    STEADY_LEAST,
    cross_judged,
    decide,
    unless_better,
    usual_decision,
)
from samplechop.offline.training.tasks.chop_scoring import BEAT_REACH, JUDGED, Fit, Reader, Scored, verdicts
from samplechop.realtime.detectors.beats.tracker import COLUMNS
from samplechop.realtime.detectors.chop.evidence import Evidence
from samplechop.realtime.nets.streaming import calibrated

HEADS = ("chop", "hit", "beat", "downbeat", "kick", "snare", "onset", "solo")
GAP = 0.1


def recording(seed: int, higher: float = 0.1) -> Scored:
    """Make answers of a net that is right more often than not, another share of the time in each recording.

    higher: by how much its probability is at true places.
    """
    rng, n = np.random.default_rng(seed), 700
    target = np.zeros((n, len(JUDGED.names)), np.float32)
    weight = np.ones_like(target)
    given = rng.uniform(0, 0.2, (n, len(HEADS))).astype(np.float32)
    places = np.arange(20, n - 20, 25)
    true = rng.random(len(places)) < 0.4 + 0.1 * seed
    for name in HEADS[:-1]:
        given[places, HEADS.index(name)] = rng.uniform(0.3, 0.9, len(places))
        given[places[true], HEADS.index(name)] += higher
        if name in JUDGED.names:
            target[places[true], JUDGED.names.index(name)] = 1
    pulse = np.zeros((n, COLUMNS), np.float32)
    return Reader(HEADS).scored(given, pulse, np.zeros((n, 1), np.float32), target, weight, JUDGED.names)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return Fit([recording(seed) for seed in range(2)], Evidence(HEADS, BEAT_REACH))


def test_each_recording_is_judged_by_what_the_others_decide(fit: Fit) -> None:
    before, alone = usual_decision(None, HEADS), [Fit([one], fit.evidence) for one in fit.scored]
    by_other = [decide(alone[1 - place], before, GAP, ())[0] for place in range(2)]
    expected = [one for part, decision in zip(alone, by_other, strict=True) for one in verdicts(part, decision, "both")]
    assert cross_judged(fit, before, GAP, ()) == expected
    assert by_other[0] != by_other[1]


def test_one_recording_alone_is_judged_by_the_decision_of_before(fit: Fit) -> None:
    before, one = usual_decision(None, HEADS), Fit(fit.scored[:1], fit.evidence)
    assert cross_judged(one, before, GAP, ()) == verdicts(one, before, "both")


def test_of_thresholds_as_good_the_default_has_the_lowest_and_other_ways_the_highest() -> None:
    rng, n = np.random.default_rng(0), 6000
    target = np.zeros((n, len(JUDGED.names)), np.float32)
    given = rng.uniform(0, 0.01, (n, len(HEADS))).astype(np.float32)
    places = np.arange(20, n - 20, 12)
    given[places, HEADS.index("onset")] = 0.9
    for name in ("chop", "hit", "onset"):
        target[places if name == "onset" else places[::2], JUDGED.names.index(name)] = 1
        given[places[::2], HEADS.index(name)] = 0.95
    target[places[::8], JUDGED.names.index("beat")] = 1
    nothing = np.zeros((n, COLUMNS), np.float32), np.zeros((n, 1), np.float32)
    one = Reader(HEADS).scored(given, *nothing, target, np.ones_like(target), JUDGED.names)
    decision, _ = decide(Fit([one], Evidence(HEADS, BEAT_REACH)), usual_decision(None, HEADS), GAP, ())
    assert decision.ways["both"].threshold == STEADY_LEAST and decision.ways["both"].relative == 0
    assert decision.ways["hits"].threshold > 0.8


def test_what_speaks_against_an_attack_counts_for_none_and_where_all_does_what_stood_stays() -> None:
    wrong = Fit([recording(seed, higher=-0.2) for seed in range(4)] * 4, Evidence(HEADS, BEAT_REACH))
    usual = usual_decision(None, HEADS)
    ways = decide(wrong, usual, GAP, ())[0].ways
    assert all(weight >= 0 for way in ways.values() for weight in way.weights.values())
    assert ways["hits"].weights == usual.ways["hits"].weights


def test_what_stood_stays_where_another_choice_is_hardly_better(fit: Fit) -> None:
    usual = usual_decision(None, HEADS)
    chosen, found = decide(fit, usual, GAP, ())
    near = replace(chosen, ways={name: replace(way, calibration=((0.5, 0.5),)) for name, way in chosen.ways.items()})
    assert unless_better(fit, near, chosen, found) == (near, found)
    never = replace(chosen, ways={name: replace(way, threshold=0.99) for name, way in chosen.ways.items()})
    assert unless_better(fit, never, chosen, found) == (chosen, found)


def test_the_ways_of_auto_stay_where_others_are_hardly_better_and_each_other_way_gives_way_to_the_better(
    fit: Fit,
) -> None:
    chosen, found = decide(fit, usual_decision(None, HEADS), GAP, ())
    near = replace(chosen, ways={name: replace(way, gap=0.07) for name, way in chosen.ways.items()})
    ways = unless_better(fit, near, chosen, {name: f + AS_GOOD / 2 for name, f in found.items()})[0].ways
    assert {name for name, way in ways.items() if way.gap == 0.07} == {"attacks", "both"}


def test_strengths_of_attacks_are_read_as_before_where_recordings_do_not_tell_how_often_they_are_right(
    fit: Fit,
) -> None:
    usual = usual_decision(None, HEADS)
    plain = replace(usual, ways=usual.ways | {"attacks": replace(usual.ways["attacks"], others=0.0)})
    unaware = [replace(one, references={"chop": one.references["chop"]}) for one in fit.scored]
    decision, found = decide(Fit(unaware, fit.evidence), plain, GAP, ())
    assert unless_better(Fit(unaware, fit.evidence), plain, decision, found)[0].ways["attacks"] == plain.ways["attacks"]


def test_of_two_sure_attacks_the_likelier_one_stays_the_stronger() -> None:
    fit = Fit([recording(seed) for seed in range(4)] * 4, Evidence(HEADS, BEAT_REACH))
    calibration = decide(fit, usual_decision(None, HEADS), GAP, ())[0].ways["attacks"].calibration
    assert (calibration[0][0], calibration[-1][0]) == (0, 1)
    assert calibrated(calibration, 0.999) > calibrated(calibration, 0.998)
