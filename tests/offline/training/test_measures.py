"""How often a score is right."""

import itertools

import numpy as np

from samplechop.offline.training.measures import FEWEST, MOST_PAIRS, calibration, held_out_summary


def verdicts(n: int, seed: int = 0) -> list[tuple[float, bool]]:
    """Markers that are right as often as the square of their score."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.2, 1, n)
    return [(float(score), bool(rng.random() < score**2)) for score in scores]


def test_the_table_says_how_often_a_score_is_right() -> None:
    said, share = np.array(calibration(verdicts(20_000))).T
    np.testing.assert_allclose(share, said**2, atol=0.05)


def test_the_table_rises() -> None:
    pairs = calibration(verdicts(400))
    assert 1 < len(pairs) <= MOST_PAIRS
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(pairs))


def test_one_wrong_marker_at_the_end_says_little() -> None:
    known = [(0.3, False), *((0.3 + 0.5 * i / 200, i % 2 == 0) for i in range(1, 201))]
    assert calibration(known)[0][1] > 0.3


def test_markers_with_the_same_score_make_one_pair() -> None:
    known = [(score, right) for score, right in verdicts(200) if score < 0.9] + [(1.0, True)] * 150
    said = [score for score, _ in calibration(known)]
    assert said == sorted(set(said))
    assert said[-1] == 1


def test_too_few_markers_say_nothing() -> None:
    assert calibration(verdicts(FEWEST - 1)) == ()


def test_what_is_said_of_held_out_recordings_compares_with_the_model_before() -> None:
    found = held_out_summary({"a, before": (0.5, 0.5), "b": (0.8, 0.8)}, 9, 2, chosen_on=False)
    assert found.better is True
    better = found.text.splitlines()
    assert "F 0.80 on 2 recordings" in better[0] and better[0].endswith("0.50 before")
    assert [line.split()[-3:] for line in better[2:]] == [["0.50", "0.50", "0.50"], ["0.80", "0.80", "0.80"]]
    worse = held_out_summary({"a, before": (0.5, 0.5), "b": (0.4, 0.4)}, 8, 1, chosen_on=True)
    assert all(
        words in worse.text
        for words in (
            "next to nothing",
            "no better there",
            "with the thresholds of before",
            "9 labelled recordings are",
        )
    )
    assert worse.better is False
    alone = held_out_summary({"b": (0.4, 0.4)}, 8, 2, chosen_on=True)
    assert "threshold was chosen on the same 2" in alone.text and alone.better is None
