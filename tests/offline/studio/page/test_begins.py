"""The page as it is opened: the record is heard, its kit stands on the pads, an edit is kept beside the record."""

from tests.offline.studio.conftest import WINDOW, project_of, until


def test_a_record_that_is_opened_gets_a_kit(page):
    assert page.evaluate("window.studio.store.pads.length") >= 8


def test_an_edit_is_kept_in_the_project_beside_the_record(page, record):
    at = page.evaluate("window.studio.store.pads[1].start")
    page.evaluate("(at) => window.studio.server.edit({ do: 'lock', at })", at)
    until(page, "({ store }, at) => store.pads.find((pad) => pad.start === at)?.locked", at)
    (chop,) = project_of(record)["chops"]
    assert (chop["at"], chop["locked"]) == (at, True)


def test_an_edit_that_cannot_be_is_told_in_a_sentence(page):
    page.evaluate("() => window.studio.server.edit({ do: 'delete', chop: 'c99' })")
    until(page, "({ store }) => store.trouble === \"there is no chop 'c99'\"")


def test_of_a_folder_the_first_record_that_can_be_read_is_opened(chromium, studio):
    (broken := studio.folder / "00 broken.wav").write_text("no sound")
    try:
        page = chromium.new_context(**WINDOW).new_page()
        page.goto(studio.address)
        page.wait_for_selector("chop-title h1:not(:empty)")
        said = page.text_content("chop-library .broken .marks")
        assert said.startswith("The record cannot be read as audio")
        assert page.is_hidden(".said.trouble")
        page.context.close()
    finally:
        broken.unlink()
