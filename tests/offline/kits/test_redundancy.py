"""The figures that say how much a kit repeats itself."""

import numpy as np
import pytest

from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.redundancy import Figures, figures, grid

RATE = 1000
TWINS = np.repeat(20.0 * np.eye(40), 2, axis=0) + 0.01 * np.random.default_rng(0).random((80, 40))
"""Forty sounds, each there twice, nearly the same."""


def candidates(n: int) -> list[Candidate]:
    return [Candidate(index * RATE, 0.9 - 0.01 * index) for index in range(n)]


def judged(timbre: np.ndarray, chosen: object, count: int = 4, **others: object) -> Figures:
    vectors, cuts = timbre.astype(np.float32), grid(count, 0, len(timbre) * RATE)
    return figures(candidates(len(timbre)), vectors, chosen, cuts, vectors[cuts // RATE], RATE, others)


def test_slices_repeat_where_another_is_nearly_the_same() -> None:
    found = judged(TWINS, [0, 2, 4, 6], twins=range(4), half=[0, 1, 2, 4])
    assert [found[name]["repeats"] for name in ("kit", "twins", "half", "strongest")] == [0.0, 1.0, 0.5, 1.0]
    assert found["twins"]["distance"] < 0.1 * found["half"]["distance"] * 2 < found["kit"]["distance"]


def test_the_ways_to_choose_come_in_their_order_beside_the_kit() -> None:
    found = judged(TWINS, [0, 2, 4, 6], all=range(80))
    assert list(found) == ["kit", "strongest", "all", "random", "grid"]
    assert all(list(row) == ["repeats", "distance", "probability"] for row in found.values())
    assert found["kit"]["probability"] == pytest.approx(0.87)
    assert found["strongest"]["probability"] == pytest.approx(0.885)


def test_random_picks_have_distance_one_and_those_of_alike_sounds_repeat_by_chance() -> None:
    found = judged(np.random.default_rng(2).standard_normal((200, 12)), range(16), 16)
    assert found["random"]["distance"] == pytest.approx(1.0)
    assert 0.2 < found["random"]["repeats"] < 0.7
    assert found["kit"]["distance"] == pytest.approx(1.0, abs=0.15)


def test_every_coefficient_counts_as_much_as_it_varies() -> None:
    timbre = np.random.default_rng(3).standard_normal((50, 6))
    plain, scaled = judged(timbre, range(8)), judged(timbre * [1, 10, 100, 1, 0.1, 5], range(8))
    assert all(plain[way] == pytest.approx(scaled[way], rel=1e-4) for way in plain)


def test_what_is_all_the_same_repeats_and_has_no_distance() -> None:
    found = judged(np.ones((6, 3)), [0, 2, 4])
    assert all(row["repeats"] == 1.0 and row["distance"] == 0.0 for row in found.values())


def test_a_grid_that_meets_no_candidate_has_no_probability() -> None:
    places = [Candidate(index * RATE + 500, 0.9) for index in range(4)]
    eye = np.eye(4, dtype=np.float32)
    assert figures(places, eye, [0, 1], grid(4, 0, 4 * RATE), eye, RATE)["grid"]["probability"] == 0.0


def test_what_merely_begins_the_record_is_no_weak_chop() -> None:
    places, eye = [Candidate(0, 0.0), Candidate(RATE, 0.8), Candidate(2 * RATE, 0.1)], np.eye(3, dtype=np.float32)
    found = figures(places, eye, [0, 1], grid(3, 0, 3 * RATE), eye, RATE)
    assert found["kit"]["probability"] == pytest.approx(0.8)


def test_figures_do_not_change_from_run_to_run() -> None:
    timbre = np.random.default_rng(1).random((30, 5))
    assert judged(timbre, [1, 2]) == judged(timbre, [1, 2])


def test_equal_parts_begin_with_the_first_sample_and_cover_all() -> None:
    assert grid(4, 10, 50).tolist() == [10, 20, 30, 40]
    assert len(grid(0, 0, 10)) == 0


@pytest.mark.parametrize(("n", "chosen"), [(0, 0), (1, 1), (6, 0), (6, 1), (6, 6)])
def test_where_there_is_nothing_to_compare_or_no_other_choice_there_are_no_figures(n: int, chosen: int) -> None:
    assert judged(np.eye(n, 3), range(chosen), n) == {}
