import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import realtime
from samplechop.offline.augmentation.vinyl import RecordCondition, displacement, play_worn, played_at
from samplechop.offline.lab.demo_composition import BARS, PLAYERS, compose
from samplechop.offline.synthesis import soundfonts
from samplechop.realtime.core.errors import UserError

DEMO = Path(realtime.__file__).parent / "data" / "demo.ogg"
TRUTH = DEMO.with_suffix(".truth.json")


@pytest.fixture(scope="module")
def recording():
    sound, rate = soundfile.read(DEMO, always_2d=True)
    return sound, rate


def test_the_same_seed_composes_the_same_midi_file(tmp_path):
    for name in ("one.mid", "two.mid"):
        compose(seed=7).save(tmp_path / name, set(PLAYERS))
    assert (tmp_path / "one.mid").read_bytes() == (tmp_path / "two.mid").read_bytes()


def test_another_seed_is_another_performance_of_the_same_piece():
    one, two = compose(seed=1), compose(seed=2)
    assert sorted(one.notes) != sorted(two.notes)
    assert one.changes == two.changes


def test_the_break_is_drums_alone():
    score = compose()
    start, end = score.tick(6, 1), score.tick(7, 15)
    assert {note.player for note in score.notes if start <= note.tick < end} == {"drums"}


def test_the_swing_delays_every_second_sixteenth():
    score = compose()
    assert score.tick(0, 1) > (score.tick(0, 0) + score.tick(0, 2)) / 2
    assert score.tick(0, 2) == 480


def test_wow_maps_times_so_that_the_stylus_reads_what_was_there():
    pressing = RecordCondition()
    clean = [0.0, 3.3, 12.7, 28.1]
    heard = np.array(played_at(pressing, clean))
    np.testing.assert_allclose(heard + displacement(pressing, heard), np.array(clean) + pressing.lead_in, atol=1e-9)


def test_a_click_is_heard_where_the_truth_says():
    pressing = RecordCondition(hiss_db=-200, hum_db=-200, crackle_db=-200, crackles_per_second=0, pops=0)
    rate = 44_100
    sound = np.zeros((4 * rate, 2))
    sound[3 * rate] = 0.9
    aged = play_worn(sound, rate, pressing, np.random.default_rng(0))
    aged[: round(0.8 * rate)] = 0
    found = int(np.argmax(np.abs(aged[:, 1]))) / rate
    assert found == pytest.approx(played_at(pressing, [3.0])[0], abs=2e-4)


def test_ageing_is_the_same_for_the_same_seed():
    sound = np.zeros((44_100, 2))
    one, two = (play_worn(sound, 44_100, RecordCondition(), np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_missing_soundfont_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="No soundfont at"):
        soundfonts.find_soundfont(tmp_path / "none.sf2")


def test_a_missing_fluidsynth_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(UserError, match="fluidsynth is missing"):
        soundfonts.play(tmp_path / "any.mid", tmp_path / "any.sf2")


def test_the_shipped_recording_is_half_a_minute_of_44100_hz_stereo(recording):
    sound, rate = recording
    assert rate == 44_100
    assert sound.shape[1] == 2
    assert 29 < len(sound) / rate < 33


def test_the_shipped_recording_is_small():
    assert DEMO.stat().st_size < 700_000


def test_the_shipped_recording_is_loud_but_not_clipped(recording):
    sound, _ = recording
    assert np.all(np.abs(sound).max(axis=0) > 0.7)
    assert np.abs(sound).max() < 0.98
    assert np.all(np.sqrt(np.mean(sound**2, axis=0)) > 0.05)


def test_the_shipped_recording_ends_in_the_run_out(recording):
    sound, rate = recording
    end = sound[-rate:]
    assert 1e-4 < np.sqrt(np.mean(end**2)) < 0.01


def test_the_shipped_recording_rises_at_every_loud_kick_of_the_break(recording):
    sound, rate = recording
    truth = json.loads(TRUTH.read_text())
    first, last = (0.9 + bar * 4 * 60 / truth["bpm"] for bar in (6, 8))
    kicks = [time for time in truth["kick"] if first + 0.1 < time < last - 0.1]
    assert len(kicks) >= 5
    energy = np.square(sound.mean(axis=1))
    for time in kicks:
        at, width = round(time * rate), round(0.03 * rate)
        assert energy[at : at + width].mean() > 2 * energy[at - width : at].mean(), f"no rise at {time} s"


def test_the_truth_names_every_bar_of_chords():
    truth = json.loads(TRUTH.read_text())
    assert len(truth["chord"]) == BARS
