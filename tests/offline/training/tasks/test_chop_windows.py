"""Nets over single windows: what they hear, what they are asked."""

import numpy as np

from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth, Truth
from samplechop.offline.training.streaming_targets import Annotation
from samplechop.offline.training.tasks.chop_targets import EDGE, annotation_of_truth
from samplechop.offline.training.tasks.chop_windows import (
    HOP,
    MARGIN,
    RISE_DB,
    SHAPES,
    features_of,
    label,
    rises,
    windows,
    with_tonnetz,
)
from tests.support.signals import record


def test_the_classic_shape_hears_sixty_one_numbers() -> None:
    assert features_of(SHAPES["chop-61"]).n_inputs == 61


def test_every_frame_has_its_window() -> None:
    audio, _ = record(3.0)
    x, silent, spectra = windows(audio, SHAPES["chop-bands"])
    assert x.shape == (len(audio) // HOP + 1, 5 * 61)
    assert len(silent) == len(x)
    assert len(spectra) >= len(x)


def test_the_picture_is_fifty_four_rows_high() -> None:
    audio, _ = record(3.0)
    x, _, spectra = windows(audio, SHAPES["chop-cnn"])
    frames = np.array([100, 200])
    assert with_tonnetz(x[frames], spectra, frames).shape == (2, 54 * 61)


def test_a_chop_is_asked_for_and_its_surroundings_are_left_out() -> None:
    target, weight = label(Annotation({"chop": [1.0]}, {}), 400, np.full(400, 2 * RISE_DB))
    frame = round(44_100 / HOP)
    assert target[frame - 1 : frame + 2].tolist() == [EDGE, 1, EDGE]
    assert weight[frame - 1 : frame + 2].all()
    assert not weight[frame + 2 : frame + MARGIN + 1].any()
    assert weight[frame + MARGIN + 1] == 1


def test_while_drums_play_what_begins_without_a_hit_is_no_chop() -> None:
    drums = [DrumTruth(1.0, "kick", 0.9), DrumTruth(1.5, "tom", 0.9)]
    chops = [ChopTruth(1.0, "hit", 0.5), ChopTruth(1.7, "chord", 0.5), ChopTruth(9.0, "chord", 0.5)]
    unsure = [(1.5, 1.52), (8.0, 8.02)]
    known = annotation_of_truth(Truth(10.0, "soul", "train", 1, chops=chops, unsure=unsure, drums=drums), 0.1)
    assert known.events["chop"] == [1.0, 9.0]
    assert known.unknown["chop"] == [(8.0, 8.02)]
    assert known.events["hit"] == [1.0]


def test_a_ghost_note_beside_drums_stays_unknown() -> None:
    drums = [DrumTruth(1.0, "kick", 0.9), DrumTruth(1.5, "snare", 0.3)]
    truth = Truth(3.0, "soul", "train", 1, chops=[ChopTruth(1.0, "hit", 0.5)], unsure=[(1.5, 1.52)], drums=drums)
    assert annotation_of_truth(truth, 0.1).unknown["chop"] == [(1.5, 1.52)]


def test_a_chop_at_which_the_level_does_not_rise_is_neither_asked_for_nor_denied() -> None:
    spectra = np.ones((400, 48), np.float32)
    spectra[100:103] *= 2
    rise = rises(spectra)
    assert abs(rise[100] - 20 * np.log10(2)) < 1e-3 and max(rise[:93].max(), rise[200]) < 1e-3
    seconds = HOP / 44_100
    target, weight = label(Annotation({"chop": [100 * seconds, 200 * seconds]}, {}), 400, rise)
    assert np.flatnonzero(target == 1).tolist() == [100]
    assert not weight[200 - MARGIN : 200 + MARGIN + 1].any()
