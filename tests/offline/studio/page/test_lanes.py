"""What hands do on the lanes: zoom, pan, select, add, drag cuts and their ends, the density, the grid, the overview."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.offline.studio.conftest import Studio, project_of, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

WAVE, FLAGS, RULER, STEMS, ALL = "chop-wave", "chop-markers", "chop-ruler", "chop-probability", "chop-overview"


def box(page: "Page", lane: str) -> dict[str, float]:
    found = page.locator(lane).bounding_box()
    assert found is not None
    return dict(found)


def on(page: "Page", lane: str, x: float, down: float = 0.5) -> tuple[float, float]:
    """Give where a lane's x lies on the page. down: 0..1 of its height."""
    frame = box(page, lane)
    return frame["x"] + x, frame["y"] + down * frame["height"]


def shown(page: "Page") -> tuple[float, float]:
    first, last = page.evaluate("[window.studio.view.first, window.studio.view.last]")
    return first, last


def pads(page: "Page") -> list[dict[str, Any]]:
    return list(page.evaluate("window.studio.store.pads"))


def x_of(page: "Page", sample: float) -> float:
    return float(page.evaluate("(sample) => window.studio.view.x(sample)", sample))


def show(page: "Page", first: float, last: float) -> None:
    page.evaluate("([first, last]) => window.studio.view.show(first, last)", [first, last])


def snap(page: "Page", mode: str) -> None:
    page.evaluate("(mode) => window.studio.store.snapTo(mode)", mode)


def drag(page: "Page", begin: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2)
    page.mouse.move(*end)
    if release:
        page.mouse.up()


def third(page: "Page") -> dict[str, Any]:
    """Show a slice in the midst from near, and give it."""
    pad = pads(page)[2]
    show(page, pad["start"] - 6000, pad["start"] + 30_000)
    return pad


def empty(page: "Page") -> float:
    """Give an x with no cut and no candidate near it, in the right half of what is shown."""
    places = [pad["start"] for pad in pads(page)] + [row[0] for row in page.evaluate("window.studio.store.candidates")]
    taken = [x_of(page, place) for place in places]
    return next(float(x) for x in range(660, 1250) if all(not -20 <= x - one <= 50 for one in taken))


def test_the_wheel_zooms_in_on_what_the_pointer_is_at(page: "Page") -> None:
    x, y = on(page, WAVE, 300)
    at = page.evaluate("window.studio.view.sample(300)")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    until(page, "({ view, store }) => view.last - view.first < store.record.length / 2")
    assert page.evaluate("window.studio.view.sample(300)") == pytest.approx(at, abs=2)


@pytest.mark.parametrize("across", [True, False])
def test_the_horizontal_wheel_and_shift_pan(page: "Page", across: bool) -> None:
    show(page, 100_000, 200_000)
    page.mouse.move(*on(page, WAVE, 300))
    if not across:
        page.keyboard.down("Shift")
    page.mouse.wheel(*((120, 0) if across else (0, 120)))
    page.keyboard.up("Shift")
    until(page, "({ view }) => view.first > 100_500")
    assert shown(page)[1] - shown(page)[0] == pytest.approx(100_000)


@pytest.mark.parametrize("lane", [WAVE, FLAGS, "chop-drums", "chop-chords"])
def test_a_drag_on_an_empty_lane_pans_with_the_hand(page: "Page", lane: str) -> None:
    third(page)
    first = shown(page)[0]
    begin = on(page, lane, empty(page), 0.3)
    drag(page, begin, (begin[0] - 100, begin[1]))
    scale = page.evaluate("window.studio.view.scale")
    assert shown(page)[0] == pytest.approx(first + 100 * scale, abs=2 * scale)


def test_two_fingers_zoom_and_pan(page: "Page") -> None:
    x, y = on(page, WAVE, 0)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": x + place, "y": y, "id": number} for number, place in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    left, right = page.evaluate("[window.studio.view.sample(500), window.studio.view.sample(600)]")
    touch("touchStart", 500)
    touch("touchStart", 500, 600)
    touch("touchMove", 450, 650)
    touch("touchMove", 400, 700)
    touch("touchEnd")
    until(page, "({ view }, [left, right]) => Math.abs(view.x(left) - 400) < 3 && Math.abs(view.x(right) - 700) < 3",
          [left, right])  # fmt: skip


def test_a_click_sets_the_cursor_and_selects_the_slice_under_it(page: "Page") -> None:
    pad = third(page)
    place = pad["start"] + 5000
    page.mouse.click(*on(page, WAVE, x_of(page, place)))
    cursor, selected = page.evaluate("[window.studio.store.cursor, window.studio.store.pad?.start]")
    assert cursor == pytest.approx(place, abs=page.evaluate("window.studio.view.scale") + 1)
    assert selected == pad["start"]


def test_a_click_on_a_flag_selects_its_slice_and_sets_the_cursor_to_the_sample(page: "Page") -> None:
    pad = third(page)
    page.mouse.click(*on(page, FLAGS, x_of(page, pad["start"]) + 10))
    assert page.evaluate("[window.studio.store.cursor, window.studio.store.pad?.start]") == [pad["start"]] * 2


def test_a_double_click_adds_a_chop_and_selects_it(page: "Page", record: Path) -> None:
    snap(page, "off")
    pad = third(page)
    page.mouse.dblclick(*on(page, WAVE, x_of(page, pad["start"] + 9000)))
    until(page, "({ store }) => store.project.chops.length === 1 && store.pad?.chop === store.project.chops[0].id")
    (chop,) = project_of(record)["chops"]
    assert abs(chop["at"] - pad["start"] - 9000) < 60


def test_a_flag_that_is_dragged_without_snap_goes_to_the_sample_under_the_hand(page: "Page", record: Path) -> None:
    snap(page, "off")
    pad = third(page)
    begin = on(page, FLAGS, x_of(page, pad["start"]) + 8)
    drag(page, begin, (begin[0] + 60, begin[1]))
    until(page, "({ store }) => store.project.chops.length === 1")
    (chop,) = project_of(record)["chops"]
    assert chop["origin"] == pad["start"]
    assert chop["at"] == pytest.approx(pad["start"] + 60 * page.evaluate("window.studio.view.scale"), abs=1)
    assert page.evaluate("window.studio.store.pad.start") == chop["at"]


def test_a_dragged_flag_shows_where_it_snaps_and_stays_there_when_it_is_let_go(page: "Page") -> None:
    snap(page, "attack")
    pad = third(page)
    attack = page.evaluate(
        """(start) => window.studio.store.found.attacks.find(([at]) => at > start + 3000)[0]""", pad["start"]
    )
    begin = on(page, FLAGS, x_of(page, pad["start"]) + 8)
    drag(page, begin, (begin[0] + x_of(page, attack) - x_of(page, pad["start"]) + 4, begin[1]), release=False)
    assert page.evaluate("window.studio.store.pad.start") == attack
    page.mouse.up()
    until(page, "({ store }, at) => store.project.chops[0]?.at === at && store.pad.start === at", attack)


def test_snapping_to_zero_crossings_takes_one_of_the_sound(page: "Page") -> None:
    snap(page, "zero")
    pad = third(page)
    begin = on(page, FLAGS, x_of(page, pad["start"]) + 8)
    drag(page, begin, (begin[0] + 41, begin[1]), release=False)
    until(page, "({ store }, start) => store.pad.start !== start", pad["start"])
    for step in range(20):  # until the samples are there: it shows nothing before it knows
        page.mouse.move(begin[0] + 42 + step % 2, begin[1])
        if page.evaluate("(async () => (await import('/page/snap.js')).drag.now.by)()") == "zero":
            break
    at = page.evaluate("window.studio.store.pad.start")
    page.mouse.up()
    until(page, "({ store }, at) => store.project.chops[0]?.at === at", at)
    before, here = page.evaluate(
        """async (at) => {
          const { samples } = await import("/page/samples.js");
          const [left, right] = [samples(0, at - 1, at + 1), samples(1, at - 1, at + 1)];
          return [left[0] + right[0], left[1] + right[1]];
        }""",
        at,
    )
    assert here == 0 or (before < 0) != (here < 0)


def test_snapping_to_the_grid_takes_a_part_of_a_beat(page: "Page") -> None:
    snap(page, "grid")
    beat, following = (row[0] for row in page.evaluate("window.studio.store.grid.beats.slice(4, 6)"))
    show(page, beat - 1000, following + 20_000)
    at = page.evaluate(
        "async (at) => (await import('/page/snap.js')).landing(at).at", beat + (following - beat) / 2 + 300
    )
    assert at == round(beat + (following - beat) / 2)


def test_escape_in_a_drag_leaves_everything_as_it_was(page: "Page") -> None:
    snap(page, "off")
    pad = third(page)
    begin = on(page, FLAGS, x_of(page, pad["start"]) + 8)
    drag(page, begin, (begin[0] + 60, begin[1]), release=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert [one["start"] for one in pads(page)] == [one["start"] for one in page.evaluate("window.studio.store.pads")]
    assert page.evaluate("window.studio.store.pad.start") == pad["start"]
    assert page.evaluate("window.studio.store.project.chops") == []


def small_kit(page: "Page") -> None:
    """Leave candidates out of the kit."""
    page.evaluate("window.studio.server.edit({ do: 'kit', option: 'count', value: 4 })")
    until(page, "({ store }) => store.pads.length === 4")


def test_a_candidate_that_is_dragged_becomes_a_chop(page: "Page", record: Path) -> None:
    snap(page, "off")
    small_kit(page)
    taken = {pad["start"] for pad in pads(page)}
    rows = page.evaluate("window.studio.store.candidates")
    free = [row[0] for row in rows if all(abs(row[0] - one) > 4000 for one in taken)]
    show(page, free[0] - 5000, free[0] + 15_000)
    begin = on(page, FLAGS, x_of(page, free[0]), 0.8)
    drag(page, begin, (begin[0] + 50, begin[1]))
    until(page, "({ store }) => store.project.chops.length === 1")
    assert project_of(record)["chops"][0]["origin"] == free[0]


def hollow(page: "Page") -> int:
    """Show a place that was left out, from near, and give it."""
    small_kit(page)
    taken = {pad["start"] for pad in pads(page)}
    rows = page.evaluate("window.studio.store.candidates")
    free = [int(row[0]) for row in rows if all(abs(row[0] - one) > 4000 for one in taken)]
    show(page, free[0] - 5000, free[0] + 15_000)
    return free[0]


@pytest.mark.parametrize(("by", "beside"), [("mouse", 5.0), ("touch", 11.0)])
def test_a_press_on_a_hollow_flag_takes_it(page: "Page", record: Path, by: str, beside: float) -> None:
    at = hollow(page)
    x, y = on(page, FLAGS, x_of(page, at) + beside, 0.8)
    if by == "mouse":
        page.mouse.dblclick(x, y)  # the second press is no other chop
    else:
        session = page.context.new_cdp_session(page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(page, "({ store }, at) => store.pad?.start === at && store.project.undo === 'add'", at)
    assert [chop["at"] for chop in project_of(record)["chops"]] == [at]


def test_a_press_beside_all_flags_sets_the_cursor(page: "Page") -> None:
    at = hollow(page)
    page.mouse.click(*on(page, FLAGS, x_of(page, at) + 60, 0.8))
    until(page, "({ store, view }, at) => Math.abs(view.x(store.cursor) - view.x(at) - 60) < 1", at)
    assert page.evaluate("window.studio.store.project.chops.length") == 0


def test_a_press_on_the_cross_of_a_deleted_cut_has_it_back(page: "Page") -> None:
    pad = third(page)
    page.evaluate("(at) => window.studio.server.edit({ do: 'delete', at })", pad["start"])
    until(page, "({ store }) => store.project.deleted.length === 1")
    page.mouse.click(*on(page, FLAGS, x_of(page, pad["start"]) - 5, 0.7))
    until(page, "({ store }, at) => !store.project.deleted.length && store.pads.some(({ start }) => start === at)",
          pad["start"])  # fmt: skip


def test_the_end_of_the_selected_slice_is_dragged_in_the_waveform(page: "Page", record: Path) -> None:
    snap(page, "off")
    pad = pads(page)[2]
    show(page, pad["start"] - 3000, pad["stop"] + 6000)
    page.evaluate("(start) => window.studio.store.select(start)", pad["start"])
    begin = on(page, WAVE, x_of(page, pad["stop"]))
    drag(page, begin, (begin[0] - 80, begin[1]))
    until(page, "({ store }) => store.project.chops[0]?.end !== undefined")
    assert project_of(record)["chops"][0]["end"] == pytest.approx(
        pad["stop"] - 80 * page.evaluate("window.studio.view.scale"), abs=4 * page.evaluate("window.studio.view.scale")
    )


def test_the_threshold_is_dragged_to_a_density_with_a_preview_and_one_edit(page: "Page") -> None:
    height = box(page, STEMS)["height"]
    density = page.evaluate("async () => (await import('/page/density.js')).densityNow()")
    x, y = on(page, STEMS, 400, 0)
    begin, end = y + 4 + density * (height - 10), y + 4 + 0.3 * (height - 10)
    drag(page, (x, begin), (x, end), release=False)
    until(page, "({ store }) => Math.abs(store.kit.options.density - 0.3) < 0.1")
    assert page.evaluate("window.studio.store.project.undo") in (None, "replace")
    page.mouse.up()
    until(page, "({ store }) => store.project.undo === 'kit density'")
    page.evaluate("window.studio.server.undo()")
    until(page, "({ store }) => store.project.kit.density === undefined")


def test_the_curve_is_drawn_frame_by_frame_as_high_as_the_net_is_sure(
    page: "Page", studio: Studio, record: Path
) -> None:
    at, hop, frames = page.evaluate("(({ at, hop, frames }) => [at, hop, frames])(window.studio.store.found.curve)")
    body = studio.get(f"/api/curve?record={studio.id_of(record.stem)}&level=1&from=0&to={frames}")
    sure, height = np.frombuffer(body, np.uint8) / 255, box(page, STEMS)["height"]
    stems = [row[0] for row in page.evaluate("window.studio.store.found.attacks")]
    line = 4 + page.evaluate("async () => (await import('/page/density.js')).densityNow()") * (height - 10)

    def is_free(frame: int) -> bool:
        top = height - sure[frame] * (height - 4)
        return (
            12 < top < height - 12 and abs(top - line) > 12 and all(abs(one - at - frame * hop) > hop for one in stems)
        )

    frame = next(one for one in range(10, frames - 10) if is_free(one))
    show(page, at + (frame - 10) * hop, at + (frame + 10) * hop)
    place = [x_of(page, at + frame * hop), height - sure[frame] * (height - 4)]
    until(page, """(_, [x, y]) => {
      const context = document.querySelector("chop-probability canvas").getContext("2d");
      const drawn = (down) => context.getImageData(Math.round(x), Math.round(y + down), 1, 1).data[3];
      return drawn(0) > 100 && drawn(-6) === 0;
    }""", place)  # fmt: skip


def test_keys_on_the_threshold_set_the_density(page: "Page") -> None:
    page.locator(STEMS).focus()
    page.keyboard.press("End")
    until(page, "({ store }) => store.project.kit.density === 1")
    assert page.locator(STEMS).get_attribute("aria-valuenow") == "100"


def test_a_drag_on_the_ruler_shifts_the_grid(page: "Page", record: Path) -> None:
    show(page, 100_000, 200_000)
    begin = on(page, RULER, 400)
    beat = page.evaluate("window.studio.store.grid.beats[5][0]")
    drag(page, begin, (begin[0] + 30, begin[1]), release=False)
    by = round(30 * page.evaluate("window.studio.view.scale"))
    until(page, "({ store }, at) => store.grid.beats.some(([one]) => Math.abs(one - at) <= 2)", beat + by)
    page.mouse.up()
    until(page, "({ store }) => store.project.undo === 'shift'")
    assert project_of(record)["grid"]["shift"] == by


def test_the_window_on_the_whole_record_is_dragged_stretched_and_set_by_a_press(page: "Page") -> None:
    length = page.evaluate("window.studio.store.record.length")
    show(page, 0.4 * length, 0.6 * length)
    wide = box(page, ALL)["width"]
    begin = on(page, ALL, wide / 2)
    drag(page, begin, (begin[0] + 0.1 * wide, begin[1]))
    assert shown(page) == pytest.approx((0.5 * length, 0.7 * length), rel=0.01)
    begin = on(page, ALL, 0.7 * wide)
    drag(page, begin, (begin[0] + 0.1 * wide, begin[1]))
    assert shown(page) == pytest.approx((0.5 * length, 0.8 * length), rel=0.02)
    page.mouse.click(*on(page, ALL, 0.2 * wide))
    assert shown(page) == pytest.approx((0.05 * length, 0.35 * length), rel=0.02)


def test_keys_pan_and_zoom_the_whole_record(page: "Page") -> None:
    page.locator(ALL).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    first, last = shown(page)
    length = page.evaluate("window.studio.store.record.length")
    assert last - first == pytest.approx(length / 1.5, rel=0.01)
    assert first > length / 6


def test_presses_to_the_next_candidate_that_come_fast_end_where_they_say(page: "Page") -> None:
    small_kit(page)
    taken = {pad["start"] for pad in pads(page)}
    pad = pads(page)[0]
    rows = [row[0] for row in page.evaluate("window.studio.store.candidates") if row[0] not in taken]
    following = [at for at in rows if at > pad["start"]]
    page.evaluate("(start) => window.studio.store.select(start)", pad["start"])
    page.evaluate("async () => { const { toNext } = await import('/page/snap.js'); toNext(1); toNext(1); }")
    until(page, "({ store }, at) => store.pad?.start === at && store.project.chops[0]?.at === at", following[1])


def test_a_deleted_cut_leaves_the_kit(page: "Page") -> None:
    pad = third(page)
    page.evaluate("(start) => window.studio.store.select(start)", pad["start"])
    page.evaluate("async () => (await import('/page/snap.js')).removeSelected()")
    until(page, "({ store }, at) => store.project.deleted.includes(at) && !store.pads.some((pad) => pad.start === at)",
          pad["start"])  # fmt: skip


def test_close_enough_the_line_goes_through_the_samples(page: "Page", record: Path) -> None:
    show(page, 100_000, 100_060)
    until(page, """() => {
      const canvas = document.querySelector("chop-wave canvas"), { width, height } = canvas;
      const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
      let drawn = 0;
      for (let at = 3; at < data.length; at += 4) drawn += data[at] > 128;
      return drawn > width;
    }""")  # fmt: skip
    page.evaluate(
        "async () => { window.heard = [...(await import('/page/samples.js')).samples(1, 100_000, 100_060)]; }"
    )
    expected, _ = soundfile.read(record, frames=60, start=100_000)
    np.testing.assert_allclose(page.evaluate("window.heard"), expected[:, 1], rtol=1e-4, atol=1e-6)
