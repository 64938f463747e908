"""The library: records are found, switched over without loading the page anew, and what sounds alike is heard."""

import shutil

import pytest

from tests.offline.studio.conftest import HEARD, RATE, until
from tests.offline.studio.test_shelf import atlas, kit
from tests.support.waiting import wait_until


@pytest.fixture
def library(page):
    if page.is_hidden("chop-library"):
        page.click("#bar > button")
    page.fill("chop-library input", "")
    page.wait_for_selector("chop-library .item")
    return page


def test_records_are_searched_by_words(library):
    library.fill("chop-library input", "groo")
    assert library.locator("chop-library .item .title").all_inner_texts() == ["groove"]
    library.fill("chop-library input", "nothing is called so")
    assert library.locator("chop-library .item").count() == 0


def test_a_record_has_its_picture_and_its_length(library):
    library.wait_for_selector("chop-library .item .picture path", state="attached")
    assert library.locator("chop-library .item .length").first.inner_text() == "0:10"


def test_another_record_is_opened_by_keys_without_a_reload(library, record):
    library.evaluate("window.stays = true")
    for title in ("groove", record.stem):
        library.focus("chop-library input")
        library.fill("chop-library input", title)
        library.keyboard.press("ArrowDown")
        library.keyboard.press("Enter")
        until(library, "({ store }, title) => store.record.name === title", title)
        until(library, HEARD)
        assert library.inner_text("chop-library [aria-current] .title") == title
    assert library.evaluate("window.stays")


def test_what_is_detected_in_one_record_is_not_shown_of_another(library, studio):
    library.evaluate("window.studio.store.job = { stage: 'detecting chords', done: 1, length: 2 }")
    library.evaluate("(id) => window.studio.server.open(id)", studio.id_of("groove"))
    until(library, "({ store }) => store.record.name === 'groove'")
    until(library, HEARD)


def test_what_is_like_a_slice_is_listed_and_heard(library):
    library.evaluate("window.studio.store.select(window.studio.store.pads[1].start)")
    library.click(".alike .seek button")
    library.wait_for_selector(".alike .place")
    library.click(".alike .row:nth-child(2) .place")
    until(library, "({ store }) => store.playing.size > 0")


def test_a_place_that_is_alike_becomes_a_chop(library):
    library.evaluate("window.studio.store.select(window.studio.store.pads[1].start)")
    library.click(".alike .seek button")
    library.locator(".alike .row > button + button:visible").first.click()
    until(library, "({ store }) => store.project.chops.length === 1")


def test_a_kit_of_the_opened_folders_is_shown_large_and_leads_to_its_record(library, studio, record):
    source = studio.folder / "groove.wav"
    kit(studio.folder / "sets" / "verse", source)
    try:
        library.evaluate("dispatchEvent(new Event('focus'))")
        library.click("chop-library .kits .item:has-text('verse')")
        library.wait_for_selector("#kit-panel img", state="attached")
        assert "2 slices" in library.inner_text("#kit-panel")
        library.click("#kit-panel button:has-text('Open its record')")
        until(library, "({ store }) => store.record.name === 'groove'")
        assert library.is_hidden("#kit-panel")
    finally:
        shutil.rmtree(studio.folder / "sets")
        library.click(f"chop-library nav .item:has-text('{record.stem}')")
        until(library, "({ store }, title) => store.record.name === title", record.stem)
        until(library, HEARD)


def test_an_atlas_is_opened_in_the_browser_of_this_machine(library, studio):
    page = atlas(studio.folder / "drums")
    library.evaluate("dispatchEvent(new Event('focus'))")
    library.click("chop-library .atlas:has-text('drums')")
    wait_until(studio.shown.exists)
    wait_until(lambda: studio.shown.read_text() == f"{page / 'index.html'}\n")
    shutil.rmtree(studio.folder / "drums")


def test_what_is_like_a_slice_in_another_record_is_heard_and_opened_there(library, record):
    library.evaluate("window.studio.store.select(window.studio.store.pads[1].start)")
    start = library.evaluate("window.studio.store.pads[1].start")
    library.click(".alike .seek button + button")
    library.wait_for_selector(".elsewhere .place:has-text('groove')")
    with library.expect_response(lambda answer: "/api/audio" in answer.url and f"from={start}" in answer.url):
        library.locator(".elsewhere .place:has-text('groove')").first.click()
    library.locator(".elsewhere .row:has-text('groove') > button + button").first.click()
    until(library, "({ store }, start) => store.record.name === 'groove' && store.cursor === start", start)
    assert library.evaluate("window.studio.view.last - window.studio.view.first") < 8.5 * RATE
    library.click(f"chop-library nav .item:has-text('{record.stem}')")
    until(library, "({ store }, title) => store.record.name === title", record.stem)
    until(library, HEARD)


@pytest.mark.parametrize("width", [1000, 768])
def test_an_open_library_covers_nothing(opened, width):
    page = opened(viewport={"width": width, "height": 900})
    page.click("#bar > button")
    side, main = (page.locator(one).bounding_box() for one in ("chop-library", "main"))
    assert (side["x"] + side["width"], main["x"] + main["width"]) == (main["x"], width)
    parts = [page.locator(one).bounding_box() for one in ("chop-pads", "chop-slice", "chop-kit")]
    assert all(main["x"] <= one["x"] and one["x"] + one["width"] <= width for one in parts)
    lower = [one["y"] + one["height"] for one in parts]
    assert parts[2]["y"] >= max(lower[:2]) - 1  # the kit below pads and slice
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_record_that_cannot_be_opened_leaves_the_one_that_is_shown(library, record, studio):
    (path := studio.folder / "unreadable.wav").write_bytes(b"no audio")
    library.evaluate("dispatchEvent(new Event('focus'))")
    library.click("chop-library .item:has-text('unreadable')")
    until(library, "({ store }) => store.trouble.includes('cannot be read')")
    until(library, "({ server }, id) => server.recordId() === id", studio.id_of(record.stem))
    assert library.inner_text("chop-library [aria-current] .title") == record.stem
    pad = library.evaluate("window.studio.store.pads[1]")
    assert library.evaluate("(at) => window.studio.server.edit({ do: 'lock', at })", pad["start"])
    path.unlink()
