"""What a user's hands and eyes do on the page."""

from typing import TYPE_CHECKING

import numpy as np

from samplechop.offline.lab.bench.atlas_page import spot

if TYPE_CHECKING:
    from playwright.sync_api import Page

Place = tuple[float, float]


def begun(page: "Page") -> int:
    """Count what was begun to play."""
    return page.evaluate("begun.length")


def heard(page: "Page", before: int) -> list[float]:
    """Wait until more was begun to play; give what `start` was called with last: when, offset and duration, seconds."""
    page.wait_for_function("(before) => begun.length > before", arg=before)
    return page.evaluate("begun.at(-1).heard")


def point_at(page: "Page", row: int) -> list[float]:
    """Point at a sound; give what is heard."""
    before = begun(page)
    page.mouse.move(*spot(page, row))
    return heard(page, before)


def at_row(page: "Page", row: int) -> None:
    """Wait until a sound is the current one."""
    page.wait_for_function("(row) => samplechop.current === row", arg=row)


def settled(page: "Page") -> None:
    """Wait until the view rests and the points are drawn anew."""
    page.evaluate("""() => new Promise((done) => {
      samplechop.on("rest", () => requestAnimationFrame(done));
      samplechop.tell("view"); })""")


def drag(page: "Page", corners: list[Place], key: str | None = None) -> None:
    """Drag with the mouse from corner to corner, holding a key."""
    if key:
        page.keyboard.down(key)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def touch(page: "Page", *steps: list[Place]) -> None:
    """Put fingers down, move them step by step, and lift them."""
    session = page.context.new_cdp_session(page)
    for kind, points in zip(["touchStart", *["touchMove"] * (len(steps) - 1), "touchEnd"], [*steps, []], strict=True):
        touches = [{"x": left, "y": top, "id": number} for number, (left, top) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def around(page: "Page", rows: list[int], margin: float = 20) -> list[Place]:
    """Give the corners of a box on the screen around sounds."""
    spots = np.array([spot(page, row) for row in rows])
    (left, top), (right, bottom) = spots.min(axis=0) - margin, spots.max(axis=0) + margin
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def centre(page: "Page", selector: str) -> Place:
    """Give the middle of an element."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def kit(page: "Page") -> list[int]:
    """Give the rows chosen for the kit, in order."""
    return page.evaluate("[...samplechop.kit.rows]")


def shown(page: "Page") -> list[int]:
    """Give the rows that neither the legend nor the search leaves out."""
    return page.evaluate("samplechop.found()")


def places(page: "Page") -> np.ndarray:
    """Give where the points are, x and y: (n, 2)."""
    return np.array(page.evaluate("[...samplechop.drawing.places]")).reshape(-1, 2)
