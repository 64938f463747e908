"""The streaming band spectrum against numpy's Fourier transform."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from samplechop.realtime.dsp import fft
from samplechop.realtime.dsp.band_spectrum import FLOOR, LANES, LENGTH, N_BANDS, BandSpectrum, band_weights
from tests.support.signals import RATE, record

HOP = 256


def run(audio: np.ndarray, sizes: list[int]) -> np.ndarray:
    spectrum = BandSpectrum(RATE, HOP)
    out = np.zeros((len(audio) // HOP + 2, N_BANDS), np.float32)
    rows, start = [], 0
    while start < len(audio):
        for size in sizes:
            n = spectrum.push(audio[start : start + size], out)
            rows.append(out[:n].copy())
            start += size
    return np.concatenate(rows)


@pytest.mark.parametrize("length", [16, 64, 512, 1024])
def test_magnitudes_are_those_of_the_fourier_transform(length: int) -> None:
    rng = np.random.default_rng(length)
    frame, window = rng.standard_normal(length).astype(np.float32), np.hanning(length).astype(np.float32)
    out = np.zeros(length // 2, np.float32)

    @njit
    def transform(frame, window, table, work, out):
        fft.magnitudes(frame, window, table, work, out)

    transform(frame, window, fft.twiddles(length), np.zeros((4, length // 2), np.float32), out)
    np.testing.assert_allclose(out, np.abs(np.fft.rfft(frame * window))[: length // 2], rtol=2e-5, atol=2e-5)


def test_a_window_that_falls_quickly_shows_what_came_last() -> None:
    click = np.zeros(LENGTH, np.float32)
    click[-160] = 1.0
    out = np.zeros((LENGTH // HOP + 1, N_BANDS), np.float32)
    loud = []
    for fall in (LENGTH // 2, 128):
        BandSpectrum(RATE, HOP, fall).push(click, out)
        loud.append(out[(LENGTH - LENGTH // 2) // HOP].copy())
    assert (loud[1] > loud[0] + 1).all()


def test_bands_are_weighted_sums_of_a_hann_spectrum() -> None:
    audio, _ = record(2.0)
    got = run(audio, [len(audio)])
    padded = np.concatenate([np.zeros(LENGTH // 2, np.float32), audio, np.zeros(LENGTH, np.float32)])
    window, weights = np.hanning(LENGTH + 1)[:-1], band_weights(RATE)
    for frame in (0, 1, 40, 200, len(got) - 1):
        spectrum = np.abs(np.fft.rfft(padded[frame * HOP : frame * HOP + LENGTH] * window))[: LENGTH // 2]
        np.testing.assert_allclose(got[frame], np.log(weights @ spectrum + FLOOR), atol=2e-4)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=6))
def test_frames_do_not_depend_on_how_blocks_are_cut(sizes: list[int]) -> None:
    audio, _ = record(1.0)
    np.testing.assert_array_equal(run(audio, sizes), run(audio, [len(audio)]))


def test_what_is_no_number_is_silence() -> None:
    audio, _ = record(1.0)
    broken, mended = audio.copy(), audio.copy()
    broken[5000:5003], mended[5000:5003] = (np.nan, np.inf, 1e30), 0
    np.testing.assert_array_equal(run(broken, [700]), run(mended, [700]))


def test_too_little_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 rows"):
        BandSpectrum(RATE, HOP).push(np.zeros(4 * HOP, np.float32), np.zeros((2, N_BANDS), np.float32))


def test_every_band_covers_something_and_the_range_has_no_hole() -> None:
    weights = band_weights(RATE)
    assert (weights.sum(axis=1) > 0).all()
    covered = np.flatnonzero(weights.sum(axis=0) > 0)
    assert np.array_equal(covered, np.arange(1, covered[-1] + 1))


def test_frames_side_by_side_have_the_bits_of_frames_alone() -> None:
    audio, _ = record(1.0)
    found = []
    for lanes in (1, LANES):
        spectrum, out = BandSpectrum(RATE, HOP, lanes=lanes), np.zeros((len(audio) // HOP + 2, N_BANDS), np.float32)
        found.append(out[: spectrum.push(audio, out)].tobytes())
    assert found[0] == found[1]
