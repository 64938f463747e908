"""What is known of a recording is read from what lies beside it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.evaluate.chord_references import chord_references_for
from samplechop.offline.evaluate.references import references_for, tracks_in
from samplechop.realtime.core.errors import UserError

RATE = 44_100


def recorded(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(6 * RATE), RATE)
    return path


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema": 1, "first": "a.wav", "times": [[0, 0], [1, 0]]}'])
def test_a_description_of_two_plays_that_is_none_is_refused(tmp_path, text):
    recorded(tmp_path / "a.wav")
    (tmp_path / "a.play.json").write_text(text)
    with pytest.raises(UserError, match="two plays"):
        tracks_in(tmp_path)


def test_a_folder_without_labels_says_what_to_put_there(tmp_path):
    recorded(tmp_path / "one.wav")
    with pytest.raises(UserError, match=r"put labels beside the audio, such as name\.txt"):
        tracks_in(tmp_path)


@pytest.mark.parametrize("line", ["soon", "-1", "nan", "inf"])
def test_a_reference_that_is_no_time_is_named_with_its_line(tmp_path, line):
    recorded(tmp_path / "one.wav")
    (tmp_path / "one.beats.txt").write_text(f"0.5 1\n{line} 2\n")
    with pytest.raises(UserError, match=r"one\.beats\.txt', line 2: .* no time in seconds"):
        tracks_in(tmp_path)


def test_a_reference_that_may_be_one_number_or_two_is_refused(tmp_path):
    recorded(tmp_path / "one.wav")
    (tmp_path / "one.onsets.txt").write_text("0,52\n")
    with pytest.raises(UserError, match=r"one\.onsets\.txt', line 1: '0,52' may be 0\.52 or 0 52: write what it is"):
        tracks_in(tmp_path)


def test_chords_may_have_commas_beside_times_with_decimal_ones(tmp_path):
    path = recorded(tmp_path / "one.wav")
    path.with_suffix(".lab").write_text("0,0 1,5 C:maj(9,11)  # the first\n1,5 6,0 F:maj\n")
    found = chord_references_for(path).segments
    assert [(one.start, one.stop, one.label) for one in found] == [(0.0, 1.5, "C:maj(9,11)"), (1.5, 6.0, "F:maj")]


def test_reference_times_may_begin_with_a_byte_order_mark(tmp_path):
    recorded(tmp_path / "one.wav")
    (tmp_path / "one.onsets.txt").write_text("0.5\n1.5\n", encoding="utf-8-sig")
    assert tracks_in(tmp_path)[0].references.onsets.tolist() == [0.5, 1.5]


def test_all_that_lies_beside_a_recording_counts(tmp_path):
    path = recorded(tmp_path / "one.wav")
    (tmp_path / "one.txt").write_text("0.5\n1.5\n")
    (tmp_path / "reference_times").mkdir()
    (tmp_path / "reference_times/one.beats.txt").write_text("0.5 1\n1.0 2\n1.5 1\n")
    (tmp_path / "one.drums.txt").write_text("0.5 kick\n0.75 hat\n")
    known = references_for(path, tmp_path)
    assert known.chops.tolist() == [0.5, 1.5]
    assert known.beats.tolist() == [0.5, 1.0, 1.5]
    assert known.downbeats.tolist() == [0.5, 1.5]
    assert known.strong.tolist() == [0.5]
    assert known.drums.tolist() == known.onsets.tolist() == [0.5, 0.75]


def test_recordings_are_grouped_by_subfolder_or_by_what_stands_before_the_dash(tmp_path):
    for name in ("funk-01.wav", "plain.wav", "deep/er/one.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        recorded(path)
        path.with_suffix(".txt").write_text("0.5\n")
    assert {track.path.name: track.group for track in tracks_in(tmp_path)} == {
        "funk-01.wav": "funk",
        "plain.wav": tmp_path.name,
        "one.wav": "deep",
    }


def test_the_folder_one_is_in_has_its_own_name(tmp_path, monkeypatch):
    recorded(tmp_path / "plain.wav")
    (tmp_path / "plain.txt").write_text("0.5\n")
    monkeypatch.chdir(tmp_path)
    assert [track.group for track in tracks_in(Path())] == [tmp_path.name]
