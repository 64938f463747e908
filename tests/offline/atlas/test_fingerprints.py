"""Fingerprints: what they show, and that only new sounds are looked at."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from samplechop.offline.atlas import fingerprints
from samplechop.offline.atlas.fingerprints import fingerprint, read_fingerprints
from samplechop.offline.atlas.settings import FingerprintSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import RATE, add, make_atlas, nothing, sound
from tests.support.command import samplechop

SMALL = FingerprintSettings(bands=8, frames=4, first_seconds=0.1)


def computed(sounds: np.ndarray, settings: FingerprintSettings = SMALL) -> np.ndarray:
    return np.concatenate(list(fingerprints.fingerprints_of(sounds, RATE, settings)))


@pytest.mark.parametrize("kind", fingerprints.KINDS)
def test_fingerprints_reach_from_0_to_1(kind: str) -> None:
    sounds = np.stack([sound(number, 4000) for number in range(3)])
    found = computed(sounds, FingerprintSettings(kind, 16, 8, 0.1))
    assert (found.shape, found.dtype) == ((3, 16, 8), np.float32)
    np.testing.assert_array_equal(found.max(axis=(1, 2)), 1)
    assert found.min() >= 0


def test_a_short_sound_is_followed_by_silence() -> None:
    found = computed(sound(1, RATE // 100)[None])
    assert found[0, :, 0].max() == 1
    assert not found[0, :, 2:].any()


def test_the_last_frame_ends_with_the_window() -> None:
    late = np.zeros((1, RATE), np.float32)
    late[0, int(0.1 * RATE) - 20] = 1
    assert computed(late)[0, :, -1].max() == 1


@given(gain=st.floats(0.01, 1))
def test_loudness_makes_no_difference(gain: float) -> None:
    wave = sound(2, 3000)[None]
    np.testing.assert_allclose(computed(wave * np.float32(gain)), computed(wave), atol=1e-4)


def test_silence_is_dark() -> None:
    assert not computed(np.zeros((1, 3000), np.float32)).any()


def test_sounds_are_processed_one_by_one_or_many_together_alike() -> None:
    sounds = np.stack([sound(number, 3000) for number in range(fingerprints.BATCH + 3)])
    alone = np.concatenate([computed(one[None]) for one in sounds])
    np.testing.assert_allclose(computed(sounds), alone, atol=1e-4)


def test_only_new_sounds_are_processed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900, 1200, 1000])
    fingerprint(atlas, SMALL, nothing)
    before = read_fingerprints(atlas)
    add(atlas, [800, 700])
    seen = []
    compute = fingerprints.fingerprints_of
    monkeypatch.setattr(
        fingerprints, "fingerprints_of", lambda rows, *more: seen.append(len(rows)) or compute(rows, *more)
    )
    fingerprint(atlas, SMALL, nothing)
    fingerprint(atlas, SMALL, nothing)
    assert seen == [2]
    np.testing.assert_array_equal(read_fingerprints(Atlas(atlas.folder))[:3], before)


def test_other_settings_make_all_of_them_anew(tmp_path: Path) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900, 1200])
    fingerprint(atlas, SMALL, nothing)
    fingerprint(atlas, FingerprintSettings("mel", 4, 4, 0.1), nothing)
    assert read_fingerprints(atlas).shape == (2, 4, 4)


def test_fingerprints_of_some_sounds_only_are_reported(tmp_path: Path) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900, 1200])
    fingerprint(atlas, SMALL, nothing)
    add(atlas, [800])
    with pytest.raises(UserError, match="covers 2 of 3 sounds: run samplechop atlas fingerprint"):
        read_fingerprints(atlas)


def test_damaged_fingerprints_are_reported(tmp_path: Path) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900])
    fingerprint(atlas, SMALL, nothing)
    (atlas.folder / fingerprints.FILE).write_bytes(b"no array")
    with pytest.raises(UserError, match="damaged"):
        read_fingerprints(atlas)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "fft"}, "--kind must be one of cqt, stft, mel, got 'fft'"),
        ({"bands": 1}, "--size must be 2 to 256 each way, got 1x32"),
        ({"first_seconds": 0.001}, "--first must be 0.01 to 60 s, got 0.001 s"),
        ({"floor_db": 0.0}, "--floor must be in 1..200, got 0"),
    ],
)
def test_settings_out_of_range_are_reported(wrong: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        FingerprintSettings(**wrong)


def test_the_command_makes_a_picture_of_all_of_them(tmp_path: Path) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900, 1200, 1000])
    result = samplechop("atlas", "fingerprint", atlas.folder, "--size", "4x8", "--first", "50ms", "--jobs", 1)
    assert result.code == 0, result.err
    assert read_fingerprints(Atlas(atlas.folder)).shape == (3, 4, 8)
    with Image.open(atlas.folder / fingerprints.MOSAIC) as picture:
        tile, gap, _ = fingerprints.mosaic_layout(3)
        assert picture.size == (2 * tile + gap, 2 * tile + gap)


@pytest.mark.parametrize(("option", "value"), [("--size", "32"), ("--first", "long"), ("--size", "32x0")])
def test_what_is_no_size_or_time_is_reported(tmp_path: Path, option: str, value: str) -> None:
    atlas = make_atlas(tmp_path / "atlas", [900])
    result = samplechop("atlas", "fingerprint", atlas.folder, option, value)
    assert result.code == 2
    assert option in result.err


def test_an_atlas_without_sounds_is_reported(tmp_path: Path) -> None:
    Atlas.begin(tmp_path / "atlas", RATE, 100)
    result = samplechop("atlas", "fingerprint", tmp_path / "atlas")
    assert (result.code, "holds no sounds" in result.err) == (2, True)


@given(count=st.integers(1, 10**6))
def test_a_mosaic_is_never_wider_than_it_may_be(count: int) -> None:
    tile, gap, columns = fingerprints.mosaic_layout(count)
    assert columns * (tile + gap) - gap <= fingerprints.MOSAIC_PIXELS
    assert fingerprints.SMALLEST_TILE <= tile <= fingerprints.LARGEST_TILE
