import numpy as np
import pytest

from samplechop.offline.lab.synthetic.chop_rule import (
    RATE,
    Candidate,
    audible,
    candidates,
    choose,
    drums_alone,
    without,
)
from samplechop.offline.lab.synthetic.score import Score, Strike, Tone
from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth

QUICK = frozenset({"chord", "bass", "lead"})


def found(score, quick=QUICK, loops=()):
    return [(one.time, one.reason) for one in candidates(score, quick, loops)[0]]


def steady(*strikes):
    """Hats every 0.2 s, so that nothing follows a rest, under a long sung tone, so that drums are not alone."""
    return Score(8.0, strikes=hats(35) + list(strikes), tones=[Tone(0.0, 8.0, 60, 90, "song")])


def hats(count):
    return [Strike(0.1 + 0.2 * n, "hat", 0.5) for n in range(count)]


def test_accents_are_chops_and_ghosts_and_hats_are_not():
    score = steady(Strike(1.0, "kick", 1.0, True), Strike(1.55, "snare", 0.2), Strike(2.0, "snare", 0.9, True))
    assert found(score) == [(1.0, "hit"), (2.0, "hit")]


def test_a_crash_with_a_kick_is_one_chop_at_the_kick():
    score = steady(Strike(1.0, "crash", 1.0), Strike(1.01, "kick", 1.0, True))
    assert found(score) == [(1.01, "hit")]


@pytest.mark.parametrize("role", ["tom", "crash", "conga"])
def test_toms_crashes_and_congas_are_unsure(role):
    chops, unsure = candidates(steady(Strike(1.0, role, 0.9)), QUICK, ())
    assert chops == []
    assert unsure == [(1.0, 1.02)]


def test_a_ghost_note_is_surely_no_chop_and_a_louder_stroke_unsure():
    assert candidates(steady(Strike(1.0, "snare", 0.2), Strike(2.0, "snare", 0.7)), QUICK, ())[1] == [(2.0, 2.02)]


def test_two_players_of_one_chord_make_one_chop():
    score = steady()
    score.tones += [Tone(1.0, 0.5, 60, 90, "chord", True), Tone(1.05, 0.5, 60, 90, "comp", True)]
    assert found(score, QUICK | {"comp"}) == [(1.0, "chord")]


def test_a_new_chord_is_a_chop_and_its_repetition_unsure():
    score = steady()
    score.tones += [Tone(1.0, 0.3, 60, 90, "chord", True), Tone(1.4, 0.3, 60, 90, "chord")]
    chops, unsure = candidates(score, QUICK, ())
    assert [(one.time, one.reason) for one in chops] == [(1.0, "chord")]
    assert (1.4, 1.42) in unsure


def test_a_slow_instrument_gives_no_chop_but_is_unsure():
    score = steady()
    score.tones += [Tone(1.0, 1.0, 60, 90, "strings", True)]
    chops, unsure = candidates(score, QUICK, ())
    assert chops == []
    assert unsure == [(1.0, 1.2)]


@pytest.mark.parametrize("part", ["lead", "song"])
def test_a_melody_over_drums_is_no_chop(part):
    score = steady()
    score.tones += [Tone(1.0, 1.0, 72, 90, part)]
    assert candidates(score, QUICK, ()) == ([], [])


def test_a_note_after_a_rest_is_a_phrase():
    score = Score(
        4.0, tones=[Tone(0.5, 0.5, 60, 90, "lead"), Tone(1.2, 0.5, 62, 90, "lead"), Tone(2.2, 0.5, 64, 90, "lead")]
    )
    assert found(score) == [(0.5, "phrase"), (1.2, "attack"), (2.2, "phrase")]


def test_the_first_attack_of_a_bar_is_a_chop_whatever_plays_it():
    score = steady()
    score.beats = [(1.1, 1), (1.5, 2)]
    assert found(score) == [(1.1, "bar")]


def test_of_a_loop_only_the_start_is_known():
    score = steady()
    score.stabs = [1.0]
    chops, unsure = candidates(score, QUICK, [(1.0, 3.0)])
    assert [one.time for one in chops] == [1.0]
    assert unsure == [(1.03, 3.0)]


def test_a_break_is_cut_at_all_that_is_struck():
    strikes = [Strike(1.0, "kick", 1.0, True), Strike(1.1, "snare", 0.2), Strike(1.42, "tom", 0.8)]
    score = Score(8.0, strikes=[*hats(35), *strikes])
    chops, unsure = candidates(score, QUICK, ())
    assert {(1.0, "hit"), (1.42, "stroke")} < {(one.time, one.reason) for one in chops}
    assert len(chops) == 35 + 2  # the ghost note is struck with a hat
    assert unsure == []


def test_a_break_in_music_is_known_a_second_after_the_band_has_stopped():
    score = Score(9.0, strikes=hats(40), tones=[Tone(0.0, 4.0, 60, 90, "song")])
    assert drums_alone(score) == [(4.3, 9.0)]
    chops, unsure = candidates(score, QUICK, ())
    assert [one.time for one in chops] == [strike.time for strike in score.strikes if strike.time >= 5.3]
    assert [start for start, _ in unsure] == [strike.time for strike in score.strikes if 4.3 <= strike.time < 5.3]


def test_a_pause_of_the_band_is_no_break():
    tones = [Tone(0.0, 2.0, 60, 90, "song"), Tone(4.0, 4.0, 60, 90, "song")]
    assert drums_alone(Score(8.0, strikes=hats(35), tones=tones)) == []


def test_a_stroke_of_a_break_that_raises_one_band_by_3_db_is_a_hit():
    times = np.arange(3 * RATE) / RATE
    low = 0.5 * np.sin(2 * np.pi * 80 * times)
    high = 0.05 * np.sin(2 * np.pi * 9000 * times) * ((times >= 1) & (times < 1.1))
    chops, _ = choose((low + high).astype(np.float32), [Candidate(1.0, "stroke"), Candidate(2.0, "stroke")])
    assert [(one.time, one.reason) for one in chops] == [(1.0, "hit")]


def tone_burst(start, length, level, seconds=3.0):
    times = np.arange(round(seconds * RATE)) / RATE
    inside = (times >= start) & (times < start + length)
    return (level * np.sin(2 * np.pi * 440 * times) * inside).astype(np.float32)


def test_what_cannot_be_heard_is_unsure():
    sound = tone_burst(0, 3, 0.5) + tone_burst(1, 1, 0.02)
    chops, unsure = choose(sound, [Candidate(1.0, "hit")])
    assert chops == []
    assert unsure == [(1.0, 1.02)]


def test_an_attack_must_be_clear_where_a_hit_need_only_be_heard():
    sound = tone_burst(0, 3, 0.2) + tone_burst(1, 1, 0.1)
    assert len(choose(sound, [Candidate(1.0, "hit")])[0]) == 1
    assert choose(sound, [Candidate(1.0, "attack")])[0] == []


def test_louder_chops_are_stronger():
    sound = tone_burst(0.5, 0.3, 0.5) + tone_burst(1.5, 0.3, 0.1)
    loud, soft = choose(sound, [Candidate(0.5, "hit"), Candidate(1.5, "hit")])[0]
    assert 0 <= soft.strength < loud.strength <= 1


def test_drums_that_cannot_be_heard_are_dropped():
    sound = tone_burst(0, 3, 0.5) + tone_burst(1, 0.2, 0.5)
    hits = [DrumTruth(1.0, "snare", 0.9), DrumTruth(2.0, "snare", 0.1)]
    assert audible(sound, hits) == hits[:1]


def test_unsure_places_that_overlap_are_joined():
    assert without([(2.0, 2.2), (1.0, 1.02), (1.01, 1.2)], []) == [(1.0, 1.2), (2.0, 2.2)]


def test_a_short_unsure_place_gives_way_to_a_chop_and_a_long_one_stays():
    assert without([(1.0, 1.02), (1.01, 3.0)], [ChopTruth(1.0, "hit", 1.0)]) == [(1.01, 3.0)]
