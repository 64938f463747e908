"""The kit's panel: sliders that answer while they move and are one edit, re-roll, locks, and the kit beside others."""

import pytest

from tests.offline.studio.conftest import until

KIT = "({ store }, [option, value]) => store.project.kit[option] === value"


def slide(page, option, value, let_go=True):
    """Move a slider as a hand does: several values on the way, then, perhaps, it is let go."""
    page.evaluate(
        """([option, value, letGo]) => {
          const slider = document.querySelector(`input[data-option=${option}]`);
          for (const part of [0.5, 1]) {
            slider.value = Number(slider.value) * (1 - part) + value * part;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
          }
          if (letGo) slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        [option, value, let_go],
    )


def test_the_kit_follows_a_slider_while_it_moves_and_nothing_is_kept_yet(page):
    slide(page, "count", 5, let_go=False)
    until(page, "({ store }) => store.pads.length === 5")
    assert page.evaluate("window.studio.store.project.undo ?? ''") != "kit count"
    slide(page, "count", 6)
    until(page, KIT, ["count", 6])


def test_of_drums_alone_each_hit_gets_a_pad_by_one_press(page):
    hits = page.evaluate("window.studio.store.kit.alone")
    assert hits > page.evaluate("window.studio.store.pads.length")
    offer = page.locator(f"chop-kit .alone:has-text('{hits} hits')")
    assert offer.is_visible()
    offer.dispatch_event("click")
    until(page, "({ store }, hits) => store.pads.length === hits && store.project.kit.count === hits", hits)
    page.wait_for_selector("chop-kit .alone", state="hidden")


@pytest.mark.parametrize(("option", "value"), [("count", 7), ("density", 0.2), ("diversity", 0.9)])
def test_a_slider_that_is_let_go_is_one_edit(page, option, value):
    slide(page, option, value)
    until(page, KIT, [option, value])
    until(page, "({ store }, option) => store.project.undo === `kit ${option}`", option)
    page.keyboard.press("Control+z")
    until(page, "({ store }, option) => !(option in store.project.kit)", option)


def test_a_slider_moves_by_arrow_keys(page):
    page.locator("input[data-option=count]").focus()
    before = page.evaluate("window.studio.store.kit.most")
    page.keyboard.press("ArrowLeft")
    until(page, KIT, ["count", before - 1])


def test_steps_by_arrow_keys_are_one_step_of_undo(page):
    page.locator("input[data-option=count]").focus()
    before = page.evaluate("window.studio.store.kit.most")
    for less in (1, 2, 3):
        page.keyboard.press("ArrowLeft")
        until(page, KIT, ["count", before - less])
    page.keyboard.press("Control+z")
    until(page, "({ store }) => !('count' in store.project.kit)")


def test_a_cut_that_is_added_to_a_full_kit_is_one_more_by_count_too(page):
    starts = "window.studio.store.pads.map(({ start, note }) => [start, note])"
    page.locator("input[data-option=count]").focus()
    page.keyboard.press("ArrowLeft")
    until(page, "({ store }) => store.pads.length === store.project.kit.count")
    before = page.evaluate(starts)
    at = page.evaluate("window.studio.store.pads[0].stop - 3000")
    page.evaluate("async (at) => (await import('/page/snap.js')).addAt(at)", at)
    until(page, KIT, ["count", len(before) + 1])
    assert page.locator(".slider output").first.inner_text() == str(len(before) + 1)
    assert [one for one in page.evaluate(starts) if one[0] != at] == before
    assert page.get_by_text(f"and Count is {len(before) + 1}").is_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("k")
    until(page, "({ store }) => store.project.kit.reroll === 1")
    assert len(page.evaluate(starts)) == len(before) + 1
    page.keyboard.press("Control+z")
    page.keyboard.press("Backspace")
    until(page, KIT, ["count", len(before)])
    assert page.evaluate(starts) == before


def test_a_slider_that_was_clicked_has_the_arrows_and_no_cut_moves(page):
    page.locator("input[data-option=diversity]").click()
    until(page, "({ store }) => 'diversity' in store.project.kit")
    before = page.locator("input[data-option=diversity]").evaluate("(slider) => slider.valueAsNumber")
    page.keyboard.press("ArrowRight")
    until(page, "({ store }, before) => store.project.kit.diversity > before", before)
    assert page.evaluate("window.studio.store.project.chops") == []


def test_auto_takes_what_a_slider_said_back(page):
    slide(page, "density", 0.9)
    until(page, KIT, ["density", 0.9])
    page.get_by_title("Density as usual").click()
    until(page, "({ store }) => !('density' in store.project.kit)")


def test_what_is_cut_at_takes_the_place_of_a_density(page):
    slide(page, "density", 0.9)
    until(page, KIT, ["density", 0.9])
    assert page.locator("chop-kit .near").all_inner_texts() == ["Attacks"]
    page.locator("label", has_text="Auto").click()
    until(page, "({ store }) => !('density' in store.project.kit)")


def test_ends_gap_and_bars_are_said(page):
    page.get_by_label("Where slices end").select_option("1bars")
    until(page, KIT, ["until", "1bars"])
    page.get_by_label("Least seconds between chops").fill("0.5")
    page.keyboard.press("Enter")
    until(page, KIT, ["min_gap", 0.5])
    page.get_by_label("Bars first").check()
    until(page, KIT, ["bars", True])


def test_a_key_rerolls_what_is_not_locked(page):
    page.get_by_role("button", name="Lock all").click()
    until(page, "({ store }) => store.pads.every((pad) => pad.locked)")
    locked = page.evaluate("window.studio.store.pads.map((pad) => pad.start)")
    page.keyboard.press("k")
    until(page, KIT, ["reroll", 1])
    assert page.evaluate("window.studio.store.pads.map((pad) => pad.start)") == locked
    page.get_by_role("button", name="Unlock all").click()
    until(page, "({ store }) => store.pads.every((pad) => !pad.locked)")


def test_figures_are_said_in_words(page):
    assert "random picks" in page.locator("chop-kit .figures").inner_text()


def test_the_kit_stands_beside_other_ways_to_choose(page):
    page.get_by_role("button", name="Compare", exact=True).click()
    page.locator("[data-way=kit]").wait_for()
    ways = page.locator("[data-way]").evaluate_all("rows => rows.map((row) => row.dataset.way)")
    assert ways == ["kit", "strongest", "grid", "beats"]
    page.get_by_role("button", name="+ librosa").click()
    page.locator("[data-way=librosa]").wait_for()
    page.get_by_role("button", name="Close the comparison").click()
    assert page.locator("chop-compare").is_hidden()


def test_a_way_of_the_comparison_is_played(page):
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("button", name="Play the next slice: Equal grid").click()
    until(page, "({ store }) => store.playing.size === 1")
    page.keyboard.press("Escape")
    assert page.locator("chop-compare").is_hidden()
