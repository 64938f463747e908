"""The page in Chromium: view, themes, controls, and a phone."""

import pytest

from samplechop.offline.lab.bench.atlas_page import spot
from tests.offline.atlas.web.hands import around, at_row, centre, drag, kit, touch
from tests.offline.atlas.web.pages import COUNT


def test_a_wheel_zooms_where_it_points(page):
    left, top = spot(page, 9)
    page.mouse.move(left, top)  # which the browser rounds to whole pixels
    before = page.evaluate("samplechop.camera.scale")
    page.mouse.wheel(0, -300)
    page.wait_for_function("(before) => samplechop.camera.scale > 1.2 * before", arg=before)
    assert spot(page, 9) == pytest.approx((left, top), abs=1)


def test_dragging_moves_the_map_with_the_hand(page):
    left, top = spot(page, 9)
    drag(page, [(left + 30, top + 30), (left + 90, top + 70)])
    assert spot(page, 9) == pytest.approx((left + 60, top + 40), abs=0.01)


@pytest.mark.parametrize("slow", [False, True])
def test_where_drawing_is_slow_the_last_picture_moves_and_is_drawn_anew_at_rest(page, slow):
    moved = page.evaluate(
        """(slow) => new Promise((done) => { const { drawing, camera } = samplechop;
          drawing.slow = slow;
          const before = drawing.drawn;
          camera.panBy(30, 0);
          const { style } = document.getElementById("map");
          requestAnimationFrame(() => done([style.transform, drawing.drawn - before])); })""",
        slow,
    )
    assert moved == (["translate(30px, 0px) scale(1)", 0] if slow else ["", 1])
    page.wait_for_function("document.getElementById('map').style.transform === ''")


def test_light_and_dark_follow_the_system_and_the_switch(opened):
    page = opened(color_scheme="light")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "light"
    page.click("#theme")
    assert page.evaluate(theme) == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 29)"


def test_the_view_flies_and_the_points_travel_to_the_grid(opened):
    page = opened()
    before = page.evaluate("samplechop.camera.scale")
    page.click("#zoom-in")
    page.wait_for_function("(before) => samplechop.camera.scale > 1.1 * before", arg=before)
    page.wait_for_function("(before) => Math.abs(samplechop.camera.scale / before - 1.6) < 1e-9", arg=before)
    page.evaluate("samplechop.drawing.slow = false")
    page.keyboard.press("g")
    page.wait_for_function("samplechop.layout.gridness(1) === 1 && !samplechop.drawing.travelling()")


def test_with_reduced_motion_the_view_changes_at_once(page):
    before, after = page.evaluate("""() => { const { camera } = samplechop, before = camera.scale;
      document.getElementById("zoom-in").click();
      return [before, camera.scale]; }""")
    assert after == pytest.approx(1.6 * before)


def test_every_control_has_a_name_and_can_be_reached(page):
    page.evaluate("samplechop.kit.choose([0], 'replace')")
    unnamed = page.evaluate("""[...document.querySelectorAll("button, input, select, #map")].filter((one) =>
      !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length)).map((one) => one.id)""")
    assert unnamed == []
    assert page.evaluate("document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])').length") == 0


def test_help_opens_with_a_question_mark_and_closes_with_escape(page):
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").is_hidden()


def test_nothing_is_wider_than_a_phone(phone):
    phone.touchscreen.tap(*spot(phone, 0))
    at_row(phone, 0)
    phone.evaluate("samplechop.kit.choose([0, 1, 2], 'replace')")
    wide = phone.evaluate("""[...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility()
      && !one.closest("svg, .unseen, main, .what, code")).filter((one) => { const box = one.getBoundingClientRect();
      return box.width && (box.left < -0.5 || box.right > 390.5); }).map((one) => one.id || one.className)""")
    assert wide == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_tap_plays_on_a_phone(phone):
    phone.touchscreen.tap(*spot(phone, 14))
    phone.wait_for_function("begun.length === 1")
    assert phone.evaluate("samplechop.current") == 14


def test_two_fingers_zoom_on_a_phone(phone):
    before = phone.evaluate("samplechop.camera.scale")
    touch(phone, *([(150 - wider, 400), (250 + wider, 400)] for wider in (0, 20, 40, 60)))
    assert phone.evaluate("samplechop.camera.scale") == pytest.approx(2.2 * before, rel=0.02)
    assert phone.evaluate("samplechop.current") == -1


def test_one_finger_draws_the_lasso_on_a_phone(phone):
    phone.touchscreen.tap(*centre(phone, "#lasso-mode"))
    touch(phone, *([corner] for corner in around(phone, [8, 9, 14, 15], margin=12)))
    assert kit(phone) == [8, 9, 14, 15]
    assert phone.locator("#kit").is_visible()


def test_a_map_that_was_on_view_as_a_whole_stays_so_beside_the_kit(page):
    for change in ("kit.choose([0], 'replace')", "kit.choose([], 'replace')"):
        page.evaluate(f"samplechop.{change}")
        free = page.evaluate("samplechop.camera.clear()")
        spots = [spot(page, row) for row in range(COUNT)]
        assert all(free["left"] < left < free["right"] and free["top"] < top < free["bottom"] for left, top in spots)


def test_a_map_that_was_moved_stays_where_it_is_beside_the_kit(page):
    page.evaluate("samplechop.camera.panBy(-100, 0)")
    before = spot(page, 0)
    page.evaluate("samplechop.kit.choose([0], 'replace')")
    assert spot(page, 0) == before


COVERED = """[...document.querySelectorAll("button, select, input")].filter((one) => {
  if (!one.checkVisibility()) return false;
  const box = one.getBoundingClientRect();
  const found = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !one.contains(found) && !found?.contains(one); }).map((one) => one.id || one.textContent)"""


@pytest.mark.parametrize("chosen", [[], [0, 1, 2]])
def test_no_control_lies_under_another(page, chosen):
    page.evaluate("(rows) => { samplechop.go(5); samplechop.kit.choose(rows, 'replace'); }", chosen)
    assert page.evaluate(COVERED) == []


def test_no_control_lies_under_another_on_a_phone(phone):
    phone.evaluate("samplechop.go(5)")
    assert phone.evaluate(COVERED) == []
