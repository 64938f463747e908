"""The transforms behind fingerprints; librosa is the judge of the constant-Q transform."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas import fingerprints

RATE = 22_050
KINDS = (fingerprints.constant_q, fingerprints.stft, fingerprints.mel)
kinds = pytest.mark.parametrize("kind", KINDS)


def noise(length: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(length).astype(np.float32)


@pytest.mark.parametrize("octave", [0, 1, 2, 3])
def test_the_constant_q_transform_is_librosas(octave):
    bands, frames, frame, hop = 17, 64, 100, 5  # an odd hop, with which librosa takes no shortcut
    low = fingerprints.highest_hz(RATE) / 2 ** ((bands - 1) / 4)
    sound = noise(frames * frame)
    ours = fingerprints.constant_q(RATE, len(sound), bands, frames, low)(sound[None])[0, 4 * octave : 4 * octave + 4]
    settings = {"sr": RATE, "fmin": low * 2**octave, "n_bins": 4, "bins_per_octave": 4}
    found = np.abs(librosa.cqt(sound, hop_length=hop, tuning=0.0, **settings))[:, : frames * frame // hop]
    lengths = librosa.filters.wavelet_lengths(freqs=low * 2 ** (octave + np.arange(4) / 4), sr=RATE)[0]
    # librosa's gain grows with the root of a kernel's length; half a sine's amplitude is at its positive frequency.
    theirs = ((2 * found) ** 2 / lengths[:, None]).reshape(4, frames, -1).mean(axis=2)
    np.testing.assert_allclose(ours.sum(axis=1), theirs.sum(axis=1), rtol=0.01)
    np.testing.assert_allclose(ours, theirs, atol=0.1 * theirs.max())


@kinds
def test_a_sine_of_full_scale_has_about_unit_power_in_its_band(kind):
    window = 8192
    wave = np.sin(2 * np.pi * 1500 * np.arange(window) / RATE).astype(np.float32)
    power = kind(RATE, window, 32, 16)(wave[None])[0]
    assert power.shape == (32, 16)
    middle = power[:, 3:-3]
    assert np.all(middle.argmax(axis=0) == middle[:, 0].argmax())
    assert 0.4 < middle.max() < 1.05


@kinds
@given(place=st.integers(0, 4095))
def test_a_click_is_seen_wherever_it_falls(kind, place):
    sound = np.zeros((1, 4096), np.float32)
    sound[0, place] = 1
    power = kind(RATE, 4096, 16, 16)(sound)[0]
    assert power[:, place // 256].max() > 0
    assert power.sum() > 0.25 * kind(RATE, 4096, 16, 16)(np.roll(sound, 2048 - place, axis=1)).sum()


@kinds
def test_the_end_does_not_leak_into_the_beginning(kind):
    sound = np.zeros((1, 8192), np.float32)
    sound[0, -1] = 1
    power = kind(RATE, 8192, 16, 16)(sound)[0]
    assert power[:, :4].max() < 1e-4 * power.max()


@kinds
def test_silence_has_no_power(kind):
    assert not kind(RATE, 2048, 8, 8)(np.zeros((2, 2048), np.float32)).any()


@kinds
def test_every_band_hears_something_of_noise(kind):
    assert np.all(kind(RATE, 16384, 128, 8)(noise(16384)[None])[0].max(axis=1) > 0)
