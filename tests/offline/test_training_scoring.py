import numpy as np
import pytest

from offline.training.evaluation import Reference, false_per_minute, noises, on_recordings, references
from offline.training.scoring import matches, pick, precision_recall_f
from realtime.errors import UserError


def test_a_run_of_positive_frames_is_one_event():
    scores = np.array([0, 0.6, 0.9, 0.7, 0, 0], np.float32)
    assert pick(scores, 0.5, 44_100, 0.0) == [2.0]


def test_of_two_close_events_the_first_is_kept():
    scores = np.zeros(40, np.float32)
    scores[[5, 10, 30]] = 0.6, 0.9, 0.7
    assert pick(scores, 0.5, 441, 0.25) == pytest.approx([0.05, 0.30])


def test_a_run_that_reaches_the_end_is_an_event():
    assert pick(np.array([0, 0.8], np.float32), 0.5, 44_100, 0.0) == [1.0]


def test_every_marker_matches_one_reference_at_most():
    assert matches([1.0], [0.98, 1.02]) == 1
    assert matches([1.0, 1.04], [1.03, 1.07]) == 2


def test_precision_and_recall_are_the_shares_that_match():
    assert precision_recall_f([1.0, 2.0, 3.0, 4.0], [1.01, 2.5]) == pytest.approx((0.5, 0.25, 1 / 3))


def test_nothing_found_scores_zero():
    assert precision_recall_f([1.0], []) == (0.0, 0.0, 0.0)


def test_late_markers_have_a_positive_offset():
    recording = Reference("one", np.zeros(44_100 * 10, np.float32), [1.0, 2.0, 3.0], [1.0, 3.0])
    scores = on_recordings(lambda _: [1.01, 2.01, 3.01], [recording])
    assert scores["offset_ms"] == 10.0
    assert scores["onset_precision"] == 1.0
    assert scores["beat_f"] == pytest.approx(0.8)
    assert scores["events_per_minute"] == 18.0


def test_false_markers_are_counted_per_minute():
    sounds = [np.zeros(44_100 * 30, np.float32)] * 2
    assert false_per_minute(lambda _: [0.5], sounds) == 2.0


def test_made_noises_are_the_same_for_the_same_seed():
    one, two = noises(0.5), noises(0.5)
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert all(np.all(np.isfinite(sound)) and sound.any() for name, sound in one.items() if "crackle 1 " not in name)


def test_a_folder_without_references_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="reference onsets"):
        references(tmp_path)
