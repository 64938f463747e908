"""Noise in which there is nothing to find, and how loud a recording is."""

import numpy as np
import pytest
import soundfile

from samplechop.offline.evaluate import runner
from samplechop.realtime.core.errors import UserError

RATE = 44_100


def test_made_surfaces_are_finite_and_as_long_as_asked():
    made = runner.synthetic_noises(2.0)
    assert {"hiss", "hum", "crackle", "run-out", "groove", "silence"} == set(made)
    for sounds in made.values():
        for sound in sounds:
            assert len(sound) == 2 * RATE
            assert np.isfinite(sound).all()


def test_a_real_surface_is_played_round_and_round_without_a_seam(tmp_path):
    path = tmp_path / "vinyl_hiss.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal(2 * RATE), RATE, subtype="FLOAT")
    assert runner.real_noises(tmp_path)[0] == path
    loud, soft = runner.looped(path, 10.0)
    assert len(loud) >= 10 * RATE
    assert np.max(np.abs(loud)) < 1
    np.testing.assert_allclose(soft, 0.1 * loud, rtol=1e-5)
    power = np.square(loud[: 10 * RATE]).reshape(-1, RATE // 10).mean(axis=1)
    assert power.max() < 1.6 * power.min()


def test_a_groove_too_short_to_go_round_is_named(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.zeros(RATE // 4), RATE)
    with pytest.raises(UserError, match=r"short\.wav' is too short"):
        runner.looped(tmp_path / "short.wav")


def test_an_outline_shows_where_it_is_loud():
    samples = np.zeros(10 * runner.OUTLINE + 3, np.float32)
    samples[-1] = -0.5
    peaks = runner.outline(samples)
    assert peaks.shape == (runner.OUTLINE,)
    assert peaks.max() == 1
    assert np.flatnonzero(peaks).tolist() == [len(samples) // -(-len(samples) // runner.OUTLINE)]
    assert runner.outline(np.zeros(0, np.float32)).tolist() == [0.0] * runner.OUTLINE
