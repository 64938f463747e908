"""The panel of the selected slice: everything that can be said of one."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.offline.studio.conftest import RATE, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@pytest.fixture
def pad(page: "Page") -> dict[str, Any]:
    """Give a slice that is selected."""
    page.evaluate("() => window.studio.store.select(window.studio.store.pads[3].start)")
    return dict(page.evaluate("() => window.studio.store.pad"))


def panel(page: "Page") -> "Locator":
    """Give the panel."""
    return page.locator("chop-slice")


def field(page: "Page", name: str) -> "Locator":
    """Give a field of the panel by its name."""
    return panel(page).get_by_label(name, exact=True)


def say(page: "Page", name: str, text: str) -> None:
    """Type into a field."""
    field(page, name).fill(text)
    field(page, name).press("Enter")


def chop(page: "Page", **facts: Any) -> None:
    """Wait until the project's only chop is as it should be."""
    until(
        page,
        "({ store }, facts) => store.project.chops.length === 1 &&"
        " Object.entries(facts).every(([name, value]) => store.project.chops[0][name] === value)",
        facts,
    )


def test_it_teaches_where_nothing_is_selected(page: "Page") -> None:
    assert "Press a pad" in (panel(page).locator(".empty").text_content() or "")
    assert not panel(page).locator(".full").is_visible()


@pytest.mark.parametrize(("unit", "text"), [("Seconds", "0:02.400"), ("Samples", str(12 * RATE // 5))])
def test_a_beginning_is_typed_in_the_unit_that_is_shown(
    page: "Page", pad: dict[str, Any], unit: str, text: str
) -> None:
    panel(page).get_by_text(unit, exact=True).click()
    say(page, "Start", text)
    chop(page, at=12 * RATE // 5, origin=pad["start"])
    panel(page).get_by_text("Seconds", exact=True).click()


def test_a_length_is_typed_in_beats(page: "Page", pad: dict[str, Any]) -> None:
    panel(page).get_by_text("Beats", exact=True).click()
    say(page, "Length", "2")
    until(page, "({ store }) => store.pad.end !== null")
    found = page.evaluate("() => window.studio.store.pad.end") - pad["start"]
    assert abs(found / RATE - 2 * 60 / 96) < 0.03
    assert field(page, "Length").input_value() == "2.00"
    panel(page).get_by_text("Seconds", exact=True).click()


@pytest.mark.usefixtures("pad")
def test_an_end_is_typed_and_nudged(page: "Page") -> None:
    say(page, "End", "4")
    chop(page, end=4 * RATE)
    field(page, "End: more").click()
    chop(page, end=4 * RATE + RATE // 1000)
    field(page, "End").press("Alt+ArrowDown")
    chop(page, end=4 * RATE + RATE // 1000 - 1)


@pytest.mark.usefixtures("pad")
def test_what_is_no_number_is_told_and_put_back(page: "Page") -> None:
    before = field(page, "Start").input_value()
    say(page, "Start", "soon")
    until(page, "({ store }) => store.trouble.includes('“soon”')")
    assert field(page, "Start").input_value() == before


@pytest.mark.parametrize(("name", "text", "said"), [("Start", "99:00", "goes up to 0:"), ("End", "0", "down to 0:")])
def test_a_place_where_none_can_be_is_refused(page: "Page", name: str, text: str, said: str) -> None:
    page.evaluate("window.studio.store.select(window.studio.store.pads[2].start)")
    before = page.evaluate("window.studio.store.project.undo")
    field(page, name).fill(text)
    field(page, name).press("Enter")
    until(page, "({ store }, said) => store.trouble.includes(said)", said)
    assert page.evaluate("window.studio.store.project.undo") == before


@pytest.mark.usefixtures("pad")
def test_gain_is_typed_and_taken_back(page: "Page") -> None:
    say(page, "Gain", "-3 dB")
    chop(page, gain_db=-3)
    say(page, "Gain", "")
    until(page, "({ store }) => store.pad.gain_db === null")


@pytest.mark.usefixtures("pad")
def test_play_mode_choke_and_colour_are_chosen(page: "Page") -> None:
    panel(page).get_by_text("Loop", exact=True).click()
    chop(page, play="loop")
    field(page, "Choke group").select_option("3")
    chop(page, play="loop", choke=3)
    field(page, "Colour 2").click()
    chop(page, choke=3, colour="#e69f00")
    assert field(page, "Colour 2").get_attribute("aria-pressed") == "true"
    assert page.locator(".pad.selected .choke").text_content() == "3"


def test_another_pad_is_chosen_by_keyboard_too(page: "Page", pad: dict[str, Any]) -> None:
    other = page.evaluate("() => window.studio.store.pads[6]")
    field(page, "Pad").select_option(str(other["note"]))
    until(
        page,
        "({ store }, [a, b]) => store.pads.find(({ start }) => start === a.start)?.note === b.note &&"
        " store.pads.find(({ start }) => start === b.start)?.note === a.note",
        [pad, other],
    )


@pytest.mark.usefixtures("pad")
def test_lock_and_release(page: "Page") -> None:
    field(page, "Lock").click()
    chop(page, locked=True)
    panel(page).get_by_role("button", name="Forget all that was said of this slice").click()
    until(page, "({ store }) => store.project.chops.length === 0")


def test_delete(page: "Page", pad: dict[str, Any]) -> None:
    before = page.evaluate("() => window.studio.store.pads.map((pad) => pad.start)")
    panel(page).get_by_role("button", name="Delete (backspace)").click()
    until(page, "({ store }, at) => store.project.deleted.includes(at) && store.pad === undefined", pad["start"])
    after = page.evaluate("() => window.studio.store.pads.map((pad) => [pad.start, pad.pad])")
    came = [name for start, name in after if start not in before]
    until(page, "({ store }, came) => came.every((name) => store.remark.endsWith(`is on ${name}`))", came)
    assert page.locator("chop-status").get_by_text("is deleted").count() == len(came)


@pytest.mark.usefixtures("pad")
def test_snap_is_chosen_for_all_gestures(page: "Page") -> None:
    panel(page).get_by_text("Grid", exact=True).click()
    until(page, "({ store }) => store.snap === 'grid'")
    page.evaluate("() => window.studio.store.snapTo('attack')")
    assert panel(page).get_by_label("Attack").is_checked()


def test_a_slice_is_saved_as_wav(page: "Page", pad: dict[str, Any]) -> None:
    with page.expect_download() as download:
        panel(page).get_by_role("link", name="Save as wav").click()
    assert download.value.suggested_filename == f"test_slice_{pad['pad']}.wav"


@pytest.mark.usefixtures("pad")
def test_an_end_that_is_emptied_is_the_one_that_is_found(page: "Page") -> None:
    before = field(page, "End").input_value()
    say(page, "End", "4")
    chop(page, end=4 * RATE)
    say(page, "End", "")
    until(page, "({ store }) => store.pad.end === null")
    assert field(page, "End").input_value() == before


@pytest.mark.usefixtures("pad")
def test_a_gain_that_is_held_is_one_edit(page: "Page") -> None:
    for _ in range(4):
        page.evaluate("() => document.querySelector(\"[aria-label='Gain']\").focus()")
        page.keyboard.down("ArrowDown")
    until(page, "({ store }) => store.pad.gain_db === -2 && store.project.chops.length === 0")
    page.keyboard.up("ArrowDown")
    chop(page, gain_db=-2)
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+z")
    until(page, "({ store }) => store.project.chops.length === 0")


def test_what_is_typed_stays_while_the_record_changes(page: "Page", pad: dict[str, Any]) -> None:
    field(page, "End").focus()
    page.keyboard.type("4.2")
    page.evaluate("(at) => window.studio.server.edit({ do: 'lock', at })", pad["start"])
    until(page, "({ store }) => store.pad.locked")
    assert field(page, "End").input_value() == "4.2"
    page.keyboard.press("Escape")
    assert field(page, "End").input_value() != "4.2"


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_on_a_small_screen_all_of_a_slice_is_in_sight(opened, touch):
    page = opened(viewport={"width": 1024, "height": 768}, has_touch=touch, is_mobile=touch)
    page.evaluate("window.studio.store.select(window.studio.store.pads[2].start)")
    page.wait_for_selector("chop-slice .full")
    assert page.evaluate("(() => { const { scrollHeight, clientHeight } = document.querySelector('chop-slice');"
                         " return scrollHeight <= clientHeight; })()")  # fmt: skip
