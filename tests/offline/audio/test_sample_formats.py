"""Sample formats: what is exact, what is rounded, what a wav holds."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.audio.sample_formats import (
    BYTES,
    FLOATS,
    container,
    exact_dtype,
    mixed,
    quantised,
    resampled,
    wav_file,
)

WHOLE = [subtype for subtype in BYTES if subtype not in FLOATS]


@pytest.mark.parametrize("subtype", WHOLE)
@given(values=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=30))
def test_whole_numbers_read_as_floats_are_the_same_whole_numbers_again(subtype: str, values: list[int]) -> None:
    kept = np.array(values) >> (32 - 8 * BYTES[subtype]) << (32 - 8 * BYTES[subtype])
    np.testing.assert_array_equal(quantised(kept / 2.0**31, subtype), kept)


@pytest.mark.parametrize("subtype", WHOLE)
def test_what_is_beyond_full_scale_is_clipped_and_what_is_no_number_is_silence(subtype: str) -> None:
    rounded = quantised(np.array([9.0, np.inf, -9.0, -np.inf, np.nan]), subtype).tolist()
    step = 1 << (32 - 8 * BYTES[subtype])
    assert rounded == [2**31 - step, 2**31 - step, -(2**31), -(2**31), 0]


@pytest.mark.parametrize("subtype", list(BYTES))
def test_samples_are_written_as_they_were_rounded(subtype: str, tmp_path) -> None:
    rounded = quantised(np.random.default_rng(1).uniform(-1, 1, (500, 2)), subtype)
    soundfile.write(tmp_path / "a.wav", rounded, 44_100, subtype)
    read = soundfile.read(tmp_path / "a.wav", dtype=exact_dtype(subtype))[0]
    assert read.dtype == rounded.dtype == exact_dtype(subtype)
    np.testing.assert_array_equal(read, rounded)


def test_beyond_four_gigabytes_a_wav_is_rf64() -> None:
    assert container(3 * 3600 * 44_100, 2, "PCM_16") == "WAV"
    assert container(4 * 3600 * 44_100, 2, "PCM_32") == "RF64"


def test_a_disk_that_takes_no_more_is_an_error_of_the_system() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with pytest.raises(OSError, match="is the disk full"), wav_file(full, 44_100, 1, "PCM_16", 10_000) as file:
        file.write(np.ones((10_000, 1), np.int32))


def test_channels_are_mixed_to_their_mean() -> None:
    samples = np.array([[0.25, 0.5, -0.75], [1.0, 0.0, 0.5]])
    np.testing.assert_array_equal(mixed(samples, 1), [[0.0], [0.5]])
    np.testing.assert_array_equal(mixed(samples, 3), samples)


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 48_000), (96_000, 44_100), (48_000, 48_000)])
def test_resampling_does_not_depend_on_blocks(rate: int, wanted: int) -> None:
    import soxr

    samples = np.random.default_rng(2).uniform(-1, 1, (5000, 2))
    parts = [samples[:1], samples[1:1], samples[1:3000], samples[3000:]]
    whole = soxr.resample(samples, rate, wanted, "VHQ")
    np.testing.assert_allclose(np.concatenate(list(resampled(parts, rate, wanted, 2))), whole, rtol=0, atol=1e-12)
