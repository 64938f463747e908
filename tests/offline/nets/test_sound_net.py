import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.nets.sound_net import image
from samplechop.offline.training.tasks.tags import sound_features

FEATURES = sound_features(("a",))


def shaped(samples: np.ndarray) -> np.ndarray:
    return image(samples.astype(np.float32), FEATURES).reshape(FEATURES.segments, FEATURES.n_bands, 2)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(int(44_100 * seconds)).astype(np.float32)


@given(st.integers(0, 400_000), st.floats(0, 1))
def test_a_picture_is_finite_and_of_one_size_whatever_the_length(length: int, level: float) -> None:
    picture = image(np.full(length, level, np.float32), FEATURES)
    assert picture.shape == (FEATURES.n_inputs,) and picture.dtype == np.float32
    assert np.isfinite(picture).all() and np.abs(picture).max() < 2


def test_the_level_of_a_sound_does_not_matter() -> None:
    np.testing.assert_allclose(shaped(noise(0.3)), shaped(0.01 * noise(0.3)), atol=1e-3)


def test_a_sound_fills_as_much_of_its_picture_as_it_lasts() -> None:
    filled = [int(np.sum(shaped(noise(seconds))[..., 0].max(axis=1) > 0)) for seconds in (0.05, 0.5, 2.0, 6.0)]
    assert filled == sorted(set(filled)) and filled[-1] == FEATURES.segments


@pytest.mark.parametrize("frequency", [100.0, 1000.0, 8000.0])
def test_a_tone_lies_in_its_band(frequency: float) -> None:
    import librosa

    times = np.arange(22_050) / 44_100
    band = int(shaped(np.sin(2 * np.pi * frequency * times))[10, :, 0].argmax())
    centres = librosa.mel_frequencies(FEATURES.n_bands + 2, fmin=30, fmax=16_000)[1:-1]
    assert abs(band - int(np.abs(centres - frequency).argmin())) <= 1


def test_what_comes_after_six_seconds_does_not_matter() -> None:
    long = noise(8.0)
    other = long.copy()
    other[int(6.1 * 44_100) :] = 0
    np.testing.assert_array_equal(shaped(long), shaped(other))


def test_strokes_in_one_segment_differ_from_a_steady_sound() -> None:
    steady = noise(4.0)
    gated = steady * (np.arange(len(steady)) % 11_025 < 2000)
    assert shaped(gated)[30:38, :, 1].mean() > 1.5 * shaped(steady)[30:38, :, 1].mean()
