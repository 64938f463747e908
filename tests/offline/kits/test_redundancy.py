"""The figures that say how much a kit repeats itself."""

import numpy as np
import pytest

from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.plan import duplicate_rate, figures, mean_similarity

RATE = 1000


def described(harmonic: np.ndarray, timbre: np.ndarray) -> Descriptors:
    vectors = harmonic.astype(np.float32)
    return Descriptors("slice", RATE, vectors, vectors, timbre.astype(np.float32), np.zeros(len(vectors), np.float32))


def test_every_slice_that_has_a_twin_is_a_duplicate() -> None:
    harmonic = np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    assert duplicate_rate(harmonic) == 0.5


def test_similarity_is_the_mean_over_all_pairs() -> None:
    timbre = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    middle = timbre.mean(axis=0)
    units = (timbre - middle) / np.linalg.norm(timbre - middle, axis=1, keepdims=True)
    pairs = [float(units[i] @ units[j]) for i in range(5) for j in range(i)]
    assert mean_similarity(timbre, middle) == pytest.approx(np.mean(pairs), abs=1e-6)


def test_what_is_all_the_same_has_similarity_one() -> None:
    assert mean_similarity(np.ones((4, 3), np.float32), np.zeros(3, np.float32)) == pytest.approx(1.0)


def test_a_kit_is_judged_beside_the_strongest_chance_and_an_equal_grid() -> None:
    harmonic = np.repeat(np.eye(4), 2, axis=0)  # each slice twice
    candidates = [Candidate(index * RATE, 0.9 - 0.1 * index) for index in range(8)]
    found = figures(candidates, described(harmonic, harmonic), [0, 2, 4, 6], 4, 0, 8 * RATE, {"all": range(8)})
    assert list(found) == ["kit", "top-N", "all", "random", "grid"]
    assert [found[name]["duplicates"] for name in ("kit", "top-N", "all", "grid")] == [0.0, 1.0, 1.0, 0.0]
    assert found["kit"]["similarity"] < found["top-N"]["similarity"]
    assert found["kit"]["probability"] == pytest.approx(0.6)
    assert found["top-N"]["probability"] == pytest.approx(0.75)
    assert 0.0 < found["random"]["duplicates"] < 1.0


def test_a_grid_that_meets_no_candidate_has_no_probability() -> None:
    candidates = [Candidate(index * RATE + 500, 0.9) for index in range(4)]
    assert figures(candidates, described(np.eye(4), np.eye(4)), [0], 4, 0, 4 * RATE)["grid"]["probability"] == 0.0


def test_what_merely_begins_the_record_is_no_weak_chop() -> None:
    candidates = [Candidate(0, 0.0), Candidate(RATE, 0.8)]
    found = figures(candidates, described(np.eye(2), np.eye(2)), [0, 1], 2, 0, 2 * RATE)
    assert found["kit"]["probability"] == pytest.approx(0.8)


def test_figures_do_not_change_from_run_to_run() -> None:
    candidates = [Candidate(index * RATE, 0.9) for index in range(30)]
    harmonic = np.random.default_rng(1).random((30, 5))
    one, two = (figures(candidates, described(harmonic, harmonic), [1, 2], 2, 0, 30 * RATE) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("n", [0, 1])
def test_hardly_any_candidates_have_figures(n: int) -> None:
    found = figures([Candidate(0, 0.5)] * n, described(np.ones((n, 3)), np.ones((n, 3))), range(n), n, 0, RATE)
    assert all(np.isfinite(value) for figure in found.values() for value in figure.values())
