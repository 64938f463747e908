"""What the chop nets are asked of synthetic records."""

from dataclasses import replace

import numpy as np

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.labels.recording_truth import ALONE_DB, FAINT_DB, ChopTruth, ChordTruth, DrumTruth, Truth
from samplechop.offline.training.streaming_targets import FAINT
from samplechop.offline.training.tasks.chop_targets import (
    COARSE,
    GAP,
    HARDLY_DB,
    SHARED,
    annotation_of_truth,
    known_to,
)

CLEAR = 3.0


def truth(*drums: DrumTruth, **more: object) -> Truth:
    return replace(Truth(20.0, "soul", "train", 1, drums=list(drums)), **more)  # type: ignore[arg-type]


def asked(known: Truth, head: str, seconds: float) -> tuple[float, float]:
    """Give target and weight of a head at a time."""
    target, weight = SHARED.answers.targets(annotation_of_truth(known, GAP), 2000)
    place = SHARED.answers.frame_of(seconds), SHARED.names.index(head)
    return float(target[place]), float(weight[place])


def test_a_stroke_that_is_buried_is_neither_asked_for_nor_denied() -> None:
    known = truth(DrumTruth(1.0, "snare", 0.8, FAINT_DB - 1), DrumTruth(3.0, "snare", 0.8, CLEAR))
    for head in ("snare", "hit", "onset"):
        assert asked(known, head, 1.0)[1] == 0
        assert asked(known, head, 3.0) == (1, 1)
        assert asked(known, head, 2.0) == (0, 1)


def test_a_stroke_that_is_hardly_audible_counts_half() -> None:
    known = truth(DrumTruth(1.0, "kick", 0.8, HARDLY_DB - 1))
    for head in ("kick", "hit", "onset"):
        assert asked(known, head, 1.0) == (1, FAINT)


def test_a_ghost_note_that_is_audible_is_a_snare_and_an_attack_but_no_hit() -> None:
    known = truth(DrumTruth(1.0, "snare", 0.1, CLEAR))
    assert asked(known, "snare", 1.0) == asked(known, "onset", 1.0) == (1, 1)
    assert asked(known, "hit", 1.0)[1] == 0


def test_of_real_music_under_drums_neither_attacks_nor_chords_are_asked() -> None:
    known = truth(DrumTruth(1.0, "kick", 0.8, CLEAR), music=[(0.0, 10.0)])
    assert asked(known, "onset", 1.0) == asked(known, "kick", 1.0) == (1, 1)
    assert asked(known, "onset", 5.0)[1] == asked(known, "change", 5.0)[1] == 0
    assert asked(known, "onset", 15.0) == asked(known, "kick", 5.0) == (0, 1)


def test_single_sounds_one_after_another_are_attacks_each() -> None:
    known = truth(chops=[ChopTruth(1.0, "phrase", 0.8)])
    assert asked(known, "onset", 1.0) == (1, 1)
    assert asked(known, "onset", 2.0) == (0, 1)
    assert asked(truth(DrumTruth(3.0, "kick", 0.8, CLEAR), chops=known.chops), "onset", 1.0) == (0, 1)


def test_a_side_stick_is_a_hit_of_its_own_class() -> None:
    known = truth(DrumTruth(1.0, "stick", 0.8, CLEAR))
    assert asked(known, "stick", 1.0) == asked(known, "hit", 1.0) == (1, 1)
    assert asked(known, "snare", 1.0) == (0, 1)


def test_a_clap_is_a_hit_and_may_sound_like_a_snare() -> None:
    known = truth(DrumTruth(1.0, "clap", 0.8, CLEAR))
    assert asked(known, "hit", 1.0) == (1, 1)
    assert asked(known, "snare", 1.0)[1] == 0


def test_rides_and_crashes_are_cymbals() -> None:
    known = truth(DrumTruth(1.0, "ride", 0.8, CLEAR), DrumTruth(2.0, "crash", 0.8, CLEAR))
    assert asked(known, "cymbal", 1.0) == asked(known, "cymbal", 2.0) == (1, 1)


def test_of_truths_without_signal_to_noise_ratios_new_classes_are_unknown() -> None:
    known = truth(DrumTruth(1.0, "hat", 0.8), DrumTruth(2.0, "kick", 0.8), solo=[(0.0, 5.0)])
    assert known.drums[0].snr == ALONE_DB
    for head in ("stick", "open", "solo"):
        assert asked(known, head, 1.0)[1] == 0
    assert asked(known, "hat", 1.0) == asked(known, "kick", 2.0) == (1, 1)


def test_where_drums_are_alone_is_a_state() -> None:
    known = truth(DrumTruth(1.0, "kick", 0.8, CLEAR), solo=[(2.0, 5.0)])
    assert asked(known, "solo", 3.5) == (1, 1)
    assert asked(known, "solo", 7.0) == (0, 1)


def test_inside_a_loop_nobody_knows_the_drums() -> None:
    known = truth(DrumTruth(1.0, "kick", 0.8, CLEAR), unsure=[(4.0, 8.0)])
    for head in ("kick", "snare", "hit", "onset", "solo"):
        assert asked(known, head, 6.0)[1] == 0


def test_a_chord_that_is_struck_again_is_no_change() -> None:
    chords = [ChordTruth(time, label) for time, label in ((0.0, "C:maj"), (2.0, "C:maj"), (4.0, "G:maj"), (6.0, "N"))]
    known = truth(chords=chords)
    assert asked(known, "change", 4.0) == (1, 1)
    assert asked(known, "change", 2.0) == asked(known, "change", 6.0) == (0, 1)


def test_a_place_to_cut_that_nobody_can_hear_is_left_open() -> None:
    drums = (DrumTruth(1.0, "snare", 0.8, FAINT_DB - 1), DrumTruth(3.0, "snare", 0.8, CLEAR))
    known = truth(*drums, chops=[ChopTruth(1.0, "hit", 0.8), ChopTruth(3.0, "hit", 0.8)])
    assert asked(known, "chop", 1.0)[1] == 0
    assert asked(known, "chop", 3.0) == (1, 1)


def test_the_spec_follows_the_heads_of_a_model() -> None:
    released = models.load("chop")
    assert isinstance(released.features, StreamFeatures)
    spec = known_to(COARSE if released.features.early is None else SHARED, released)
    assert spec.names == released.features.heads
    assert np.all(np.array(list(spec.answers.heads.values())) > 0)
