import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.collect.normalise import HOP, statistics, trimmed
from tests.support.signals import RATE, chord, kick, snare

RNG = np.random.default_rng(0)
SOUNDS = {
    "kick": kick(RNG),
    "snare": snare(RNG),
    "chord": chord(110.0, 2.0),
    "noise": (RNG.standard_normal(700_000) * 0.1).astype(np.float32),
    "short": snare(RNG)[:300],
    "one": np.ones(1, np.float32),
    "nothing": np.zeros(5000, np.float32),
}


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")
@pytest.mark.parametrize("name", SOUNDS)
def test_spectral_figures_are_those_of_librosa(name):
    samples = SOUNDS[name]
    found, feature = statistics(samples, RATE), librosa.feature
    assert found["centroid"] == pytest.approx(
        feature.spectral_centroid(y=samples, sr=RATE, hop_length=HOP).mean(), rel=1e-3
    )
    # Where it is small, single precision counts: how far the highest bins lie from the mean enters squared.
    assert found["bandwidth"] == pytest.approx(
        feature.spectral_bandwidth(y=samples, sr=RATE, hop_length=HOP).mean(), rel=1e-2
    )
    assert found["rolloff"] == pytest.approx(
        feature.spectral_rolloff(y=samples, sr=RATE, hop_length=HOP).mean(), rel=1e-3, abs=25
    )
    assert found["flatness"] == pytest.approx(feature.spectral_flatness(y=samples, hop_length=HOP).mean(), rel=1e-3)


@pytest.mark.parametrize("hertz", [100.0, 1000.0, 5000.0])
def test_a_sine_has_its_pitch_as_centroid_and_crosses_zero_twice_a_period(hertz):
    sine = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE + 0.1).astype(np.float32)
    found = statistics(sine, RATE)
    assert found["zero_crossings"] == pytest.approx(2 * hertz, rel=0.01)
    assert found["rms"] == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert found["centroid"] == pytest.approx(hertz, rel=0.3)


def padded(before: int, after: int, quiet: float) -> np.ndarray:
    sound = (0.9 * np.sin(np.arange(1000) * 0.3) * np.linspace(1, 0.1, 1000)).astype(np.float32)
    noise = np.full(before + after, quiet, np.float32)
    noise[::2] *= -1
    return np.concatenate([noise[:before], np.float32([0.9]), sound, np.float32([0.1]), noise[before:]])


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 0.0008), st.floats(0.001, 4.0))
def test_silence_goes_and_the_peak_becomes_1_however_loud_it_was(before, after, quiet, gain):
    samples = (padded(before, after, quiet) * np.float32(gain)).astype(np.float32)
    found = trimmed(samples)
    assert found is not None
    sound, first, peak = found
    assert (len(sound), first) == (1002, before)
    assert np.abs(sound).max() == np.float32(1)
    assert peak == pytest.approx(0.9 * gain, rel=0.02)


@given(st.integers(0, 500), st.integers(0, 500))
def test_what_was_trimmed_stays_as_it_is(before, after):
    found = trimmed(padded(before, after, 0.0))
    assert found is not None
    again = trimmed(found[0])
    assert again is not None and again[1] == 0 and np.array_equal(again[0], found[0])


@pytest.mark.parametrize("constant", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("length", [0, 1, 1000])
def test_what_does_not_move_is_silent(constant, length):
    assert trimmed(np.full(length, constant, np.float32)) is None


def test_the_noise_of_rounding_to_16_bits_is_silent():
    noise = RNG.integers(-2, 3, 1000) / 2**15
    assert trimmed(noise.astype(np.float32)) is None
