"""The image spritesheet: every fingerprint is where its sound stands in the grid, and nothing is anywhere else."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import colormaps
from PIL import Image

from samplechop.offline.atlas.fingerprints import COLOUR_MAP
from samplechop.offline.atlas.settings import SpriteSettings
from samplechop.offline.atlas.web import spritesheets
from samplechop.offline.atlas.web.sprites import sprites
from samplechop.offline.atlas.web.spritesheets import square_places
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import add, make_atlas, nothing, with_fingerprints, with_grid

PLACES = [(0, 0), (0, 2), (2, 1), (1, 0), (2, 2)]


def made(folder: Path, places: list[tuple[int, int]] | None = PLACES, tile: int | None = None):
    atlas = make_atlas(folder / "atlas", [100] * len(PLACES))
    if places:
        with_grid(atlas, places)
    prints = with_fingerprints(atlas)
    sprites(atlas, SpriteSettings(format="wav", tile=tile), nothing)
    index = json.loads((atlas.folder / "sprites" / "image.json").read_text())
    sheets = [np.asarray(Image.open(atlas.folder / "sprites" / one["file"]).convert("RGBA")) for one in index["sheets"]]
    return prints, index, sheets


def painted(fingerprint: np.ndarray) -> np.ndarray:
    """Give what a fingerprint looks like: low tones at the bottom, uint8 (height, width, 3)."""
    return (colormaps[COLOUR_MAP](np.rint(fingerprint[::-1] * 254) / 254)[..., :3] * 255).round().astype(np.uint8)


def tile_of(index: dict, sheets: list[np.ndarray], number: int) -> np.ndarray:
    _, _, sheet, x, y = index["sounds"][number]
    return sheets[sheet][y : y + index["tile"], x : x + index["tile"]]


def test_every_fingerprint_is_a_tile_where_its_sound_stands_in_the_grid(tmp_path):
    prints, index, sheets = made(tmp_path)
    assert (index["tile"], index["rows"], index["columns"]) == (8, 3, 3)
    assert sheets[0].shape == (24, 24, 4)
    for number, (row, column) in enumerate(PLACES):
        assert index["sounds"][number] == [row, column, 0, 8 * column, 8 * row]
        np.testing.assert_allclose(tile_of(index, sheets, number)[..., :3], painted(prints[number]), atol=1)


def test_empty_cells_are_transparent_and_all_others_are_not(tmp_path):
    _, _, sheets = made(tmp_path)
    opaque = sheets[0][::8, ::8, 3] == 255
    assert {tuple(place) for place in np.argwhere(opaque).tolist()} == set(PLACES)
    assert set(np.unique(sheets[0][..., 3])) == {0, 255}


def test_a_sheet_too_large_for_a_texture_becomes_several(tmp_path, monkeypatch):
    monkeypatch.setattr(spritesheets, "WIDEST", 20)
    prints, index, sheets = made(tmp_path)
    assert [one["file"] for one in index["sheets"]] == [f"image-00{number}.png" for number in range(4)]
    assert all(max(sheet.shape) <= 20 for sheet in sheets)
    for number in range(len(PLACES)):
        np.testing.assert_allclose(tile_of(index, sheets, number)[..., :3], painted(prints[number]), atol=1)


def test_tiles_are_scaled_to_the_size_that_is_asked_for(tmp_path):
    prints, index, sheets = made(tmp_path, tile=16)
    assert index["tile"] == 16
    twice = np.repeat(np.repeat(prints[4], 2, axis=0), 2, axis=1)
    np.testing.assert_allclose(tile_of(index, sheets, 4)[..., :3], painted(twice), atol=1)


def test_without_a_grid_sounds_stand_row_by_row(tmp_path):
    _, index, _ = made(tmp_path, places=None)
    assert [place[:2] for place in index["sounds"]] == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]


def test_an_atlas_without_fingerprints_of_all_sounds_gets_no_image(tmp_path):
    atlas = make_atlas(tmp_path / "atlas", [100] * 3)
    with_fingerprints(atlas)
    sprites(atlas, SpriteSettings(format="wav"), nothing)
    assert (atlas.folder / "sprites" / "image.png").exists()
    add(atlas, [100])
    sprites(atlas, SpriteSettings(format="wav"), nothing)
    assert not list((atlas.folder / "sprites").glob("image*"))


def test_fingerprints_that_come_later_are_shown(tmp_path):
    atlas = make_atlas(tmp_path / "atlas", [100] * 3)
    sprites(atlas, SpriteSettings(format="wav"), nothing)
    with_fingerprints(atlas)
    sprites(atlas, SpriteSettings(format="wav"), nothing)
    assert (atlas.folder / "sprites" / "image.png").exists()


@given(st.integers(1, 500))
def test_a_square_has_a_place_for_each(count):
    places = square_places(count)
    assert len({tuple(place) for place in places.tolist()}) == count
    assert places.max() < max(1, int(np.ceil(np.sqrt(count))))


def test_fingerprints_that_do_not_fit_are_refused(tmp_path):
    atlas = make_atlas(tmp_path / "atlas", [100] * 3)
    with_fingerprints(atlas)
    np.save(atlas.folder / "fingerprints.npy", np.zeros((2, 8, 8), np.float32))
    with pytest.raises(UserError, match="covers 2 of 3 sounds"):
        sprites(atlas, SpriteSettings(format="wav"), nothing)
