import mir_eval
import numpy as np
import pytest

from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.measures import OPEN, RIGHT, WRONG, Markers
from samplechop.offline.evaluate.references import References, references_of, together
from samplechop.offline.evaluate.systems import WANTS
from samplechop.offline.labels.recording_truth import BeatTruth, ChopTruth, DrumTruth, NoteTruth, Truth

CHOPS = np.arange(1.0, 11.0)


def markers(times, strengths=None):
    return Markers(np.asarray(times, float), None if strengths is None else np.asarray(strengths, float))


def test_perfect_markers_score_one():
    scores = measures.agreement(References(chops=CHOPS), markers(CHOPS))
    assert all(scores[f"chops_{part}{window}"] == 1 for part in "fpr" for window in ("", "25"))


@pytest.mark.parametrize("shift", [0.03, -0.03])
def test_a_shift_of_30_ms_is_right_at_50_but_not_at_25(shift):
    scores = measures.agreement(References(strong=CHOPS), markers(CHOPS + shift))
    assert scores["strong_f"] == 1
    assert scores["strong_f25"] == 0


def test_a_late_marker_has_a_positive_offset():
    late, early = (measures.offsets(References(onsets=CHOPS), markers(CHOPS + by)) for by in (0.012, -0.012))
    assert late["offset_ms"] == pytest.approx(12)
    assert early["offset_ms"] == pytest.approx(-12)
    assert late["offset_p95_ms"] == pytest.approx(early["offset_p95_ms"]) == pytest.approx(12)


def test_f_precision_and_recall_are_those_of_mir_eval():
    rng = np.random.default_rng(3)
    for _ in range(10):
        reference, found = (np.sort(rng.uniform(0, 10, 40)) for _ in range(2))
        scores = measures.agreement(References(onsets=reference), markers(found))
        for window, suffix in ((0.05, ""), (0.025, "25")):
            expected = mir_eval.onset.f_measure(reference, found, window=window)
            assert [scores[f"onsets_{part}{suffix}"] for part in "fpr"] == pytest.approx(expected)


def test_one_chop_rewards_one_marker_only():
    scores = measures.agreement(References(chops=np.array([1.0])), markers([0.99, 1.0, 1.01]))
    assert scores["chops_p"] == pytest.approx(1 / 3)
    assert scores["chops_r"] == 1


def test_markers_where_nobody_knows_do_not_count():
    known = References(chops=np.array([1.0, 2.0]), unsure=((3.0, 4.0),))
    inside = measures.agreement(known, markers([1.0, 2.0, 3.0, 3.5, 4.0]))
    outside = measures.agreement(known, markers([1.0, 2.0, 5.0]))
    assert inside["chops_p"] == 1
    assert outside["chops_p"] == pytest.approx(2 / 3)


def test_markers_that_are_all_where_nobody_knows_have_no_precision():
    known = References(chops=np.array([1.0]), unsure=((3.0, 4.0),))
    scores = measures.agreement(known, markers([3.2, 3.6]))
    assert (scores["chops_f"], scores["chops_p"], scores["chops_r"]) == (0, None, 0)


def test_a_chop_inside_an_unsure_place_still_counts():
    known = References(chops=np.array([3.5]), unsure=((3.0, 4.0),))
    assert measures.marks(known, markers([3.2, 3.51, 6.0])).tolist() == [OPEN, RIGHT, WRONG]


def test_a_cut_is_right_within_30_ms():
    known = References(chops=CHOPS, onsets=CHOPS)
    near, far = (measures.agreement(known, markers(CHOPS + by)) for by in (0.029, 0.031))
    assert (near["chops_f30"], near["onsets_f30"]) == (1, 1)
    assert (far["chops_f30"], far["onsets_f30"], far["chops_f"]) == (0, 0, 1)


def test_of_the_n_strongest_as_many_count_as_there_are_places():
    known = References(chops=np.array([1.0, 2.0]))
    assert measures.strongest(known, markers([1.0, 1.5, 2.0], [0.5, 0.4, 0.9])) == 1
    assert measures.strongest(known, markers([1.0, 1.5, 2.0], [0.5, 0.6, 0.9])) == 0.5
    assert measures.strongest(known, markers([1.0, 1.5, 2.0])) is None
    assert measures.strongest(References(onsets=CHOPS), markers(CHOPS, np.ones(10))) == 1


def test_of_the_n_strongest_so_many_count_as_there_are_beats():
    known = References(chops=CHOPS, beats=CHOPS[::2])
    found = measures.measure(known, markers(CHOPS, np.where(np.arange(10) % 2, 0.8, 0.9)), 10.0)
    assert (found["strongest_f"], found["strongest_beats_f"], found["strongest_strong_f"]) == (1, 1, None)


def test_strokes_nobody_can_make_out_count_neither_way():
    known = References(strong=CHOPS, onsets=CHOPS, faint=np.array([3.4]))
    scores = measures.agreement(known, markers([*CHOPS[:3], 3.4, *CHOPS[3:]]))
    assert (scores["strong_f"], scores["onsets_f30"]) == (1, 1)


def test_a_stroke_between_ghost_note_and_accent_is_neither_a_strong_hit_nor_none():
    drums = [DrumTruth(time, "kick", velocity) for time, velocity in ((1.0, 0.9), (2.0, 0.4), (3.0, 0.2))]
    drums.append(DrumTruth(4.0, "stick", 0.9))
    known = references_of(Truth(5.0, "funk", "validation", 1, drums=drums))
    assert known.strong.tolist() == [1.0, 4.0]
    assert measures.agreement(known, markers([1.0, 2.0, 4.0]))["strong_f"] == 1
    assert measures.agreement(known, markers([1.0, 3.0, 4.0]))["strong_p"] == pytest.approx(2 / 3)


def test_a_first_play_is_found_again_by_the_share_of_its_markers():
    assert measures.replayed(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.02, 2.04, 4.0, 5.0])) == 0.5
    assert measures.replayed(np.zeros(0), CHOPS) is None


def test_the_standard_error_is_that_of_the_mean():
    rows = [{"a": 0.2, "b": None, "offset_ms": 1.0}, {"a": 0.4, "b": 1.0, "offset_ms": 2.0}, {"a": 0.9}]
    error = np.std([0.2, 0.4, 0.9], ddof=1) / np.sqrt(3)
    assert measures.errors_of(rows) == {"a": pytest.approx(error), "b": None, "offset_ms": None}


def test_where_nothing_is_known_nothing_is_measured():
    scores = measures.measure(References(), markers([1.0, 2.0], [0.5, 0.6]), 60.0)
    assert {name for name, value in scores.items() if value is not None} == {"per_minute"}


def test_a_recording_without_a_sample_has_no_rate():
    assert measures.measure(References(chops=np.zeros(0)), markers([]), 0.0)["per_minute"] is None


def test_a_silent_system_has_no_precision_and_no_recall():
    scores = measures.agreement(References(chops=CHOPS), markers([]))
    assert scores["chops_p"] is None
    assert scores["chops_r"] == scores["chops_f"] == 0


def test_downbeats_are_judged_by_the_markers_that_are_called_so():
    known = References(beats=CHOPS, downbeats=CHOPS[::4])
    called = Markers(CHOPS, None, np.arange(10) % 4 == 0)
    assert measures.agreement(known, called)["downbeats_f"] == 1
    assert measures.agreement(known, markers(CHOPS))["downbeats_p"] == pytest.approx(0.3)


def test_a_system_that_tells_beats_is_trusted_by_its_beats():
    known = References(chops=np.array([1.0]), beats=CHOPS)
    told = Markers(CHOPS, np.full(10, 0.9), np.arange(10) % 4 == 0)
    assert measures.marks(known, told).tolist() == [RIGHT] * 10
    assert measures.marks(known, markers(CHOPS)).tolist() == [RIGHT] + [WRONG] * 9


@pytest.mark.parametrize("way", WANTS)
def test_what_a_way_to_choose_finds_is_trusted_by_what_it_wants(way):
    known = References(chops=np.array([0.5]), **{WANTS[way]: CHOPS})
    found = Markers(CHOPS + 0.01, np.ones(10), wants=WANTS[way])
    assert measures.calibration_error(measures.reliability(*measures.verdicts(known, found))) == 0
    nobody_says = measures.verdicts(References(chops=np.array([0.5])), found)
    assert measures.calibration_error(measures.reliability(*nobody_says)) is None


@pytest.mark.parametrize(("n", "expected"), [(1, 1.0), (2, 0.5), (4, 0.75), (9, 0.75)])
def test_precision_at_n_is_the_share_among_the_strongest(n, expected):
    strengths, right = np.array([0.2, 0.9, 0.4, 0.7]), np.array([True, True, True, False])
    assert measures.precision_at(strengths, right, n) == expected


def test_precision_at_n_is_unknown_without_markers():
    assert measures.precision_at(np.zeros(0), np.zeros(0, bool), 8) is None


def test_strengths_that_come_true_have_no_calibration_error():
    strengths = np.repeat([0.25, 0.75], 40)
    right = np.tile([True, False, False, False], 10).tolist() + np.tile([True, True, True, False], 10).tolist()
    assert measures.calibration_error(measures.reliability(strengths, np.array(right))) == pytest.approx(0)


def test_the_calibration_error_weighs_each_tenth_by_its_markers():
    strengths, right = np.array([0.95] * 3 + [0.45]), np.array([False] * 3 + [True])
    expected = (3 * 0.95 + 0.55) / 4
    assert measures.calibration_error(measures.reliability(strengths, right)) == pytest.approx(expected)
    assert measures.calibration_error(measures.reliability(np.zeros(0), np.zeros(0, bool))) is None


def test_the_strongest_possible_marker_falls_into_the_last_tenth():
    bins = measures.reliability(np.array([0.0, 1.0]), np.array([False, True]))
    assert bins[0] == (1, 0, 0.0)
    assert bins[-1] == (1, 1, 1.0)


def test_means_leave_out_what_is_unknown():
    rows = [{"a_f": 1.0, "b_f": None}, {"a_f": 0.0, "b_f": 0.4}, {"a_f": None}]
    assert measures.mean_of(rows) == {"a_f": 0.5, "b_f": 0.4}


def test_the_truth_of_a_crate_is_read_by_kind():
    truth = Truth(
        5.0,
        "funk",
        "validation",
        1,
        chops=[ChopTruth(1.0, "hit", 1.0)],
        unsure=[(2.0, 2.5)],
        drums=[DrumTruth(1.0, "kick", 0.9), DrumTruth(2.0, "snare", 0.3), DrumTruth(2.01, "hat", 0.9)],
        notes=[NoteTruth(3.0, 0.5, 60, 0.8, "chord")],
        beats=[BeatTruth(1.0, 1), BeatTruth(1.5, 2)],
    )
    known = references_of(truth)
    assert known.chops.tolist() == known.strong.tolist() == known.downbeats.tolist() == [1.0]
    assert known.drums.tolist() == [1.0, 2.0]
    assert known.onsets.tolist() == [1.0, 2.0, 3.0]
    assert known.beats.tolist() == [1.0, 1.5]
    assert known.unsure == ((2.0, 2.5),)


def test_hits_within_30_ms_are_one():
    assert together([1.02, 1.0, 1.04, 2.0]).tolist() == [1.0, 1.04, 2.0]
