"""The keyboard: each key of docs and help does what it says."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.offline.studio.conftest import RATE, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PADS = "() => window.studio.store.pads"
MS = RATE // 1000


@pytest.fixture
def pads(page: "Page") -> list[dict[str, Any]]:
    """Give the pads in order of time, in silence."""
    page.evaluate("async () => { window.studio.sound = await import('/page/sound.js'); window.studio.sound.hush(); }")
    return list(page.evaluate(PADS))


def select(page: "Page", pad: dict[str, Any]) -> dict[str, Any]:
    """Select a slice."""
    page.evaluate("(at) => window.studio.store.select(at)", pad["start"])
    return pad


def moved(page: "Page", pad: dict[str, Any], by: int) -> None:
    """Wait until the server has a slice elsewhere, selected."""
    until(
        page,
        "({ store }, [origin, at]) => store.selected === at && store.project.chops.some((chop) =>"
        " chop.at === at && chop.origin === origin)",
        [pad["start"], pad["start"] + by],
    )


@pytest.mark.parametrize(("key", "place"), [("z", 0), ("v", 3), ("a", 4), ("r", 11), ("1", 12), ("4", 15)])
def test_keys_play_the_pads_of_their_place(page: "Page", pads: list[dict[str, Any]], key: str, place: int) -> None:
    page.keyboard.down(key)
    until(page, "({ store }, pad) => store.selected === pad.start && store.playing.has(pad.note)", pads[place])
    page.keyboard.up(key)


def test_a_pad_key_counts_by_its_place_whatever_is_printed_on_it(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("() => dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyZ', key: 'y' }))")
    until(page, "({ store }, at) => store.selected === at", pads[0]["start"])


def test_shift_and_a_pad_key_selects_in_silence(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.keyboard.press("Shift+x")
    until(page, "({ store }, at) => store.selected === at && store.playing.size === 0", pads[1]["start"])


def test_enter_plays_the_selected_slice(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[2])
    page.keyboard.press("Enter")
    until(page, "({ store }, note) => store.playing.has(note)", pads[2]["note"])


@pytest.mark.usefixtures("pads")
def test_space_plays_from_the_cursor_and_stops(page: "Page") -> None:
    page.evaluate("() => window.studio.store.moveCursor(88200)")
    page.keyboard.press("Space")
    until(page, "({ store, sound }) => sound.isListening() && store.head >= 88200")
    page.keyboard.press("Space")
    until(page, "({ store, sound }) => !sound.isListening() && store.head === null")


@pytest.mark.usefixtures("pads")
def test_space_plays_after_a_button_was_clicked(page: "Page") -> None:
    page.locator("chop-theme button").click(click_count=2)
    page.keyboard.press("Space")
    until(page, "({ sound }) => sound.isListening()")
    page.keyboard.press("Escape")
    until(page, "({ sound }) => !sound.isListening()")


@pytest.mark.parametrize(("key", "by"), [("ArrowRight", MS), ("ArrowLeft", -MS), ("Alt+ArrowRight", 1)])
def test_arrows_move_the_cut(page: "Page", pads: list[dict[str, Any]], key: str, by: int) -> None:
    select(page, pads[3])
    page.keyboard.press(key)
    moved(page, pads[3], by)


def test_shift_and_an_arrow_move_by_a_beat(page: "Page", pads: list[dict[str, Any]]) -> None:
    beat = page.evaluate(
        "async (at) => (await import('/page/measures.js')).beatLength(at)", select(page, pads[3])["start"]
    )
    assert abs(beat / RATE - 60 / 96) < 0.02
    page.keyboard.press("Shift+ArrowLeft")
    moved(page, pads[3], -beat)


def test_an_arrow_that_is_held_is_one_edit(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    for _ in range(5):
        page.keyboard.down("ArrowRight")
    until(page, "({ store }, at) => store.pad.start === at && store.selected !== at", pads[3]["start"] + 5 * MS)
    page.keyboard.up("ArrowRight")
    moved(page, pads[3], 5 * MS)
    page.keyboard.press("Control+z")
    until(page, "({ store }, at) => store.project.chops.length === 0 && store.selected === at", pads[3]["start"])


def test_quick_presses_add_up(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    for _ in range(4):
        page.keyboard.press("Alt+ArrowRight")
    moved(page, pads[3], 4)


def test_nudges_one_after_another_are_one_step_of_undo(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    for times in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        moved(page, pads[3], times * MS)
    page.keyboard.press("Control+z")
    until(page, "({ store }, at) => store.project.chops.length === 0 && store.selected === at", pads[3]["start"])


def test_ctrl_and_an_arrow_go_to_the_next_candidate(page: "Page", pads: list[dict[str, Any]]) -> None:
    taken = {pad["start"] for pad in pads}
    rows = page.evaluate("() => window.studio.store.candidates.map(([at]) => at)")
    pad = next(pad for pad in pads if any(at > pad["start"] and at not in taken for at in rows))
    goal = next(at for at in rows if at > select(page, pad)["start"] and at not in taken)
    page.keyboard.press("Control+ArrowRight")
    moved(page, pad, goal - pad["start"])


@pytest.mark.parametrize(("key", "by"), [("]", MS), ("[", -MS), ("Alt+]", 1)])
def test_brackets_move_the_end(page: "Page", pads: list[dict[str, Any]], key: str, by: int) -> None:
    select(page, pads[3])
    page.keyboard.press(key)
    until(page, "({ store }, end) => store.project.chops[0]?.end === end", pads[3]["stop"] + by)


def test_m_marks_at_the_cursor(page: "Page", pads: list[dict[str, Any]]) -> None:
    at = pads[3]["start"] + 1_000
    page.evaluate("(at) => window.studio.store.moveCursor(at)", at)
    page.keyboard.press("m")
    until(page, "({ store }, at) => store.selected === at && store.project.chops[0].at === at", at)


@pytest.mark.usefixtures("pads")
def test_m_marks_what_is_heard_while_it_plays(page: "Page") -> None:
    page.evaluate("() => { window.studio.store.snapTo('off'); window.studio.sound.listen(60000); }")
    until(page, "({ store }) => store.head > 62000")
    page.keyboard.press("m")
    until(page, "({ store }) => store.project.chops.length === 1")
    assert 62_000 < page.evaluate("() => window.studio.store.project.chops[0].at") < 60_000 + 9 * RATE
    page.evaluate("() => { window.studio.store.snapTo('attack'); window.studio.sound.hush(); }")


def test_backspace_deletes_and_undo_brings_back(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    page.keyboard.press("Backspace")
    until(page, "({ store }, at) => store.project.deleted.includes(at)", pads[3]["start"])
    page.keyboard.press("Control+z")
    until(page, "({ store }, at) => store.pads.some((pad) => pad.start === at)", pads[3]["start"])
    page.keyboard.press("Control+Shift+z")
    until(page, "({ store }, at) => store.project.deleted.includes(at)", pads[3]["start"])


def test_l_locks_and_unlocks(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    page.keyboard.press("l")
    until(page, "({ store }) => store.pad.locked")
    page.keyboard.press("l")
    until(page, "({ store }) => !store.pad.locked")


def test_n_names_and_typing_plays_no_pads(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    page.keyboard.press("n")
    page.keyboard.type("verse z")
    page.keyboard.press("Enter")
    until(page, "({ store }, at) => store.selected === at && store.pad.name === 'verse z'", pads[3]["start"])
    assert page.evaluate("() => window.studio.store.playing.size") == 0


@pytest.mark.usefixtures("pads")
def test_comma_and_full_stop_zoom(page: "Page") -> None:
    whole = page.evaluate("() => window.studio.view.scale")
    page.keyboard.press(".")
    until(page, "({ view }, whole) => view.scale < whole", whole)
    page.keyboard.press(",")
    until(page, "({ view }, whole) => Math.abs(view.scale - whole) < 1e-6 * whole", whole)


def test_up_and_down_walk_through_the_slices(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    page.keyboard.press("ArrowDown")
    until(page, "({ store }, at) => store.selected === at", pads[4]["start"])
    page.keyboard.press("ArrowUp")
    until(page, "({ store }, at) => store.selected === at", pads[3]["start"])


def test_the_arrows_go_on_from_a_slice_that_was_deleted(page: "Page", pads: list[dict[str, Any]]) -> None:
    select(page, pads[3])
    page.keyboard.press("Backspace")
    until(page, "({ store }) => store.selected === null")
    page.keyboard.press("ArrowDown")
    until(page, "({ store }, at) => store.pad && store.pad.start > at", pads[3]["start"])
    assert (
        page.evaluate(
            "() => window.studio.store.pads.filter((pad) => pad.start < window.studio.store.selected).at(-1)"
        )["start"]
        < pads[3]["start"]
    )


def test_the_panel_of_keys_gives_the_focus_back(page: "Page") -> None:
    page.evaluate("document.activeElement?.blur()")
    for _ in range(2):
        page.keyboard.press("?")
    assert page.is_hidden("#keys-panel")
    assert page.evaluate("document.activeElement === document.body")
    page.locator("chop-kit select").focus()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('chop-kit select')")
