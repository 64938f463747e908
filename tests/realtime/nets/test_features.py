"""Features of the streaming nets, and the activations made of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.models import ModelError
from samplechop.realtime.dsp.band_spectrum import BandSpectrum, band_weights
from samplechop.realtime.nets import fine_features
from samplechop.realtime.nets.features import (
    HOP_LENGTH,
    N_FEATURES,
    PER_HOP,
    DrumFeatureStream,
    FeatureStream,
)
from samplechop.realtime.nets.fine_features import LATE_HOPS, N_EARLY, FineFeatureStream
from samplechop.realtime.nets.streaming import ActivationStream
from tests.support.signals import RATE, record

MOST = 5000
Source = FeatureStream | DrumFeatureStream | FineFeatureStream


@pytest.fixture(scope="module")
def stream() -> FeatureStream:
    return FeatureStream(MOST)


@pytest.fixture(scope="module")
def drums() -> DrumFeatureStream:
    return DrumFeatureStream(MOST)


@pytest.fixture(scope="module")
def fine() -> FineFeatureStream:
    return FineFeatureStream(MOST)


@pytest.fixture(scope="module", params=["stream", "drums", "fine"])
def features(request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def activations() -> ActivationStream:
    return ActivationStream(models.load("chop"), MOST)


def push(stream: Source | ActivationStream, audio: np.ndarray, sizes: list[int]) -> np.ndarray:
    stream.reset()
    rows, start = [], 0
    while start < len(audio):
        for size in sizes:
            if start < len(audio):
                rows.append(stream.push(audio[start : start + size]).copy())
            start += size
    return np.concatenate(rows)


@given(sizes=st.lists(st.integers(1, MOST), min_size=1, max_size=5))
def test_features_do_not_depend_on_how_blocks_are_cut(features: Source, sizes: list[int]) -> None:
    audio, _ = record(1.5)
    np.testing.assert_array_equal(push(features, audio, sizes), push(features, audio, [MOST]))


@given(sizes=st.lists(st.integers(1, MOST), min_size=1, max_size=5))
def test_activations_do_not_depend_on_how_blocks_are_cut(activations: ActivationStream, sizes: list[int]) -> None:
    audio, _ = record(1.5)
    np.testing.assert_array_equal(push(activations, audio, sizes), push(activations, audio, [MOST]))


def test_a_frame_is_there_when_its_latency_has_passed(stream: FeatureStream) -> None:
    stream.reset()
    frame = 40
    needed = (2 * frame + 1) * HOP_LENGTH + stream.latency
    audio, _ = record(1.5)
    early = push(stream, audio[: needed - HOP_LENGTH], [MOST])
    assert len(early) <= frame
    assert len(push(stream, audio[: needed + HOP_LENGTH], [MOST])) >= frame + 1


def test_a_drum_frame_is_there_when_its_latency_has_passed(drums: DrumFeatureStream) -> None:
    frame, audio = 40, record(1.5)[0]
    needed = frame * HOP_LENGTH + drums.latency
    assert len(push(drums, audio[: needed - 1], [MOST])) == frame
    assert len(push(drums, audio[:needed], [MOST])) == frame + 1


def test_a_row_of_fine_bands_is_there_when_its_latency_has_passed(fine: FineFeatureStream) -> None:
    row, audio = 40, record(1.5)[0]
    needed = row * HOP_LENGTH + fine.latency
    assert len(push(fine, audio[: needed - 1], [MOST])) == row
    assert len(push(fine, audio[:needed], [MOST])) == row + 1


def test_constant_q_bins_come_as_many_hops_late_as_they_say(fine: FineFeatureStream, stream: FeatureStream) -> None:
    audio = record(2.0)[0]
    late = push(fine, audio, [MOST])[:, -fine_features.OCTAVES - 1 :]
    coarse = push(stream, audio, [MOST]).reshape(-1, PER_HOP)[:, -fine_features.OCTAVES - 1 :]
    assert not late[:LATE_HOPS].any()
    np.testing.assert_array_equal(late[LATE_HOPS:][: len(coarse)], coarse)


def test_each_semitone_of_an_octave_is_highest_in_a_band_of_its_own() -> None:
    weights = band_weights(RATE, fine_features.LOW_BINS, fine_features.LOG_BANDS, fine_features.HIGHEST_HZ)
    spectrum, seconds = BandSpectrum(RATE, HOP_LENGTH, weights=weights), np.arange(4096) / RATE
    out = np.zeros((4096 // HOP_LENGTH + 1, N_EARLY), np.float32)
    highest = []
    for semitone in range(12):
        spectrum.reset()
        spectrum.push(np.sin(2 * np.pi * 1760 * 2 ** (semitone / 12) * seconds).astype(np.float32), out)
        highest.append(int(out[8].argmax()))
    assert len(set(highest)) == 12


def test_level_hardly_changes_features_of_loud_sound(features: Source) -> None:
    rng = np.random.default_rng(0)
    noise = (0.3 * rng.standard_normal(2 * RATE)).astype(np.float32)
    loud, soft = push(features, noise, [MOST]), push(features, noise * np.float32(0.25), [MOST])
    assert np.abs(loud[20:] - soft[20:]).mean() < 0.1


def test_both_hops_of_a_frame_are_levelled_alike(stream: FeatureStream) -> None:
    rows = push(stream, record(2.0)[0], [MOST])
    assert rows.shape[1] == N_FEATURES == 2 * PER_HOP
    assert np.abs(rows[:, :PER_HOP].mean() - rows[:, PER_HOP:].mean()) < 0.05


def test_a_window_net_gives_no_activations() -> None:
    with pytest.raises(ModelError, match="single windows"):
        ActivationStream(models.load("chop-61"), MOST)


def test_silence_activates_nothing(activations: ActivationStream) -> None:
    rows = push(activations, np.zeros(4 * RATE, np.float32), [MOST])
    assert rows.max() < 0.3


@pytest.mark.parametrize("block", [np.zeros(256), np.zeros(256, np.int16), np.zeros((256, 1), np.float32)])
def test_a_block_of_another_type_is_refused(fine: FineFeatureStream, block: np.ndarray) -> None:
    with pytest.raises(TypeError, match="float32"):
        fine.push(block)


def test_a_block_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="512 samples"):
        FineFeatureStream(256).push(np.zeros(512, np.float32))
