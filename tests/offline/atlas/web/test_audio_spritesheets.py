"""The audio spritesheet: every sound lies where the index says, for libsndfile and for FFmpeg. Chromium: page/."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.settings import SpriteSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web.sprites import along_curve, grid_cells, order, read_index, sprites
from samplechop.offline.atlas.web.spritesheets import HEADROOM, apply_fades, divide
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import RATE, add, lag, make_atlas, nothing, row, sound, with_grid

LENGTHS = [3_000, 9_000, 500, 12_000, 7, 2_205, 4_000]
FORMATS = ("mp3", "ogg", "wav")


def made(folder: Path, lengths: list[int], rate: int = RATE, **settings) -> Atlas:
    atlas = make_atlas(folder / "atlas", lengths, rate)
    sprites(atlas, SpriteSettings(**settings), nothing)
    return atlas


def by_ffmpeg(path: Path, rate: int) -> np.ndarray:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", str(rate), "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)


def by_libsndfile(path: Path, rate: int) -> np.ndarray:
    samples, found = soundfile.read(path, dtype="float32")
    assert found == rate
    return samples


@pytest.mark.parametrize("decode", [by_libsndfile, by_ffmpeg])
@pytest.mark.parametrize("format", FORMATS)
def test_sounds_begin_to_the_sample_where_the_index_says(tmp_path, format, decode):
    if decode is by_ffmpeg and shutil.which("ffmpeg") is None:
        pytest.skip("there is no ffmpeg")
    atlas = made(tmp_path, LENGTHS, format=format, part_seconds=1)
    parts, places, _ = read_index(atlas)
    decoded = [decode(part, RATE) for part in parts]
    for number, (part, offset, duration) in enumerate(places):
        if LENGTHS[number] > 400:
            assert lag(decoded[part], round(offset * RATE), sound(number, LENGTHS[number])) == 0
        assert duration == pytest.approx(LENGTHS[number] / RATE, abs=1e-6)


def test_a_wav_sheet_holds_the_sounds_themselves_and_silence_between_them(tmp_path):
    atlas = made(tmp_path, LENGTHS, format="wav", part_seconds=0, gap_ms=50, fade_in_ms=0, fade_out_ms=0)
    (part,), places, _ = read_index(atlas)
    sheet = by_libsndfile(part, RATE)
    for number, (_, offset, _) in enumerate(places):
        at = round(offset * RATE)
        found = sheet[at : at + LENGTHS[number]].copy()
        sheet[at : at + LENGTHS[number]] = 0
        np.testing.assert_allclose(found, HEADROOM * sound(number, LENGTHS[number]), atol=1 / 32768)
    assert not sheet.any()
    assert len(sheet) == sum(LENGTHS) + (len(LENGTHS) + 1) * 1103


@pytest.mark.parametrize("format", ["mp3", "ogg"])
def test_who_is_late_or_early_by_an_encoders_delay_plays_no_neighbour(tmp_path, format):
    atlas = Atlas.begin(tmp_path / "atlas", RATE, 8_000)
    atlas.append([row("first", 8_000), row("second", 8_000)], [np.sign(sound(number, 8_000)) for number in (0, 1)])
    sprites(atlas, SpriteSettings(format=format), nothing)
    (part,), ((_, first, duration), (_, second, _)), _ = read_index(atlas)
    sheet = by_libsndfile(part, RATE)
    ends, begins, delay = round((first + duration) * RATE), round(second * RATE), 1_105
    assert np.abs(sheet[ends + delay // 2 : ends + delay]).max() < 0.01
    assert np.abs(sheet[begins - delay : begins - delay // 2]).max() < 0.01


@pytest.mark.parametrize("format", FORMATS)
def test_the_json_of_a_part_is_what_howler_and_audiosprite_read(tmp_path, format):
    atlas = made(tmp_path, LENGTHS, format=format, part_seconds=1)
    parts, places, _ = read_index(atlas)
    seen = {}
    for number, part in enumerate(parts):
        told = json.loads(part.with_suffix(".json").read_text())
        assert told["src"] == told["resources"] == [part.name]
        assert set(told["sprite"]) == set(told["spritemap"])
        for name, (offset_ms, duration_ms) in told["sprite"].items():
            one = told["spritemap"][name]
            assert one["loop"] is False
            assert offset_ms / 1000 == pytest.approx(one["start"], abs=1e-6)
            assert duration_ms / 1000 == pytest.approx(one["end"] - one["start"], abs=1e-6)
            seen[name] = (number, offset_ms / 1000, duration_ms / 1000)
    for one, place in zip(atlas.sounds, places, strict=True):
        assert seen.pop(one.name) == pytest.approx(place, abs=1e-5)
    assert not seen


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=40), st.integers(1, 8_000), st.integers(0, 300))
def test_parts_hold_all_sounds_in_order_and_are_as_long_as_they_may_be(lengths, most, gap):
    pieces = divide(lengths, most, gap)
    assert [index for first, last in pieces for index in range(first, last)] == list(range(len(lengths)))
    for (first, last), after in zip(pieces, [*pieces[1:], None], strict=True):
        filled = gap + sum(length + gap for length in lengths[first:last])
        assert filled <= most or last - first == 1
        if after is not None:
            assert filled + lengths[last] + gap > most


def test_no_part_seconds_means_one_part(tmp_path):
    atlas = made(tmp_path, LENGTHS, format="wav", part_seconds=0)
    assert len(read_index(atlas)[0]) == 1


@given(st.integers(1, 6))
def test_the_curve_passes_every_cell_of_a_square_from_neighbour_to_neighbour(power):
    side = 1 << power
    cells = np.column_stack(np.divmod(np.arange(side * side), side))
    passed = along_curve(cells)
    assert sorted(passed) == list(range(side * side))
    assert set(np.abs(np.diff(cells[np.argsort(passed)], axis=0)).sum(axis=1)) == {1}


def test_sounds_lie_in_the_order_of_the_grid(tmp_path):
    atlas = make_atlas(tmp_path / "atlas", [2_000] * 16)
    places = [divmod(15 - number, 4) for number in range(16)]
    with_grid(atlas, places)
    sprites(atlas, SpriteSettings(part_seconds=1, format="wav"), nothing)
    parts, index, _ = read_index(atlas)
    assert len(parts) == 4
    for part in range(4):
        cells = [places[row] for row in range(16) if index[row][0] == part]
        assert np.ptp(cells, axis=0).tolist() == [1, 1]  # a square of four neighbours


def test_a_grid_of_fewer_sounds_than_there_are_is_passed_over(tmp_path):
    atlas = make_atlas(tmp_path / "atlas", [100] * 2)
    with_grid(atlas, [(0, 1), (0, 0)])
    add(atlas, [100])
    assert grid_cells(atlas) is None
    assert order(3, None) == [0, 1, 2]


def test_new_sounds_leave_finished_parts_as_they_are(tmp_path):
    atlas = made(tmp_path, [18_000] * 5, part_seconds=2)
    parts, _, _ = read_index(atlas)
    before = [part.stat().st_mtime_ns for part in parts]
    add(atlas, [18_000] * 2)
    sprites(atlas, SpriteSettings(part_seconds=2), nothing)
    after, places, _ = read_index(atlas)
    assert len(after) == 4 > len(parts)
    assert [part.stat().st_mtime_ns for part in after[:2]] == before[:2]
    assert len(places) == 7


def test_other_sounds_of_the_same_names_and_lengths_are_written_anew(tmp_path):
    settings = SpriteSettings(format="wav")
    atlas = made(tmp_path, [2_000], format="wav")
    old = read_index(atlas)[0][0].read_bytes()
    (atlas.folder / "atlas.json").unlink()
    again = Atlas.begin(atlas.folder, RATE, 2_000)
    again.append([atlas.sounds[0]], [sound(7, 2_000)])
    sprites(again, settings, nothing)
    assert read_index(again)[0][0].read_bytes() != old


def test_another_format_removes_the_files_of_the_one_before(tmp_path):
    atlas = made(tmp_path, LENGTHS, format="wav", part_seconds=1)
    sprites(atlas, SpriteSettings(format="ogg"), nothing)
    kept = {path.name for path in (atlas.folder / "sprites").iterdir()}
    assert kept == {"audio.json", "audio-000.ogg", "audio-000.json"}


def test_what_is_made_is_not_made_again(tmp_path):
    atlas = made(tmp_path, LENGTHS)
    told = []
    sprites(Atlas(atlas.folder), SpriteSettings(), lambda *what: told.append(what))
    assert not told


def test_an_mp3_of_a_rate_it_cannot_have_is_resampled(tmp_path):
    atlas = made(tmp_path, [30_000], rate=18_900)
    (part,), ((_, offset, duration),), _ = read_index(atlas)
    info = soundfile.info(part)
    assert info.samplerate == 22_050
    assert info.duration == pytest.approx(duration + 0.2, abs=0.001)
    assert offset == pytest.approx(0.1, abs=1e-4)


@given(st.integers(0, 400), st.floats(0, 20), st.floats(0, 20))
def test_fades_begin_and_end_in_silence_and_never_add(length, fade_in_ms, fade_out_ms):
    shaped = apply_fades(np.ones(length, np.float32), 10_000, fade_in_ms, fade_out_ms)
    assert len(shaped) == length
    assert (shaped <= 1).all() and (shaped >= 0).all()
    if length > 1 and fade_in_ms >= 0.1 and fade_out_ms >= 0.1:
        assert shaped[0] == shaped[-1] == 0


def test_an_atlas_without_sounds_is_refused(tmp_path):
    with pytest.raises(UserError, match="has no sounds"):
        sprites(Atlas.begin(tmp_path / "atlas", RATE, 100), SpriteSettings(), nothing)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"format": "flac"}, "--format must be one of mp3, ogg, wav"),
        ({"part_seconds": -1}, "--part-seconds must be in 0..3600"),
        ({"part_seconds": float("nan")}, "--part-seconds must be"),
        ({"gap_ms": -1}, "--gap must be in 0..5000"),
        ({"fade_out_ms": 2000}, "--fade-out must be in 0..1000"),
        ({"tile": 1}, "--tile must be in 4..512"),
    ],
)
def test_settings_out_of_range_are_refused(settings, said):
    with pytest.raises(UserError, match=said):
        SpriteSettings(**settings)


def test_an_index_that_does_not_fit_is_reported(tmp_path):
    atlas = made(tmp_path, LENGTHS, format="wav")
    add(atlas, [100])
    with pytest.raises(UserError, match="has 7 sounds, the atlas 8"):
        read_index(atlas)
