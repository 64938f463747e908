"""The greedy choice, against the same rule written in plain Python, and its invariants."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.offline.kits.selection import PRICE, diversify

Case = tuple[NDArray[np.float64], NDArray[np.float32]]


@st.composite
def cases(draw: st.DrawFn, least: int = 0) -> Case:
    """Draw probabilities and symmetric distances; multiples of 1/64, so that sums are exact and equals stay equal."""
    n = draw(st.integers(least, 9))
    steps = st.integers(0, 64)
    probability = np.array(draw(st.lists(steps, min_size=n, max_size=n)), np.float64) / 64
    distance = np.zeros((n, n), np.float32)
    for i in range(n):
        for j in range(i):
            distance[i, j] = distance[j, i] = draw(steps) / 64
    return probability, distance


def by_hand(case: Case, count: int, diversity: float, mode: str, start: list[int], near: float | None) -> list[int]:
    probability, distance = case
    chosen = list(start)
    while len(chosen) < min(count, len(probability)):
        best, best_score = -1, -math.inf
        for i in range(len(probability)):
            if i in chosen:
                continue
            away = [float(distance[i, j]) for j in chosen]
            score = float(probability[i])
            if away:
                score = (1.0 - diversity) * score + diversity * (sum(away) / len(away) if mode == "mean" else min(away))
            if near is not None and any(d < near for d in away):
                score -= PRICE
            if score > best_score:
                best, best_score = i, score
        chosen.append(best)
    return chosen


@given(
    cases(),
    st.integers(0, 10),
    st.sampled_from([0.0, 0.125, 0.5, 1.0]),
    st.sampled_from(["mean", "min"]),
    st.sampled_from([None, 0.25]),
)
def test_the_choice_is_the_one_made_by_hand(
    case: Case, count: int, diversity: float, mode: str, near: float | None
) -> None:
    duplicates = None if near is None else case[1] < near
    chosen = diversify(*case, count, diversity, mode, (), duplicates)
    assert chosen.tolist() == by_hand(case, count, diversity, mode, [], near)


@given(cases(1), st.integers(1, 10), st.data())
def test_what_is_chosen_already_comes_first(case: Case, count: int, data: st.DataObject) -> None:
    start = data.draw(st.lists(st.integers(0, len(case[0]) - 1), unique=True))
    chosen = diversify(*case, count, 0.5, "min", start).tolist()
    assert chosen == by_hand(case, count, 0.5, "min", start, None)


@given(cases(), st.integers(0, 10), st.sampled_from(["mean", "min"]))
def test_without_diversity_the_most_probable_are_chosen(case: Case, count: int, mode: str) -> None:
    assert diversify(*case, count, 0.0, mode).tolist() == np.argsort(-case[0], kind="stable")[:count].tolist()


@given(cases(), st.integers(0, 10), st.floats(0, 1), st.sampled_from(["mean", "min"]))
def test_nothing_is_chosen_twice_and_as_many_as_there_are(case: Case, count: int, diversity: float, mode: str) -> None:
    chosen = diversify(*case, count, diversity, mode, (), case[1] < 0.3)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, len(case[0]))


@given(cases(), st.integers(0, 10))
def test_of_two_that_lie_together_only_one_is_chosen(case: Case, count: int) -> None:
    together = case[1] < 0.5
    chosen = diversify(*case, count, 0.5, "mean", together=together)
    assert not (together[np.ix_(chosen, chosen)] & ~np.eye(len(chosen), dtype=bool)).any()


def test_a_near_duplicate_waits_until_all_else_is_much_weaker() -> None:
    probability, distance = np.array([0.9, 0.89, 0.8, 0.5]), np.zeros((4, 4), np.float32)
    duplicates = np.eye(4, dtype=bool)
    duplicates[0, 1] = duplicates[1, 0] = True
    assert diversify(probability, distance, 4, 0.0, "min", (), duplicates).tolist() == [0, 2, 1, 3]


def test_a_diversity_beyond_one_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"diversity in 0\.\.1, got 3 and 1\.5"):
        diversify(np.zeros(1), np.zeros((1, 1), np.float32), 3, 1.5)
