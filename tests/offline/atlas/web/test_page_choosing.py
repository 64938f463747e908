"""The page in Chromium: search, lasso, kit, legend, maps and grid."""

import io

import numpy as np
import pytest
from PIL import Image

from samplechop.offline.kits.from_list import read_list
from samplechop.offline.lab.bench.atlas_page import spot
from tests.offline.atlas.web.hands import around, at_row, drag, kit, places, point_at, settled, shown
from tests.offline.atlas.web.pages import COUNT, TAG


def test_the_search_finds_by_name_as_one_types(page):
    page.locator("#search").press_sequentially("кик")
    assert shown(page) == [3]
    assert page.locator("#count").text_content() == f"1 of {COUNT}"
    page.locator("#search").press("Escape")
    assert len(shown(page)) == COUNT


@pytest.mark.parametrize(
    ("words", "found"), [("WARM", [7]), ("bright", list(range(COUNT))), ("kick 8 bright", [8, 18])]
)
def test_the_search_finds_by_tag_and_by_all_words(page, words, found):
    page.fill("#search", words)
    assert shown(page) == found


def test_what_the_search_does_not_find_cannot_be_pointed_at(page):
    page.fill("#search", "warm")
    page.mouse.move(*spot(page, 8))
    page.mouse.move(*spot(page, 7))
    at_row(page, 7)
    page.mouse.move(*spot(page, 8))
    settled(page)
    assert page.evaluate("samplechop.current") == 7


def test_all_that_was_found_goes_into_the_kit(page):
    page.fill("#search", "kick 1")
    found = shown(page)
    page.click("#take-found")
    assert kit(page) == found and len(found) > 1


def test_a_lasso_saves_the_list_of_what_it_holds(page, paged, tmp_path):
    rows = [0, 1, 2, 6, 7, 8]
    drag(page, around(page, rows), "Shift")
    assert kit(page) == rows
    with page.expect_download() as download:
        page.click("#kit-save")
    assert download.value.suggested_filename == "kit.tsv"
    download.value.save_as(tmp_path / "kit.tsv")
    entries = read_list(tmp_path / "kit.tsv")
    sounds = [paged.sounds[row] for row in rows]
    assert [(str(entry.path), entry.name) for entry in entries] == [(one.path, one.name) for one in sounds]
    for entry, one in zip(entries, sounds, strict=True):
        assert (entry.start, entry.duration) == pytest.approx((one.start, one.duration), abs=1e-5)


def test_control_adds_to_the_kit_and_alt_removes(page):
    page.click("#lasso-mode")
    drag(page, around(page, [0, 1]))
    page.click("#lasso-mode")
    drag(page, around(page, [2, 3]), "Control")
    assert sorted(kit(page)) == [0, 1, 2, 3]
    page.click("#lasso-mode")
    drag(page, around(page, [1, 2]), "Alt")
    assert sorted(kit(page)) == [0, 3]


def test_the_command_makes_a_kit_of_the_list(page):
    page.evaluate("samplechop.kit.choose([5], 'replace')")
    page.fill("#kit-name", "; rm -rf ~ my kit")
    assert page.locator("#kit-command").text_content() == "samplechop chop --from-list rm-rf-my-kit.tsv -o rm-rf-my-kit"


def test_k_puts_the_current_sound_into_the_kit_and_out_of_it(page):
    point_at(page, 4)
    page.keyboard.press("k")
    assert kit(page) == [4]
    page.keyboard.press("k")
    assert kit(page) == []


def test_the_grid_and_the_map_take_turns(page):
    on_map = places(page)
    page.keyboard.press("g")
    on_grid = places(page)
    columns, rows = np.arange(COUNT) % 5, np.arange(COUNT) // 5
    np.testing.assert_allclose(on_grid[:, 0], (columns + 0.5) / 5, atol=1e-6)
    assert (np.diff(on_grid[:, 1]) <= 1e-6).all() and len(set(on_grid[:, 1])) == rows.max() + 1
    page.click("#as-map")
    np.testing.assert_array_equal(places(page), on_map)


def test_another_map_can_be_chosen(page):
    before = places(page)
    page.select_option("#which-map", label="mirrored")
    page.wait_for_function("samplechop.layout.map === 1")
    after = places(page)
    np.testing.assert_allclose(after, before * (-1, 1) + (1, 0), atol=1e-6)


def test_the_legend_hides_and_shows_a_group(page):
    kick = page.locator("#legend-list button", has_text="kick")
    kick.click()
    assert kick.get_attribute("aria-pressed") == "false"
    assert shown(page) == [row for row in range(COUNT) if row % 3]
    page.click("#legend-all")
    assert len(shown(page)) == COUNT


@pytest.mark.parametrize(
    ("colouring", "groups"),
    [
        ("Pack", ["pack 0", "pack 1"]),
        ("Tag", ["bright", TAG]),
        ("Tempo, BPM", ["90 – 99", "100 – 109", "110 – 119"]),
        ("Key", ["C major", "A minor", "unclear"]),
    ],
)
def test_points_are_coloured_by_what_one_chooses(page, colouring, groups):
    page.select_option("#colour-by", label=colouring)
    assert page.locator("#legend-list .what").all_text_contents() == groups


def test_a_map_has_its_own_colours(page):
    page.select_option("#colour-by", label="Colours of lattice")
    page.wait_for_function("samplechop.colours.rgb[1] === 200")
    assert page.evaluate("[...samplechop.colours.rgb.slice(0, 3)]") == [10, 200, 30]
    assert page.locator("#legend").is_hidden()


def test_points_can_be_the_pictures_of_their_sounds(page):
    page.select_option("#colour-by", label="Fingerprint")
    page.wait_for_function("samplechop.drawing.printed")
    settled(page)
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"), float)
    size = page.evaluate("samplechop.drawing.size()")
    for row in (0, 3, 7):  # one band sounds, the row's number from below
        left, top = spot(page, row)
        column = picture[round(top - size / 2) + 1 : round(top + size / 2), round(left)]
        assert np.argmax(column) / len(column) == pytest.approx((7.5 - row) / 8, abs=0.09)


def test_with_every_group_hidden_nothing_is_drawn_and_one_click_brings_all_back(page):
    for group in page.locator("#legend-list button").all():
        group.click()
    settled(page)
    assert shown(page) == []
    page.click("#empty-clear")
    assert len(shown(page)) == COUNT
    assert page.locator("#legend-list button[aria-pressed=false]").count() == 0
