"""Decisions without a clear place: counted in a line, listed, gone to and heard, settled and taken back."""

import pytest

from tests.offline.studio.conftest import until

COUNT = "({ store }, count) => store.get('conflicts').length === count"
UNCLEAR = """async () => {
  const { store, server } = window.studio, { schema, audio } = store.project, at = store.pads[2].start;
  const chops = [{ id: "c1", at, origin: at, name: "break" }], deleted = [store.record.length - 5000];
  const conflicts = [{ what: "chop", at, was: 1.5, chop: "c1" }, { what: "deleted", at: deleted[0], was: 2.5 }];
  await server.edit({ do: "replace", project: { schema, audio, chops, deleted, conflicts, chops_made: 1 } });
}"""


@pytest.fixture
def unclear(page):
    page.evaluate(UNCLEAR)
    until(page, COUNT, 2)
    line = page.get_by_role("region", name="Decisions without a clear place").first
    line.get_by_text("2 decisions have no clear place in this file.").wait_for()
    line.get_by_role("button", name="Look at them").click()
    yield page
    if page.locator("#conflicts-panel").is_visible():
        page.keyboard.press("Escape")


def test_without_any_nothing_is_said_of_them(page):
    assert page.locator("chop-conflicts").is_hidden()


def test_one_is_gone_to_and_heard(unclear):
    unclear.get_by_role("button", name="c1 'break', 1.500 s, has no sound like it").first.click()
    until(unclear, "({ store }) => store.pad?.name === 'break' && store.playing.size === 1")
    until(unclear, "({ store, view }) => view.first < store.pad.start && store.pad.start < view.last")


def test_a_place_that_is_no_chop_is_heard_in_the_record(unclear):
    unclear.get_by_role("button", name="A deleted chop, 2.500 s").first.click()
    until(unclear, "({ store, view }) => store.cursor === store.record.length - 5000 && store.head !== null")


def test_their_list_leaves_the_record_in_sight(unclear):
    for width, height in ((1024, 768), (1280, 800)):
        unclear.set_viewport_size({"width": width, "height": height})
        lanes, listed = (unclear.locator(one).bounding_box() for one in ("#lanes", "#conflicts-panel"))
        assert listed["y"] >= lanes["y"] + lanes["height"]


def test_one_is_settled_by_the_keyboard_and_taken_back(unclear):
    for _ in ("its cross", "the first", "settles it"):
        unclear.keyboard.press("Tab")
    unclear.keyboard.press("Enter")
    until(unclear, COUNT, 1)
    unclear.keyboard.press("Control+z")
    until(unclear, COUNT, 2)


def test_all_are_settled_at_once(unclear):
    unclear.get_by_role("button", name="All lie well").click()
    until(unclear, COUNT, 0)
    unclear.wait_for_selector("chop-conflicts", state="hidden")
    assert unclear.locator("#conflicts-panel").is_hidden()
    unclear.evaluate("window.studio.server.undo()")
    until(unclear, COUNT, 2)
