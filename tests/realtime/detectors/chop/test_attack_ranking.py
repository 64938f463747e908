"""Every attack has a place on the dial, and a higher density only adds chops."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.models import ModelError
from samplechop.realtime.detectors.beats import tracker
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.attack_ranking import Attack, AttackRanking, level_of
from samplechop.realtime.detectors.chop.decision import Decision, Way
from samplechop.realtime.detectors.chop.evidence import Evidence

DENSITIES = dict(zip(DIAL, np.linspace(0, 1, len(DIAL)), strict=True))
HEADS = ("chop", "hit", "onset")
WAYS = {
    "attacks": Way(0.15, 0.4, {"onset": 1.0, "hit": 0.5}),
    "hits": Way(0.4, 0.3, {"hit": 1.0}),
    "beats": Way(0.4, 0.3, {"hit": 0.5}, beat=0.8),
    "bars": Way(0.5, 0.3, {"hit": 0.3}, bias=-2.0, bar=2.0, beat=0.5),
    "both": Way(0.3, 0.4, beat=0.2),
}
DECISION = Decision(WAYS, 6.0, 2, 0.0)
margins = st.lists(st.floats(-20, 20), min_size=len(DIAL), max_size=len(DIAL))


def streams(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Make probabilities of heads with peaks, and rows of a beat tracker."""
    rng = np.random.default_rng(seed)
    heads = (rng.random((n, len(HEADS))) ** 3).astype(np.float32)
    pulse = np.zeros((n, tracker.COLUMNS), np.float32)
    pulse[:, tracker.P_BEAT] = rng.random(n) ** 4
    pulse[:, tracker.CONFIDENCE] = rng.random(n)
    pulse[::40, tracker.BEAT] = 1
    pulse[:, tracker.POSITION] = np.arange(n) // 40 % 4 + 1
    pulse[:, tracker.METER] = 4
    return heads, pulse


def ranked(heads: np.ndarray, pulse: np.ndarray, cuts: tuple[int, ...] = ()) -> list[Attack]:
    evidence = Evidence(HEADS, DECISION.beat_reach)
    ranking, found = AttackRanking(DECISION, evidence, 0.998, "here"), []
    edges = (0, *cuts, len(heads))
    for first, last in pairwise(edges):
        found += ranking.push(evidence.push(heads[first:last], pulse[first:last]))[1]
    return found


@given(margins)
def test_a_level_is_the_least_density_whose_margin_is_not_negative(some: list[float]) -> None:
    level = level_of(some)
    places = np.linspace(0, 1, len(DIAL))
    assert 0 <= level <= 1
    lower = np.linspace(0, 1, 400)
    assert all(np.interp(one, places, some) < 1e-6 for one in lower[lower < level - 1e-9])
    if level < 1:
        assert np.interp(level, places, some) == pytest.approx(0, abs=1e-6) or level == 0


@given(margins)
def test_what_a_way_takes_lies_at_its_density_or_below(some: list[float]) -> None:
    for way, margin in zip(DIAL, some, strict=True):
        if margin >= 0:
            assert level_of(some) <= DENSITIES[way] + 1e-12


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_density_only_adds(seed: int, one: float, other: float) -> None:
    attacks = ranked(*streams(seed))
    few, more = ({attack.frame for attack in attacks if attack.level <= density} for density in sorted((one, other)))
    assert few <= more


def test_all_attacks_are_chosen_at_the_end_of_the_dial() -> None:
    attacks = ranked(*streams(1))
    assert len(attacks) > 20
    assert max(attack.level for attack in attacks) <= 1


@given(st.integers(0, 1000), st.integers(1, 398))
def test_attacks_do_not_depend_on_how_frames_come(seed: int, cut: int) -> None:
    heads, pulse = streams(seed)
    assert ranked(heads, pulse, (cut, cut + 1)) == ranked(heads, pulse)


def test_a_hit_beside_the_attacks_peak_counts_for_it() -> None:
    heads, pulse = np.zeros((60, 3), np.float32), np.zeros((60, tracker.COLUMNS), np.float32)
    heads[20, HEADS.index("onset")] = 0.9
    heads[22, HEADS.index("hit")] = 0.7  # half of it counts for attacks: too low for one of its own
    heads[40, HEADS.index("onset")] = 0.9
    first, second = ranked(heads, pulse)
    assert (first.frame, second.frame) == (20, 40)
    assert first.level <= DENSITIES["hits"] < second.level


def test_the_first_peak_of_a_record_is_as_good_as_any() -> None:
    heads, pulse = np.zeros((60, 3), np.float32), np.zeros((60, tracker.COLUMNS), np.float32)
    heads[10, HEADS.index("onset")] = 0.16
    assert [attack.frame for attack in ranked(heads, pulse)] == [10]


def test_the_first_beat_of_a_bar_comes_before_others() -> None:
    heads, pulse = np.zeros((400, 3), np.float32), np.zeros((400, tracker.COLUMNS), np.float32)
    heads[20::40] = 0.6
    pulse[20::40, tracker.P_BEAT] = 0.9
    pulse[:, tracker.CONFIDENCE] = 1
    pulse[22::40, tracker.BEAT], pulse[22::40, tracker.AGO] = 1, 2
    pulse[:, tracker.POSITION] = (np.arange(400) - 22) // 40 % 4 + 1
    pulse[:, tracker.METER] = 4
    levels = [attack.level for attack in ranked(heads, pulse)]
    assert levels[4] < min(levels[5:8])


def test_a_head_that_the_net_has_not_is_refused() -> None:
    ways = WAYS | {"hits": Way(0.4, 0.3, {"cowbell": 1.0})}
    with pytest.raises(ModelError, match="here: decision weighs 'cowbell', the net has chop, hit, onset"):
        AttackRanking(Decision(ways, 6.0, 2, 0.0), Evidence(HEADS, 2), 0.99, "here")
