"""Slices as wav files: what is asked of them is done, and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits import write_slices
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.options import ChopOptions
from tests.support.records import RATE, noise, record

WHOLE = ChopOptions(until="chosen")


def shaped(folder: Path, samples: np.ndarray, options: ChopOptions, stop: int | None = None) -> np.ndarray:
    taken = record(folder, samples, subtype="FLOAT")
    piece = Piece(0, stop or taken.length, 0.5)
    return np.concatenate(list(write_slices.shaped(taken, piece, options, taken.length)))


def test_a_fade_ends_in_silence_and_leaves_what_is_before_it(tmp_path: Path) -> None:
    out = shaped(tmp_path, np.full((RATE, 1), 0.5), ChopOptions(fade_ms=10))
    assert out[-1, 0] == 0.0
    np.testing.assert_array_equal(out[:-441, 0], 0.5)


def test_a_tail_rings_out_into_what_follows(tmp_path: Path) -> None:
    out = shaped(tmp_path, np.full((RATE, 1), 0.5), ChopOptions(tail_ms=100), stop=20_000)
    assert len(out) == 24_410
    np.testing.assert_array_equal(out[:20_000, 0], 0.5)
    assert np.all(np.diff(out[20_000:, 0]) <= 0)


def test_the_peak_is_normalised(tmp_path: Path) -> None:
    out = shaped(tmp_path, 0.1 * noise(RATE, 2), ChopOptions(normalise="peak"))
    assert np.abs(out).max() == pytest.approx(10 ** (write_slices.PEAK_DBFS / 20))


@pytest.mark.parametrize("frames", [RATE, 2000])
def test_loudness_is_normalised(tmp_path: Path, frames: int) -> None:
    import pyloudnorm

    out = shaped(tmp_path, 0.01 * noise(frames, 2), ChopOptions(normalise="lufs"))
    meter = pyloudnorm.Meter(RATE, block_size=min(0.4, frames / RATE))
    assert meter.integrated_loudness(out) == pytest.approx(write_slices.LUFS, abs=0.1)


def test_silence_stays_silence_when_normalised(tmp_path: Path) -> None:
    assert not shaped(tmp_path, np.zeros((RATE, 1)), ChopOptions(normalise="lufs")).any()


def test_a_declick_takes_half_a_millisecond_at_both_ends(tmp_path: Path) -> None:
    out, reach = shaped(tmp_path, np.full((RATE, 1), 0.5), ChopOptions(declick=True))[:, 0], RATE // 2000
    assert out[0] == out[-1] == 0.0
    assert np.all(np.diff(out[: reach + 1]) > 0)
    assert np.all(out[reach:-reach] == out[RATE // 2])


def test_silence_at_the_ends_is_trimmed(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros((1000, 2)), noise(5000, 2), np.zeros((3000, 2))])
    assert len(shaped(tmp_path, samples, ChopOptions(trim=True))) == 5000


def test_mono_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    samples = noise(1000, 2).astype(np.float32)
    np.testing.assert_allclose(
        shaped(tmp_path, samples, ChopOptions(mono=True)), samples.mean(axis=1, keepdims=True), atol=1e-7
    )


def test_a_resampled_slice_lasts_as_long(tmp_path: Path) -> None:
    taken = record(tmp_path, noise(RATE, 2))
    path = tmp_path / "slice.wav"
    frames = write_slices.write_slice(taken, Piece(0, RATE, 0.5), path, ChopOptions(resample=48_000), taken.length)
    info = soundfile.info(path)
    assert (info.samplerate, info.frames, frames) == (48_000, 48_000, 48_000)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_a_fade_changes_nothing_before_it(tmp_path: Path, subtype: str) -> None:
    taken = record(tmp_path, noise(RATE, 2), subtype=subtype)
    path = tmp_path / "slice.wav"
    write_slices.write_slice(taken, Piece(0, RATE, 0.5), path, ChopOptions(fade_ms=10), taken.length)
    before = soundfile.read(taken.source, RATE - 441, dtype="int32")[0]
    np.testing.assert_array_equal(soundfile.read(path, RATE - 441, dtype="int32")[0], before)


EVERYTHING = ChopOptions(fade_ms=30, tail_ms=200, normalise="lufs", mono=True, resample=32_000, trim=True)


@pytest.mark.parametrize(
    "options",
    [
        EVERYTHING,
        replace(EVERYTHING, mono=False, normalise="peak"),
        ChopOptions(fade_ms=1000),
        ChopOptions(tail_ms=300),
        ChopOptions(trim=True),
    ],
)
def test_what_is_asked_of_a_slice_does_not_depend_on_its_blocks(
    options: ChopOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.concatenate([np.zeros((700, 2)), 0.1 * noise(20_000, 2), np.zeros((900, 2)), 0.2 * noise(9000, 2)])
    whole = shaped(tmp_path, samples, options, stop=21_200)
    monkeypatch.setattr(write_slices, "BLOCK", 333)
    np.testing.assert_allclose(shaped(tmp_path, samples, options, stop=21_200), whole, rtol=0, atol=1e-12)


def test_changes_are_made_in_the_order_that_is_told(tmp_path: Path) -> None:
    import soxr

    samples = np.concatenate([np.zeros((700, 2)), 0.1 * noise(30_000, 2)]).astype(np.float32).astype(np.float64)
    stop, tail = 20_000, 4410
    wanted = samples[: stop + tail].mean(axis=1)
    wanted[stop:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, tail + 1) / tail)
    loud = np.flatnonzero(np.abs(wanted) > 0.001 * np.abs(wanted).max())
    wanted = soxr.resample(wanted[loud[0] : loud[-1] + 1], RATE, 32_000, "VHQ")
    wanted *= 10 ** (write_slices.PEAK_DBFS / 20) / np.abs(wanted).max()
    wanted[-960:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, 961) / 960)
    options = replace(EVERYTHING, tail_ms=100, normalise="peak")
    np.testing.assert_allclose(shaped(tmp_path, samples, options, stop)[:, 0], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rate", [11_025, RATE])
@pytest.mark.parametrize("seconds", [0.3, 0.5, 11.0, 12.02, 35.77])
def test_loudness_is_what_pyloudnorm_measures_of_the_whole(seconds: float, rate: int) -> None:
    import pyloudnorm

    frames = round(seconds * rate)
    swell = np.abs(np.sin(np.arange(frames) / rate / 3))[:, None] ** 4
    signal = np.cumsum(noise(frames, 2), axis=0) * 1e-3 * swell
    meter = pyloudnorm.Meter(rate, block_size=min(0.4, seconds))
    blocks = (signal[first : first + 7001] for first in range(0, frames, 7001))
    assert write_slices.loudness(blocks, rate) == pytest.approx(meter.integrated_loudness(signal), abs=1e-6)


@pytest.mark.parametrize("frames", [1, 7, 1379, 2003, 17_639, 17_640])
def test_short_signals_have_a_loudness(frames: int) -> None:
    assert write_slices.loudness([np.full((frames, 1), 0.5)], 48_000) < 0.0


def test_silence_has_no_loudness() -> None:
    assert write_slices.loudness([np.zeros((RATE, 7))], RATE) == -np.inf


@pytest.mark.parametrize("options", [ChopOptions(resample=4000), EVERYTHING, ChopOptions(trim=True, normalise="lufs")])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_the_shortest_slice_has_a_sample(options: ChopOptions, level: float, tmp_path: Path) -> None:
    taken = record(tmp_path, np.full((1000, 2), level), rate=384_000)
    path = tmp_path / "slice.wav"
    frames = write_slices.write_slice(taken, Piece(500, 501, 0.5), path, options, 501)
    assert frames == soundfile.info(path).frames == 1


@pytest.mark.parametrize(
    "options", [ChopOptions(fade_ms=10), ChopOptions(normalise="lufs", trim=True, mono=True, resample=48_000)]
)
def test_the_memory_of_a_slice_does_not_grow_with_its_length(options: ChopOptions, tmp_path: Path) -> None:
    import tracemalloc

    def most(seconds: int) -> int:
        taken = record(tmp_path, 0.1 * noise(seconds * 8000, 2), 8000)
        piece = Piece(0, taken.length, 0.5)
        tracemalloc.start()
        try:
            write_slices.write_slice(taken, piece, tmp_path / "slice.wav", options, taken.length)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(1)  # what is imported on first use does not count
    assert most(240) < 1.2 * most(60)
