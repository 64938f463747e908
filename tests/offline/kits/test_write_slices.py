"""Where slices begin and end, and that what is cut is the record."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits import plan, write_slices
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record

RATE = 44_100
WHOLE = ChopOptions(until="chosen")


def noise(frames: int, channels: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (frames, channels))


def record(folder: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> Record:
    path = folder / "record.wav"
    soundfile.write(path, samples, rate, subtype)
    return open_record(path, folder)


def cut(taken: Record, places: list[int], folder: Path, options: ChopOptions = WHOLE) -> list[Path]:
    chosen, _ = plan.with_fixed([Candidate(p, 0.5) for p in places], options, taken.sample_rate, 0, taken.length)
    parts = plan.pieces(chosen, chosen, options, taken.sample_rate, taken.length)
    parts = plan.snapped(parts, taken, options.snap_ms, 0, taken.length)
    paths = [folder / f"slice{number:03d}.wav" for number in range(len(parts))]
    for part, path in zip(parts, paths, strict=True):
        write_slices.write_slice(taken, part, path, options, taken.length)
    return paths


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_slices_in_order_are_the_record_bit_for_bit(tmp_path: Path, rate: int, channels: int, subtype: str) -> None:
    taken = record(tmp_path, noise(rate // 2, channels), rate, subtype)
    slices = cut(taken, [5000, 5001, rate // 4], tmp_path)
    dtype = {"FLOAT": "float32", "DOUBLE": "float64"}.get(subtype, "int32")
    joined = np.concatenate([soundfile.read(path, dtype=dtype, always_2d=True)[0] for path in slices])
    np.testing.assert_array_equal(joined, soundfile.read(taken.source, dtype=dtype, always_2d=True)[0])
    assert {soundfile.info(path).subtype for path in slices} == {subtype}


@given(places=st.lists(st.integers(0, 19_999), max_size=12), snap=st.sampled_from([0.0, 0.5, 20.0, 100.0]))
def test_snapped_slices_still_are_the_record(
    places: list[int], snap: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("snap")
    taken = record(folder, noise(20_000, 2))
    slices = cut(taken, places, folder, replace(WHOLE, snap_ms=snap))
    joined = np.concatenate([soundfile.read(path, dtype="int16", always_2d=True)[0] for path in slices])
    np.testing.assert_array_equal(joined, soundfile.read(taken.source, dtype="int16", always_2d=True)[0])


def test_a_cut_snaps_to_the_nearest_zero_crossing_within_reach(tmp_path: Path) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 100 * (np.arange(RATE) + 0.5) / RATE)[:, None]
    taken = record(tmp_path, wave)
    part = plan.Piece(10_010, 20_000, 0.5)
    (near,) = plan.snapped([part], taken, 5.0, 0, taken.length)
    (far,) = plan.snapped([part], taken, 0.01, 0, taken.length)
    half_periods = near.start / RATE * 200
    assert abs(half_periods - round(half_periods)) < 200 / RATE
    assert far == part


def test_the_record_begins_with_the_first_slice() -> None:
    everything, fixed = plan.with_fixed([Candidate(30_000, 0.9)], WHOLE, RATE, 0, 90_000)
    assert [candidate.sample for candidate in everything] == [0, 30_000]
    assert fixed == [0]


def test_a_chop_at_the_very_beginning_is_the_beginning() -> None:
    everything, _ = plan.with_fixed([Candidate(900, 0.9)], WHOLE, RATE, 0, 90_000)
    assert everything == [Candidate(0, 0.9)]


def test_a_locked_place_takes_the_candidate_beside_it() -> None:
    near, away = Candidate(44_000, 0.7), Candidate(60_000, 0.8)
    everything, fixed = plan.with_fixed([near, away], replace(WHOLE, lock=(1.0,)), RATE, 0, 90_000)
    assert [everything[index] for index in fixed] == [Candidate(0, 0.0), near]


def test_a_locked_place_far_from_any_candidate_is_cut_at_all_the_same() -> None:
    everything, fixed = plan.with_fixed([Candidate(60_000, 0.8)], replace(WHOLE, lock=(1.0,)), RATE, 0, 90_000)
    assert [everything[index].sample for index in fixed] == [0, 44_100]


def test_short_hits_end_at_the_next_candidate() -> None:
    found = [Candidate(place, 0.5) for place in (100, 300, 700)]
    parts = plan.pieces([found[0], found[2]], found, ChopOptions(until="candidate"), RATE, 1000)
    assert [(part.start, part.stop) for part in parts] == [(100, 300), (700, 1000)]


def test_slices_of_a_fixed_length_end_with_the_record() -> None:
    found = [Candidate(place, 0.5) for place in (0, 44_100)]
    parts = plan.pieces(found, found, ChopOptions(until="1.5"), RATE, 88_200)
    assert [part.stop for part in parts] == [66_150, 88_200]


def test_a_slice_ends_at_the_next_chop_of_the_kit_or_after_two_bars() -> None:
    found = [Candidate(second * RATE, 0.9) for second in (1, 2, 3, 9)]
    parts = plan.pieces([found[0], found[2], found[3]], found, ChopOptions(), RATE, 30 * RATE, 100.0)
    assert [(part.start / RATE, part.stop / RATE) for part in parts] == [(1, 3), (3, 7.8), (9, 13.8)]


@pytest.mark.parametrize(
    ("longest", "tempo", "beats_per_bar", "seconds"),
    [
        ("2bars", 100.0, 4, 4.8),
        ("1 bar", 100.0, 3, 1.8),
        ("4beats", 160.0, 3, 1.5),
        ("2bars", None, 4, 4.0),
        ("3.5", 100.0, 4, 3.5),
        ("2 s", None, 4, 2.0),
        (1, None, 4, 1.0),
    ],
)
def test_the_longest_is_in_seconds_beats_or_bars(
    longest: str | float, tempo: float | None, beats_per_bar: int, seconds: float
) -> None:
    found = [Candidate(0, 0.9)]
    (part,) = plan.pieces(found, found, ChopOptions(max_length=longest), RATE, 99 * RATE, tempo, beats_per_bar)
    assert part.stop == round(seconds * RATE)


def test_the_next_attack_is_no_blip_at_the_end_of_a_slice_that_is_cut() -> None:
    found = [Candidate(0, 0.9), Candidate(round(1.95 * RATE), 0.4), Candidate(round(2.02 * RATE), 0.4)]
    (part,) = plan.pieces(found[:1], found, ChopOptions(max_length=2.0), RATE, 9 * RATE)
    assert part.stop == found[1].sample


def test_the_record_is_not_cut_short_where_slices_are_all_of_it() -> None:
    found = [Candidate(0, 0.0), Candidate(RATE, 0.9)]
    assert [part.stop for part in plan.pieces(found, found, WHOLE, RATE, 500 * RATE, 100.0)] == [RATE, 500 * RATE]


@pytest.mark.parametrize(("level", "starts"), [(0.5, [0, RATE]), (0.2, [0, RATE]), (0.01, [RATE])])
def test_a_free_pad_takes_the_beginning_where_something_begins_there(
    level: float, starts: list[int], tmp_path: Path
) -> None:
    sound = noise(3 * RATE, 1)
    sound[:RATE] *= level
    soundfile.write(tmp_path / "loop.wav", 0.9 * sound, RATE, "PCM_16")
    taken = open_record(tmp_path / "loop.wav", tmp_path)
    found = [Candidate(RATE, 0.9)]
    assert [one.sample for one in plan.with_beginning(taken, found, ChopOptions(), 0, taken.length)] == starts
    assert plan.with_beginning(taken, found, ChopOptions(count=1), 0, taken.length) == found


def test_no_slice_is_longer_than_the_longest() -> None:
    found = [Candidate(0, 0.5), Candidate(10 * RATE, 0.5)]
    parts = plan.pieces(found, found, ChopOptions(max_length=2.0), RATE, 11 * RATE)
    assert [part.stop - part.start for part in parts] == [2 * RATE, RATE]


def shaped(folder: Path, samples: np.ndarray, options: ChopOptions, stop: int | None = None) -> np.ndarray:
    taken = record(folder, samples, subtype="FLOAT")
    piece = plan.Piece(0, stop or taken.length, 0.5)
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


@given(st.lists(st.integers(1, 99), unique=True, max_size=9), st.integers(0, 60), st.booleans())
def test_a_pre_roll_cuts_earlier_and_leaves_every_slice_a_sample(places: list[int], samples: int, whole: bool) -> None:
    starts = sorted({0, *places} if whole else places)
    parts = [plan.Piece(start, stop, 0.5) for start, stop in pairwise([*starts, 100])]
    moved = plan.earlier(parts, samples, 0, 100)
    assert all(part.start < part.stop for part in moved)
    assert all(before.stop == after.start for before, after in pairwise(moved))
    assert all(max(0, one.start - samples) <= new.start <= one.start for one, new in zip(parts, moved, strict=True))
    assert all(part.stop == 100 for part in moved[-1:])


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
    frames = write_slices.write_slice(taken, plan.Piece(0, RATE, 0.5), path, ChopOptions(resample=48_000), taken.length)
    info = soundfile.info(path)
    assert (info.samplerate, info.frames, frames) == (48_000, 48_000, 48_000)


def test_a_part_of_the_record_begins_where_it_is_told() -> None:
    options = replace(WHOLE, start=1.0)
    everything, fixed = plan.with_fixed([Candidate(50_000, 0.9)], options, RATE, 44_100, 90_000)
    assert [candidate.sample for candidate in everything] == [44_100, 50_000]
    assert fixed == [0]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_a_fade_changes_nothing_before_it(tmp_path: Path, subtype: str) -> None:
    taken = record(tmp_path, noise(RATE, 2), subtype=subtype)
    path = tmp_path / "slice.wav"
    write_slices.write_slice(taken, plan.Piece(0, RATE, 0.5), path, ChopOptions(fade_ms=10), taken.length)
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
    frames = write_slices.write_slice(taken, plan.Piece(500, 501, 0.5), path, options, 501)
    assert frames == soundfile.info(path).frames == 1


@pytest.mark.parametrize(
    "options", [ChopOptions(fade_ms=10), ChopOptions(normalise="lufs", trim=True, mono=True, resample=48_000)]
)
def test_the_memory_of_a_slice_does_not_grow_with_its_length(options: ChopOptions, tmp_path: Path) -> None:
    import tracemalloc

    def most(seconds: int) -> int:
        taken = record(tmp_path, 0.1 * noise(seconds * 8000, 2), 8000)
        piece = plan.Piece(0, taken.length, 0.5)
        tracemalloc.start()
        try:
            write_slices.write_slice(taken, piece, tmp_path / "slice.wav", options, taken.length)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(1)  # what is imported on first use does not count
    assert most(240) < 1.2 * most(60)
