"""The page's folder: what is in it, when it is made, and that no name can end a script."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import PageSettings, SpriteSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import page_data, sprites
from samplechop.offline.atlas.web.page import check_library, page
from samplechop.offline.cli.atlas import app
from samplechop.offline.common import palette
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import add, make_atlas
from tests.offline.atlas.web.pages import COUNT, HOSTILE, TITLE, lattice, make, nothing, told


@pytest.fixture(scope="module")
def atlas(tmp_path_factory) -> Atlas:
    return make(tmp_path_factory.mktemp("page") / "atlas")


@given(st.text())
def test_what_is_handed_to_a_script_comes_back_and_has_no_tag(text):
    script = page_data.call("take", [text])
    assert "<" not in script and script.isascii()
    assert json.loads(script[script.index("[") : script.rindex("]") + 1]) == [text]


@given(st.lists(st.integers(0, 255)), st.sampled_from(["u1", "u4", "f4", "f8"]))
def test_a_column_holds_its_numbers_little_endian(values, kind):
    told_kind, text = page_data.column(values, kind)
    assert np.frombuffer(base64.b64decode(text), f"<{told_kind}").tolist() == values


@given(st.lists(st.text(max_size=3)))
def test_numbered_words_are_the_words(words):
    names, of = page_data.numbered(words)
    assert [names[place] for place in of] == words
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("most", "side"), [(3 * 64, 8), (3 * 64 - 1, 4), (1, 4)])
def test_many_fingerprints_are_made_smaller_by_their_means(most, side):
    prints = np.random.default_rng(1).random((3, 8, 8)).astype(np.float32)
    small = page_data.small_prints(prints, most)
    assert small.shape == (3, side, side)
    block = 8 // side
    np.testing.assert_allclose(small[1, 0, 0] / 255, prints[1, :block, :block].mean(), atol=1 / 255)


def test_the_page_knows_every_name_as_it_is(atlas):
    (known,) = told(atlas.folder / "page/data/sounds.js")
    assert known["names"] == [one.name for one in atlas.sounds]
    assert known["names"][: len(HOSTILE)] == list(HOSTILE)
    assert known["title"] == TITLE


def test_the_page_begins_with_the_map_made_first_and_offers_the_others(atlas):
    (known,) = told(atlas.folder / "page/data/sounds.js")
    assert known["maps"] == ["lattice", "mirrored"]
    number, (kind, text) = told(atlas.folder / "page/data/map-0.js")
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(text), f"<{kind}").reshape(COUNT, 2), lattice())
    assert number == 0


def test_a_script_of_audio_holds_the_file_of_the_sprites(atlas):
    parts, _, _ = sprites.read_index(atlas)
    assert len(parts) > 1
    for number, part in enumerate(parts):
        told_number, held = told(atlas.folder / f"page/audio/{number}.js")
        assert told_number == number
        assert base64.b64decode(held["audio"]) == part.read_bytes()


def test_the_library_comes_with_its_licence(atlas):
    library = atlas.folder / "page/library"
    assert (library / "bokeh-gl.min.js").stat().st_size > 100_000
    licence = (library / "LICENSE.txt").read_text("utf-8")
    assert "Bokeh Contributors" in licence and "Mikola Lysenko" in licence


def test_a_bokeh_that_draws_in_another_way_is_refused(atlas):
    script = (atlas.folder / "page/library/bokeh-gl.min.js").read_text("utf-8")
    check_library(script, "3")
    for other in (script.replace("createREGL", "create"), script + "\n999: function _(a)", ""):
        with pytest.raises(UserError, match=r"cannot be drawn with Bokeh 9\.9"):
            check_library(other, "9.9")


def test_a_page_that_is_made_is_left_as_it_is(atlas):
    index = atlas.folder / "page/index.html"
    before = index.stat()
    page(atlas, PageSettings(title=TITLE), nothing)
    assert (index.stat().st_ino, index.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_page_is_made_anew_for_a_map_that_changed(tmp_path):
    atlas = make(tmp_path / "atlas")
    map_files.write_map(atlas, "lattice", lattice()[::-1].copy())
    page(atlas, PageSettings(title=TITLE), nothing)
    _, (kind, text) = told(atlas.folder / "page/data/map-0.js")
    assert np.frombuffer(base64.b64decode(text), f"<{kind}").tolist() == lattice()[::-1].ravel().tolist()
    assert not list(atlas.folder.glob(".*page*"))


def test_the_command_says_what_to_open(tmp_path):
    atlas = make(tmp_path / "atlas", pages=False)
    result = CliRunner().invoke(app, ["page", str(atlas.folder), "--map", "mirrored"])
    assert result.exit_code == 0, result.output
    assert str(atlas.folder / "page" / "index.html") in result.output
    (known,) = told(atlas.folder / "page/data/sounds.js")
    assert (known["title"], known["maps"][0]) == ("atlas", "mirrored")


def test_a_map_that_is_not_there_is_refused_with_those_that_are(atlas):
    with pytest.raises(UserError, match=r"no map 'other'.*lattice, mirrored"):
        page(atlas, PageSettings(map="other"), nothing)


def test_an_atlas_without_a_map_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no map.*samplechop atlas embed"):
        page(make_atlas(tmp_path, [500]), PageSettings(), nothing)


def test_an_atlas_without_sprites_is_refused_and_gets_no_page(tmp_path):
    atlas = make_atlas(tmp_path, [500])
    map_files.write_map(atlas, "one", np.full((1, 2), 0.5, np.float32))
    with pytest.raises(UserError, match="samplechop atlas sprites"):
        page(atlas, PageSettings(), nothing)
    assert not (tmp_path / "page").exists()


def test_sounds_that_came_after_the_map_are_asked_for(tmp_path):
    atlas = make(tmp_path / "atlas")
    add(atlas, [700])
    with pytest.raises(UserError, match="covers 24 of 25 sounds"):
        page(atlas, PageSettings(), nothing)


def test_a_page_needs_neither_grid_nor_tags_nor_fingerprints_nor_tempo(tmp_path):
    atlas = make_atlas(tmp_path, [500, 900])
    map_files.write_map(atlas, "two", np.array([[0, 0], [1, 1]], np.float32))
    sprites.sprites(atlas, SpriteSettings(), nothing, 1)
    page(atlas, PageSettings(), nothing)
    (known,) = told(tmp_path / "page/data/sounds.js")
    assert (known["grid"], known["prints"], known["vocabulary"], known["keys"]) == (None, None, [], [""])


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, as WCAG 2.2 has it: 1..21."""
    lights = []
    for colour in (one, other):
        parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        lights.append(float(linear @ (0.2126, 0.7152, 0.0722)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("theme", [palette.DARK, palette.LIGHT])
def test_all_text_can_be_read_on_its_ground(theme):
    for ground in ("back", "raised"):
        assert min(contrast(theme[text], theme[ground]) for text in ("ink", "faint", "accent")) >= 4.5
    assert contrast(theme["ink"], theme["line"]) >= 4.5


@pytest.mark.parametrize(
    ("groups", "theme"),
    [
        (palette.GROUPS_DARK + palette.RAMP_DARK, palette.DARK),
        (palette.GROUPS_LIGHT + palette.RAMP_LIGHT, palette.LIGHT),
    ],
)
def test_every_group_stands_out_of_the_map(groups, theme):
    assert min(contrast(colour, theme["back"]) for colour in groups) >= 3
