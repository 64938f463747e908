import numpy as np
import pytest
import soundfile

from offline.training.sounds import MADE, RATE, gather, is_held_out, role_of, trimmed
from realtime.errors import UserError


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("bd_808", "kick"),
        ("Kicks/deep one", "kick"),
        ("drum_snare_hard", "snare"),
        ("drum_cymbal_closed", "hat"),
        ("drum_cymbal_hard", "cymbal"),
        ("drum_tom_hi_soft", "tom"),
        ("loop_amen", "loop"),
        ("guit_em9", "stab"),
        ("vinyl_hiss", None),
    ],
)
def test_a_path_says_what_a_sound_is(path, role):
    assert role_of(path) == role


def test_a_trimmed_sound_starts_at_its_attack():
    sound = np.concatenate([np.full(500, 0.001), 0.5 * np.ones(1000)]).astype(np.float32)
    assert trimmed(sound)[0] == 1.0
    assert len(trimmed(sound)) == 1000


def test_a_silent_sound_is_trimmed_to_nothing():
    assert len(trimmed(np.zeros(100, np.float32))) == 0


def test_about_every_fifth_sound_is_held_out():
    held = sum(is_held_out(f"sound {number}") for number in range(1000))
    assert 150 < held < 250


@pytest.mark.parametrize("role", sorted(MADE))
def test_made_drums_are_the_same_for_the_same_seed(role):
    one, two = (MADE[role](np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.max(np.abs(one)) == pytest.approx(1)


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="No folder of sounds"):
        gather([tmp_path / "none"])


def test_a_folder_without_kicks_is_refused(tmp_path):
    soundfile.write(tmp_path / "sn_one.wav", np.ones(RATE // 10) * 0.5, RATE)
    with pytest.raises(UserError, match="Fewer than two kick sounds"):
        gather([tmp_path])


def test_a_file_that_is_no_audio_is_refused(tmp_path):
    (tmp_path / "kick.wav").write_text("words")
    with pytest.raises(UserError, match=r"kick\.wav.*cannot be read"):
        gather([tmp_path])
