import numpy as np
import pytest

from offline.training.labels import EDGE, MARGIN, MIN_GAP, frame_of, label, leading
from offline.training.plans import Hit, Plan, Tone, plan
from offline.training.records import LEAST_RISE_DB, Chop, Record, build, place
from offline.training.sounds import RATE, Shot
from offline.training.wear import empty, surface, tuned, worn

HOP = 256


@pytest.fixture
def shots():
    times = np.arange(4000) / RATE
    click = (np.cos(2 * np.pi * 200 * times) * np.exp(-times / 0.02)).astype(np.float32)
    return [Shot(role, role, click, False) for role in ("kick", "snare", "hat", "cymbal", "tom")]


def test_a_placed_sound_starts_at_the_stated_sample():
    into = np.zeros(1000, np.float32)
    place(into, np.ones(10, np.float32), 700, 0.5)
    assert np.flatnonzero(into).tolist() == list(range(700, 710))


def test_a_sound_that_sticks_out_is_cut():
    into = np.zeros(100, np.float32)
    place(into, np.ones(50, np.float32), 80, 1.0)
    assert np.count_nonzero(into) == 20


def test_the_audio_rises_where_a_record_says_a_chop_is(shots):
    made = Plan(4.0, hits=[Hit(1.0, "kick", 1.0, True), Hit(2.5, "snare", 1.0, True)])
    record = build(made, None, shots, np.random.default_rng(0))
    assert [chop.sample for chop in record.chops] == [RATE, round(2.5 * RATE)]
    assert np.all(record.samples[:RATE] == 0)
    assert abs(record.samples[RATE]) > 0.01


def test_hats_and_ghost_notes_are_not_chops(shots):
    made = Plan(3.0, hits=[Hit(1.0, "hat", 1.0, False), Hit(2.0, "snare", 0.2, False)])
    record = build(made, None, shots, np.random.default_rng(0))
    assert record.chops == []
    assert record.unknown == []


def test_a_chord_change_is_a_chop_and_a_restrike_is_unknown(shots):
    tones = [Tone(1.0, 0.5, (60,), 90, "chord", change=True), Tone(2.0, 0.5, (60,), 70, "chord")]
    sound = np.zeros(3 * RATE, np.float32)
    for start in (RATE, 2 * RATE):
        sound[start : start + 8000] = 0.3 * np.sin(2 * np.pi * 262 * np.arange(8000) / RATE)
    record = build(Plan(3.0, tones=tones), sound, shots, np.random.default_rng(0))
    assert [chop.sample for chop in record.chops] == [RATE]
    assert record.unknown == [(2 * RATE, 2 * RATE + 1)]


def test_a_lead_note_is_no_chop(shots):
    made = Plan(2.0, tones=[Tone(1.0, 0.5, (72,), 80, "lead")])
    record = build(made, np.zeros(2 * RATE, np.float32), shots, np.random.default_rng(0))
    assert record.chops == []


def test_a_hit_nobody_can_hear_is_unknown(shots):
    assert LEAST_RISE_DB > 0
    loud = np.sin(2 * np.pi * 400 * np.arange(3 * RATE) / RATE).astype(np.float32)
    tones = [Tone(1.5, 1.0, (60,), 90, "chord", change=True)]
    record = build(Plan(3.0, tones=tones), loud, shots, np.random.default_rng(0))
    assert record.chops == []
    assert (round(1.5 * RATE), round(1.5 * RATE) + 1) in record.unknown


def test_the_inside_of_a_loop_is_unknown_and_its_start_a_chop():
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    shots = [Shot(role, role, noise, False) for role in ("kick", "snare", "hat", "cymbal", "tom", "loop", "stab")]
    for seed in range(20):
        record = build(Plan(4.0, stabs=[1.0]), None, shots, np.random.default_rng(seed))
        assert [chop.sample for chop in record.chops] == [RATE]
        if record.unknown:
            assert record.unknown[0][1] == 2 * RATE
            return
    pytest.fail("no seed placed a loop")


def test_tuning_moves_every_known_place_with_the_audio():
    samples = np.zeros(RATE, np.float32)
    samples[RATE // 2 :] = 0.5
    sharp = tuned(Record(samples, [Chop(RATE // 2, 1.0)], [(100, 200)]), 3.0)
    assert len(sharp.samples) == pytest.approx(RATE / 2**0.25, abs=2)
    assert abs(int(np.argmax(sharp.samples > 0.25)) - sharp.chops[0].sample) <= 2
    assert sharp.unknown == [(round(100 / 2**0.25), round(200 / 2**0.25))]


def test_wear_is_the_same_for_the_same_seed(shots):
    record = build(Plan(2.0, hits=[Hit(1.0, "kick", 1.0, True)]), None, shots, np.random.default_rng(0))
    one, two = (worn(record, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(one.samples, two.samples)
    assert one.chops == two.chops


def test_worn_audio_is_finite_and_not_beyond_full_scale_by_much(shots):
    record = build(Plan(2.0, hits=[Hit(1.0, "kick", 1.0, True)]), None, shots, np.random.default_rng(0))
    for seed in range(8):
        samples = worn(record, np.random.default_rng(seed)).samples
        assert np.all(np.isfinite(samples))
        assert np.max(np.abs(samples)) < 2


def test_an_empty_record_has_no_chops():
    record = empty(1.0, np.random.default_rng(0))
    assert record.chops == []
    assert record.unknown == []


def test_surface_noise_is_the_same_for_the_same_seed():
    one, two = (surface(5000, np.random.default_rng(2), busy=True) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_plan_is_the_same_for_the_same_seed():
    one, two = (plan(np.random.default_rng(5), 20.0, drums=True, tones=True) for _ in range(2))
    assert one == two
    assert one.hits
    assert plan(np.random.default_rng(5), 20.0, drums=False, tones=True).hits == []


def test_a_frame_is_the_one_whose_centre_is_nearest():
    assert [frame_of(sample, HOP) for sample in (0, 127, 128, 256, 383, 384)] == [0, 0, 1, 1, 1, 2]


def test_a_chop_is_positive_with_excluded_frames_around_it():
    record = Record(np.zeros(0, np.float32), [Chop(50 * HOP, 1.0)])
    targets, weights = label(record, 100, HOP)
    assert targets[49:52].tolist() == pytest.approx([EDGE, 1.0, EDGE])
    assert np.count_nonzero(targets) == 3
    assert np.flatnonzero(weights == 0).tolist() == [*range(50 - MARGIN, 49), *range(52, 50 + MARGIN + 1)]


def test_unknown_places_are_excluded():
    record = Record(np.zeros(0, np.float32), unknown=[(20 * HOP, 30 * HOP)])
    targets, weights = label(record, 100, HOP)
    assert not targets.any()
    assert np.flatnonzero(weights == 0).tolist() == list(range(20 - MARGIN, 30 + MARGIN + 1))


def test_a_weaker_chop_near_a_stronger_one_is_excluded_and_not_positive():
    near = round(0.8 * MIN_GAP * RATE)
    chops = [Chop(10_000, 1.0), Chop(10_000 + near, 3.0), Chop(100_000, 0.1)]
    kept, rest = leading(chops)
    assert kept == [chops[1], chops[2]]
    assert rest == [chops[0]]
    targets, weights = label(Record(np.zeros(0, np.float32), chops), 500, HOP)
    assert targets[frame_of(10_000, HOP)] == 0
    assert weights[frame_of(10_000, HOP)] == 0


def test_a_chop_inside_an_unknown_stretch_is_still_positive():
    record = Record(np.zeros(0, np.float32), [Chop(25 * HOP, 1.0)], [(20 * HOP, 30 * HOP)])
    targets, weights = label(record, 100, HOP)
    assert targets[25] == 1
    assert weights[25] == 1
