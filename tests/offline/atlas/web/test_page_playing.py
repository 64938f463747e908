"""The page in Chromium: it is seen and heard."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import PageSettings, SpriteSettings
from samplechop.offline.atlas.web import sprites
from samplechop.offline.atlas.web.page import page as make_page
from samplechop.offline.lab.bench.atlas_page import spot
from tests.offline.atlas.atlases import make_atlas
from tests.offline.atlas.web.hands import at_row, begun, heard, point_at, settled
from tests.offline.atlas.web.pages import COLUMNS, COUNT, HOSTILE, LABELS, TITLE, nothing


def assert_drawn(page):
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), float)
    colours = np.array(page.evaluate("[...samplechop.colours.rgb]")).reshape(COUNT, 3)
    for row in range(COUNT):
        left, top = spot(page, row)
        assert np.abs(picture[round(top), round(left)] - colours[row]).max() < 25
    assert len({tuple(colour) for colour in colours.tolist()}) == len(LABELS)


def test_every_point_is_drawn_in_the_colour_of_its_group(page):
    assert_drawn(page)


def test_the_points_are_drawn_again_when_the_graphics_card_forgot_them(opened):
    page = opened()
    page.evaluate("""() => new Promise((done) => {
      const canvas = document.getElementById("map");
      const loss = canvas.getContext("webgl").getExtension("WEBGL_lose_context");
      canvas.addEventListener("webglcontextlost", () => setTimeout(() => loss.restoreContext()));
      canvas.addEventListener("webglcontextrestored", done);
      loss.loseContext(); })""")
    settled(page)
    assert_drawn(page)


def test_one_sound_is_a_map_too(opened, tmp_path):
    atlas = make_atlas(tmp_path, [2_000])
    map_files.write_map(atlas, "one", np.full((1, 2), 0.5, np.float32))
    sprites.sprites(atlas, SpriteSettings(), nothing, 1)
    make_page(atlas, PageSettings(), nothing)
    page = opened(tmp_path / "page")
    page.mouse.click(*spot(page, 0))
    assert heard(page, 0)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("samplechop.current") == 0


@pytest.mark.parametrize("row", [0, 9, COUNT - 1])
def test_pointing_at_a_sound_plays_it_from_where_it_lies_in_its_part(page, paged, row):
    played = point_at(page, row)
    _, index, _ = sprites.read_index(paged)
    _, offset, duration = index[row]
    assert played == pytest.approx([0, offset, duration], abs=1e-5)


def test_what_is_played_is_the_sound_and_begins_with_it(page, paged):
    point_at(page, 5)
    played = page.evaluate("""() => { const { buffer, heard: [, offset, duration] } = begun.at(-1);
      const from = Math.round(offset * buffer.sampleRate), count = Math.round(duration * buffer.sampleRate);
      return [...buffer.getChannelData(0).subarray(from, from + count)]; }""")
    sound = paged.samples()[5, : len(played)]
    likeness = np.correlate(np.array(played), sound, "full")
    assert np.argmax(likeness) == len(sound) - 1
    assert np.corrcoef(played, sound)[0, 1] > 0.85  # it is noise, of which an mp3 keeps no more


def test_before_the_first_gesture_a_hint_says_how_to_hear_and_then_it_is_heard(opened):
    page = opened()
    page.mouse.move(*spot(page, 8))
    page.get_by_text("Click once, anywhere, to switch the sound on").wait_for()
    assert begun(page) == 0
    page.mouse.down()
    page.wait_for_function("begun.length > 0")
    page.locator("#hint").wait_for(state="hidden")


def test_arrow_keys_go_to_the_neighbour_that_way_and_play_it(page):
    point_at(page, 8)
    for key, row in (("ArrowRight", 9), ("ArrowUp", 9 + COLUMNS), ("ArrowLeft", 8 + COLUMNS), ("ArrowDown", 8)):
        before = begun(page)
        page.keyboard.press(key)
        at_row(page, row)
        assert heard(page, before)


def test_arrow_keys_reach_every_sound(page):
    reached = page.evaluate("""() => {
      const seen = new Set([0]), open = [0];
      while (open.length) {
        const row = open.pop();
        for (const [right, up] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          const next = samplechop.near.towards(row, right, up);
          if (next >= 0 && !seen.has(next)) { seen.add(next); open.push(next); }
        }
      }
      return seen.size; }""")
    assert reached == COUNT


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_enter_and_space_play_it_again(page, key):
    first = point_at(page, 3)
    before = begun(page)
    page.keyboard.press(key)
    assert heard(page, before) == first


def test_mute_is_silent(page):
    point_at(page, 3)
    page.keyboard.press("m")
    before = begun(page)
    page.mouse.move(*spot(page, 4))
    at_row(page, 4)
    settled(page)
    assert begun(page) == before
    assert page.locator("#mute").get_attribute("aria-pressed") == "true"


def test_the_kit_plays_one_sound_after_the_other(page):
    page.evaluate("samplechop.kit.choose([5, 0, 2], 'replace')")
    page.click("#kit-play")
    page.wait_for_function("begun.length === 3")
    lengths = page.evaluate("begun.map(({ heard }) => heard[2])")
    expected = page.evaluate("[5, 0, 2].map((row) => samplechop.data.length[row])")
    assert lengths == pytest.approx(expected)
    page.get_by_role("button", name="Play all").wait_for()


def test_hostile_names_are_only_names(page):
    for row, name in enumerate(HOSTILE):
        point_at(page, row)
        assert page.locator("#name").text_content() == name
    page.evaluate("samplechop.kit.choose([0, 1, 2, 3], 'replace')")
    assert page.locator("#kit-list .what").all_text_contents() == list(HOSTILE)
    assert page.title() == TITLE and page.locator("#title").text_content() == TITLE
    assert page.evaluate("window.hacked") is None
    assert page.locator("main i, #card img, #kit img, #legend i").count() == 0


def test_the_page_may_not_reach_the_network(page):
    refused = page.evaluate("""async () => {
      const said = new Promise((done) => {
        addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective)); });
      await fetch("https://example.invalid/").catch(() => {});
      return said; }""")
    assert refused == "connect-src"


def test_the_fingerprint_of_the_current_sound_is_shown(page):
    point_at(page, 10)
    rows = page.evaluate("""() => { const canvas = document.getElementById("print");
      const column = canvas.getContext("2d").getImageData(canvas.width - 1, 0, 1, canvas.height).data;
      return Array.from({ length: canvas.height }, (_, top) => column[4 * top]); }""")
    assert int(np.argmax(rows)) == 8 - 1 - 10 % 8


def test_a_part_that_is_missing_is_told(opened, paged, tmp_path):
    folder = tmp_path / "copied elsewhere"
    shutil.copytree(paged.folder / "page", folder)
    for script in (folder / "audio").iterdir():
        script.unlink()
    page = opened(folder)
    page.mouse.click(2, 700)
    page.mouse.move(*spot(page, 4))
    page.get_by_text("was the folder copied whole?").wait_for()


def test_the_page_asks_for_nothing_but_its_own_files(page, paged, watched):
    point_at(page, 11)
    page.select_option("#which-map", label="mirrored")
    page.wait_for_function("samplechop.maps.has(1)")
    assert (paged.folder / "page/data/map-1.js").as_uri() in watched.asked
    assert [url for url in watched.asked if not url.startswith(("file:", "data:"))] == []
