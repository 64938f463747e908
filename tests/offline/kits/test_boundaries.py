"""Where slices begin and end, and that slices in order are the record."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits import boundaries, write_slices
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.core.tempo_map import Stretch, TempoMap
from tests.support.records import RATE, noise, record

WHOLE = ChopOptions(until="chosen")


def cut(taken: Record, places: list[int], folder: Path, options: ChopOptions = WHOLE) -> list[Path]:
    chosen, _ = boundaries.with_fixed([Candidate(p, 0.5) for p in places], options, taken.sample_rate, 0, taken.length)
    parts = boundaries.pieces(chosen, chosen, options, taken.sample_rate, taken.length)
    parts = boundaries.snapped(parts, taken, options.snap_ms, 0, taken.length)
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
    part = Piece(10_010, 20_000, 0.5)
    (near,) = boundaries.snapped([part], taken, 5.0, 0, taken.length)
    (far,) = boundaries.snapped([part], taken, 0.01, 0, taken.length)
    half_periods = near.start / RATE * 200
    assert abs(half_periods - round(half_periods)) < 200 / RATE
    assert far == part


def test_the_record_begins_with_the_first_slice() -> None:
    everything, fixed = boundaries.with_fixed([Candidate(30_000, 0.9)], WHOLE, RATE, 0, 90_000)
    assert [candidate.sample for candidate in everything] == [0, 30_000]
    assert fixed == [0]


def test_a_chop_at_the_very_beginning_is_the_beginning() -> None:
    everything, _ = boundaries.with_fixed([Candidate(900, 0.9)], WHOLE, RATE, 0, 90_000)
    assert everything == [Candidate(0, 0.9)]


def test_a_locked_place_takes_the_candidate_beside_it() -> None:
    near, away = Candidate(44_000, 0.7), Candidate(60_000, 0.8)
    everything, fixed = boundaries.with_fixed([near, away], replace(WHOLE, lock=(1.0,)), RATE, 0, 90_000)
    assert [everything[index] for index in fixed] == [Candidate(0, 0.0), near]


def test_a_locked_place_far_from_any_candidate_is_cut_at_all_the_same() -> None:
    everything, fixed = boundaries.with_fixed([Candidate(60_000, 0.8)], replace(WHOLE, lock=(1.0,)), RATE, 0, 90_000)
    assert [everything[index].sample for index in fixed] == [0, 44_100]


def test_short_hits_end_at_the_next_candidate() -> None:
    found = [Candidate(place, 0.5) for place in (100, 300, 700)]
    parts = boundaries.pieces([found[0], found[2]], found, ChopOptions(until="candidate"), RATE, 1000)
    assert [(part.start, part.stop) for part in parts] == [(100, 300), (700, 1000)]


def test_slices_of_a_bar_overlap_where_chops_lie_closer() -> None:
    found = [Candidate(second * RATE, 0.9) for second in (1, 2)]
    parts = boundaries.pieces(found, found, ChopOptions(until="1bar"), RATE, 9 * RATE, TempoMap.even(120.0, RATE), 4)
    assert [(part.start / RATE, part.stop / RATE) for part in parts] == [(1, 3), (2, 4)]


def test_slices_of_a_fixed_length_end_with_the_record() -> None:
    found = [Candidate(place, 0.5) for place in (0, 44_100)]
    parts = boundaries.pieces(found, found, ChopOptions(until="1.5"), RATE, 88_200)
    assert [part.stop for part in parts] == [66_150, 88_200]


def test_a_slice_ends_at_the_next_chop_of_the_kit_or_after_two_bars() -> None:
    found = [Candidate(second * RATE, 0.9) for second in (1, 2, 3, 9)]
    parts = boundaries.pieces(
        [found[0], found[2], found[3]], found, ChopOptions(), RATE, 30 * RATE, TempoMap.even(100.0, RATE)
    )
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
    timeline = TempoMap.even(tempo, RATE) if tempo else None
    (part,) = boundaries.pieces(found, found, ChopOptions(max_length=longest), RATE, 99 * RATE, timeline, beats_per_bar)
    assert part.stop == round(seconds * RATE)


def test_beats_are_counted_by_the_tempo_where_a_slice_lies() -> None:
    timeline = TempoMap(RATE, (Stretch(0.0, 0, 200.0), Stretch(0.3 * RATE, 1, 120.0), Stretch(4.3 * RATE, 9, 60.0)))
    found = [Candidate(round(second * RATE), 0.9) for second in (0.2, 1.0, 3.3, 5.0)]
    parts = boundaries.pieces(found, found, ChopOptions(until="4beats"), RATE, 99 * RATE, timeline)
    assert [part.stop / RATE for part in parts] == pytest.approx([2.2, 3.0, 6.3, 9.0], abs=1e-4)


def test_the_next_attack_is_no_blip_at_the_end_of_a_slice_that_is_cut() -> None:
    found = [Candidate(0, 0.9), Candidate(round(1.95 * RATE), 0.4), Candidate(round(2.02 * RATE), 0.4)]
    (part,) = boundaries.pieces(found[:1], found, ChopOptions(max_length=2.0), RATE, 9 * RATE)
    assert part.stop == found[1].sample


def test_the_record_is_not_cut_short_where_slices_are_all_of_it() -> None:
    found = [Candidate(0, 0.0), Candidate(RATE, 0.9)]
    assert [part.stop for part in boundaries.pieces(found, found, WHOLE, RATE, 500 * RATE)] == [RATE, 500 * RATE]


@pytest.mark.parametrize(("level", "starts"), [(0.5, [0, RATE]), (0.2, [0, RATE]), (0.01, [RATE])])
def test_a_free_pad_takes_the_beginning_where_something_begins_there(
    level: float, starts: list[int], tmp_path: Path
) -> None:
    sound = noise(3 * RATE, 1)
    sound[:RATE] *= level
    soundfile.write(tmp_path / "loop.wav", 0.9 * sound, RATE, "PCM_16")
    taken = open_record(tmp_path / "loop.wav", tmp_path)
    found = [Candidate(RATE, 0.9)]
    begins = boundaries.begins_with_sound(taken, [one.sample for one in found], 0, taken.length)
    assert [one.sample for one in boundaries.with_beginning(found, ChopOptions(), 0, RATE, begins)] == starts
    assert boundaries.with_beginning(found, ChopOptions(count=1), 0, RATE, begins) == found


def test_a_bar_that_begins_with_the_record_is_as_strong_as_most_chops() -> None:
    found = [Candidate(RATE, 0.9), Candidate(2 * RATE, 0.7), Candidate(3 * RATE, 0.8)]
    begun = boundaries.with_beginning(found, ChopOptions(count=1), 0, RATE, True, True)
    assert begun[0] == Candidate(0, 0.8)


def test_no_slice_is_longer_than_the_longest() -> None:
    found = [Candidate(0, 0.5), Candidate(10 * RATE, 0.5)]
    parts = boundaries.pieces(found, found, ChopOptions(max_length=2.0), RATE, 11 * RATE)
    assert [part.stop - part.start for part in parts] == [2 * RATE, RATE]


@given(st.lists(st.integers(1, 99), unique=True, max_size=9), st.integers(0, 60), st.booleans())
def test_a_pre_roll_cuts_earlier_and_leaves_every_slice_a_sample(places: list[int], samples: int, whole: bool) -> None:
    starts = sorted({0, *places} if whole else places)
    parts = [Piece(start, stop, 0.5) for start, stop in pairwise([*starts, 100])]
    moved = boundaries.earlier(parts, samples, 0, 100)
    assert all(part.start < part.stop for part in moved)
    assert all(before.stop == after.start for before, after in pairwise(moved))
    assert all(max(0, one.start - samples) <= new.start <= one.start for one, new in zip(parts, moved, strict=True))
    assert all(part.stop == 100 for part in moved[-1:])


def test_a_part_of_the_record_begins_where_it_is_told() -> None:
    options = replace(WHOLE, start=1.0)
    everything, fixed = boundaries.with_fixed([Candidate(50_000, 0.9)], options, RATE, 44_100, 90_000)
    assert [candidate.sample for candidate in everything] == [44_100, 50_000]
    assert fixed == [0]


@pytest.mark.parametrize("channels", [1, 2])
def test_how_loud_it_is_at_each_place_is_heard_in_one_reading(channels: int, tmp_path: Path) -> None:
    sound = noise(3 * RATE, 2)[:, :channels]
    soundfile.write(tmp_path / "loop.wav", sound, RATE, "FLOAT")
    taken = open_record(tmp_path / "loop.wav", tmp_path)
    starts = np.array([7, 65_500, 65_530, 65_543, 3 * RATE - 20])  # across the blocks that are read
    stops = np.minimum(starts + 2205, 3 * RATE)
    powers = boundaries._powers(taken, starts, stops, 7, 3 * RATE)
    mixed = sound.mean(axis=1, dtype=np.float64)
    expected = [np.mean(np.square(mixed[a:b])) for a, b in zip(starts, stops, strict=True)]
    np.testing.assert_allclose(powers, expected, rtol=1e-5)


RINGING = np.concatenate([noise(RATE, 2), noise(RATE, 2) * 10 ** (-66 / 20), np.zeros((RATE, 2))])


@pytest.mark.parametrize(("start", "stop"), [(RATE // 2, 2 * RATE), (RATE + 100, 2 * RATE), (2 * RATE + 9, 3 * RATE)])
def test_the_last_slice_ends_with_its_sound_by_its_own_level(tmp_path: Path, start: int, stop: int) -> None:
    taken = record(tmp_path, RINGING, subtype="PCM_24")
    first, last = Piece(0, start, 0.5), Piece(start, 3 * RATE, 0.5)
    parts = boundaries.sounding([first, last], taken, ChopOptions())
    assert parts == [first, Piece(start, pytest.approx(stop, abs=50), 0.5)]


@pytest.mark.parametrize("options", [WHOLE, ChopOptions(until="1beats"), ChopOptions(harmonic=True)])
def test_slices_that_must_be_so_long_keep_their_silence(tmp_path: Path, options: ChopOptions) -> None:
    taken, parts = record(tmp_path, RINGING), [Piece(0, 3 * RATE, 0.5)]
    assert boundaries.sounding(parts, taken, options) == parts


def test_less_silence_than_sounds_end_with_stays(tmp_path: Path) -> None:
    taken, parts = record(tmp_path, RINGING[: 2 * RATE + RATE // 20]), [Piece(RATE, 2 * RATE + RATE // 20, 0.5)]
    assert boundaries.sounding(parts, taken, ChopOptions()) == parts
