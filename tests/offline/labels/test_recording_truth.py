import json
from dataclasses import replace

import numpy as np
import pytest

from samplechop.offline.lab.synthetic.turntable import Turntable, random_turntable
from samplechop.offline.labels.recording_truth import (
    ALONE_DB,
    BeatTruth,
    ChopTruth,
    ChordTruth,
    DrumTruth,
    NoteTruth,
    Truth,
    class_of,
    moved,
    read_truth,
    transposed,
    write_truth,
)
from samplechop.realtime.core.errors import UserError

RATE = 44_100


@pytest.fixture
def truth():
    return Truth(
        4.0,
        "funk",
        "train",
        3,
        chops=[ChopTruth(0.25, "bar", 0.75)],
        unsure=[(0.5, 0.625)],
        solo=[(0.0, 0.75)],
        drums=[DrumTruth(0.25, "kick", 0.875, -3.5)],
        notes=[NoteTruth(1.0, 0.5, 61, 0.375, "lead")],
        chords=[ChordTruth(0.0, "N"), ChordTruth(1.0, "Bb:min7")],
        beats=[BeatTruth(0.25, 1), BeatTruth(0.75, 2)],
    )


def test_a_truth_reads_back_as_written(truth, tmp_path):
    write_truth(truth, tmp_path / "a.json")
    assert read_truth(tmp_path / "a.json") == truth


def test_a_truth_of_schema_1_is_read_with_what_it_lacks_left_at_its_default(truth, tmp_path):
    path = tmp_path / "old.json"
    write_truth(truth, path)
    data = json.loads(path.read_text())
    del data["solo"], data["drums"][0]["snr"]
    path.write_text(json.dumps({**data, "schema": 1}))
    old = read_truth(path)
    assert old.solo == []
    assert old.drums == [DrumTruth(0.25, "kick", 0.875, ALONE_DB)]
    assert old.chops == truth.chops


def test_faint_strokes_are_no_clear_drums(truth):
    faint = DrumTruth(1.0, "hat", 0.5, -18.1)
    assert replace(truth, drums=[*truth.drums, faint]).clear_drums() == truth.drums


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("Kick", "kick"),
        ("Side-Stick", "stick"),
        ("cross_stick", "stick"),
        ("open-hat", "open"),
        ("Cymbal", "cymbal"),
        ("Gong", "Gong"),
    ],
)
def test_a_drum_is_told_however_it_is_written(word, named):
    assert class_of(word) == named


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2}', '{"schema": 3, "length": 1}'])
def test_what_is_no_truth_is_refused_with_the_file_named(text, tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"odd\.json"):
        read_truth(path)


def test_an_unknown_field_is_refused(truth, tmp_path):
    path = tmp_path / "odd.json"
    write_truth(truth, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "blue"}))
    with pytest.raises(UserError, match="colour"):
        read_truth(path)


def test_speed_moves_times_pitches_and_chords_together(truth):
    fast = moved(truth, lambda times: times / 2, 12, 2.0)
    assert fast.chops[0].time == 0.125
    assert (fast.notes[0].time, fast.notes[0].duration, fast.notes[0].pitch) == (0.5, 0.25, 73)
    assert fast.unsure == [(0.25, 0.3125)]
    assert fast.solo == [(0.0, 0.375)]
    assert [beat.time for beat in fast.beats] == [0.125, 0.375]


def test_what_falls_off_the_end_is_dropped(truth):
    short = moved(truth, lambda times: times, 0, 0.6)
    assert short.notes == []
    assert [beat.time for beat in short.beats] == [0.25]
    assert short.unsure == [(0.5, 0.6)]


@pytest.mark.parametrize(
    ("label", "semitones", "becomes"), [("Bb:min7", 3, "Db:min7"), ("C:maj", -1, "B:maj"), ("N", 2, "N")]
)
def test_chord_labels_are_transposed(label, semitones, becomes):
    assert transposed(label, semitones) == becomes


@pytest.mark.parametrize("seed", range(6))
def test_wow_and_flutter_move_clicks_to_where_the_truth_says(seed):
    turntable = Turntable(random_turntable(np.random.default_rng(seed)).speed, ((0.556, 0.004, 1.0), (8.0, 0.001, 2.0)))
    places = np.arange(0.5, 9.5, 0.5)
    clicks = np.zeros(12 * RATE, np.float32)
    width = np.hanning(9).astype(np.float32)
    for place in places:
        at = round(place * RATE)
        clicks[at - 4 : at + 5] = width
    heard = turntable.played_at(np.round(places * RATE) / RATE)
    sound = turntable.play(clicks, 8.0)
    for time in heard[heard < 7.9]:
        around = sound[round(time * RATE) - 200 : round(time * RATE) + 201]
        assert abs(int(np.argmax(around)) - 200) <= 1


def test_the_turntable_is_undone_by_its_inverse():
    turntable = Turntable(1.07, ((0.556, 0.006, 1.0), (0.2, 0.006, 0.3), (11.0, 0.006, 2.0)))
    times = np.linspace(0, 40, 1001)
    np.testing.assert_allclose(turntable.recorded_at(turntable.played_at(times)), times, atol=1e-8)
