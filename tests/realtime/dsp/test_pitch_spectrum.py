"""The streaming spectrum of the harmony net against the definition, librosa and itself."""

from functools import cache

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.realtime.dsp.pitch_spectrum import (
    BINS_PER_OCTAVE,
    FLOOR_DB,
    FMIN_HZ,
    N_BINS,
    HarmonySpectrum,
    frequencies,
    weights_of,
)
from tests.support.signals import RATE, chord, record

LENGTH = 8192


def run(audio: NDArray[np.float32], sizes: list[int], **kind: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    spectrum = HarmonySpectrum(max(*sizes, 1), RATE, **kind)
    rows, levels, start = [], [], 0
    while start < len(audio):
        for size in sizes:
            rows.append(spectrum.push(audio[start : start + size]).copy())
            levels.append(spectrum.levels.copy())
            start += size
    return np.concatenate(rows), np.concatenate(levels)


def direct(frame: NDArray[np.float32]) -> NDArray[np.float64]:
    """Each bin by its definition: a Hann window as long as Q periods, or as the frame, times the bin's frequency."""
    q, times = 1 / (2 ** (1 / BINS_PER_OCTAVE) - 1), np.arange(LENGTH) - LENGTH // 2
    found = []
    for frequency in frequencies():
        size = min(q * RATE / frequency, LENGTH)
        window = np.where(np.abs(times) < size / 2, 0.5 + 0.5 * np.cos(2 * np.pi * times / size), 0)
        found.append(abs(np.sum(frame * window / window.sum() * np.exp(-2j * np.pi * frequency / RATE * times))))
    return np.array(found) * weights_of(frequencies())


def test_bins_are_those_of_the_definition_in_decibels_below_the_loudest() -> None:
    audio, _ = record(2.0)
    got, _ = run(audio, [len(audio)])
    padded = np.concatenate([np.zeros(LENGTH // 2, np.float32), audio])
    for frame in (0, 3, 20):
        wanted = direct(padded[frame * 2048 : frame * 2048 + LENGTH])
        decibels = np.maximum(20 * np.log10(wanted / wanted.max()), -FLOOR_DB)
        own = (got[frame] - 1) * FLOOR_DB
        np.testing.assert_allclose(own[decibels > -45], decibels[decibels > -45], atol=0.3)
        assert own[decibels <= -45].max(initial=-FLOOR_DB) < -42


def test_above_the_octaves_that_are_cut_short_it_is_librosas_constant_q() -> None:
    audio = chord(220.0, 2.0)
    got, _ = run(audio, [len(audio)])
    lowest = FMIN_HZ * 2 ** (-1 / BINS_PER_OCTAVE)
    theirs = librosa.cqt(
        audio, sr=RATE, hop_length=2048, fmin=lowest, n_bins=N_BINS, bins_per_octave=BINS_PER_OCTAVE, norm=1
    )
    # It divides by the root of a kernel's length, not by the length, and all frequencies count alike.
    wanted = np.abs(theirs) * (np.sqrt(frequencies()) * weights_of(frequencies()))[:, None]
    frame, uncut = 15, frequencies() > 300
    decibels = 20 * np.log10(wanted[:, frame] / wanted[uncut, frame].max())
    own = (got[frame] - got[frame, uncut].max()) * FLOOR_DB
    loud = uncut & (decibels > -30)
    assert loud.sum() > 10
    np.testing.assert_allclose(own[loud], decibels[loud], atol=1.0)


@cache
def uncut() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Give a short record, and its frames and levels where it comes as one block."""
    audio, _ = record(0.4)
    return audio, *run(audio, [len(audio)])


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=5))
def test_frames_and_levels_do_not_depend_on_how_blocks_are_cut(sizes: list[int]) -> None:
    audio, *wholes = uncut()
    for one, whole in zip(run(audio, sizes), wholes, strict=True):
        np.testing.assert_array_equal(one, whole)


def test_half_the_rate_gives_the_same() -> None:
    t = np.arange(RATE) / RATE
    audio = sum(np.sin(2 * np.pi * f * t) / f for f in (130.8, 261.6, 987.8, 3136.0)).astype(np.float32)
    full, _ = run(audio, [len(audio)])
    half = HarmonySpectrum(RATE, RATE // 2)
    frames = half.push(np.ascontiguousarray(audio[::2]))
    np.testing.assert_allclose(frames[4:9], full[4:9], atol=0.02)


def test_a_tone_is_loudest_in_its_own_bin_and_silence_is_nothing() -> None:
    t = np.arange(RATE) / RATE
    frames, levels = run((0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), [RATE])
    assert frequencies()[np.argmax(frames[10])] == pytest.approx(440.0)
    assert levels[10] == pytest.approx(-9.03, abs=0.05)
    silent, levels = run(np.zeros(RATE, np.float32), [RATE])
    assert not silent.any()
    assert levels.max() < -150


def test_the_plain_spectrum_is_that_of_numpy() -> None:
    audio, _ = record(1.0)
    got, _ = run(audio, [len(audio)], kind="spectrum")
    padded = np.concatenate([np.zeros(LENGTH // 2, np.float32), audio])
    wanted = np.abs(np.fft.rfft(padded[6 * 2048 : 6 * 2048 + LENGTH] * np.hanning(LENGTH + 1)[:-1]))[: got.shape[1]]
    wanted *= weights_of(np.arange(len(wanted)) * RATE / LENGTH)
    decibels = np.maximum(20 * np.log10(wanted / wanted.max() + 1e-9), -FLOOR_DB)
    np.testing.assert_allclose((got[6] - 1) * FLOOR_DB, decibels, atol=0.05)


def test_what_is_no_number_is_silence_and_reset_is_new() -> None:
    audio, _ = record(1.0)
    spectrum = HarmonySpectrum(len(audio))
    first = spectrum.push(audio).copy()
    spectrum.push(np.full(5000, np.nan, np.float32))
    assert np.isfinite(spectrum.push(np.full(9000, np.inf, np.float32))).all()
    spectrum.reset()
    np.testing.assert_array_equal(spectrum.push(audio), first)


def test_a_block_longer_than_promised_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 64 samples, got 65"):
        HarmonySpectrum(64).push(np.zeros(65, np.float32))
