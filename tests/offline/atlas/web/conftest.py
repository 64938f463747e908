"""The page in Chromium, in one window that most tests share, and in windows of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samplechop.offline.atlas.store import Atlas
from samplechop.offline.lab.bench import atlas_page
from tests.offline.atlas.web.pages import make
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WINDOW = {"viewport": {"width": 1200, "height": 760}, "color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
AS_OPENED = """async () => {
  const { sound, kit, lasso, layout, colours, camera, drawing } = samplechop;
  samplechop.tell("asked");
  sound.hush();
  sound.mute(false);
  samplechop.current = -1;
  kit.choose([], "replace");
  lasso.mode(false);
  await layout.choose(0);
  await colours.choose("class");
  samplechop.clearSearch();
  camera.fit();
  drawing.slow = false;
  document.getElementById("map").focus();
  window.begun.length = 0;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@dataclass
class Watched:
    """What the pages asked for, and what went wrong in them."""

    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def paged(tmp_path_factory) -> Atlas:
    """Give an atlas with a page."""
    return make(tmp_path_factory.mktemp("page") / "atlas")


@pytest.fixture(scope="module")
def watched() -> Watched:
    """Give what all windows asked for and what went wrong in them."""
    return Watched()


def open_in(chromium: "Browser", watched: Watched, folder: Path, settings: dict[str, Any]) -> "Page":
    """Open a page in a window of its own."""
    page = chromium.new_context(**(WINDOW | settings)).new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.on("pageerror", lambda error: watched.wrong.append(str(error)))
    page.on("request", lambda request: watched.asked.append(request.url))
    atlas_page.open_page(page, folder / "index.html")
    return page


@pytest.fixture
def opened(chromium, paged, watched) -> Iterator[Callable[..., "Page"]]:
    """Give what opens the page, or one in another folder, in a new window with settings of its own."""
    pages: list[Page] = []

    def open_page(folder: Path | None = None, **settings: Any) -> "Page":
        pages.append(open_in(chromium, watched, folder or paged.folder / "page", settings))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
    assert watched.wrong == []


@pytest.fixture(scope="module")
def window(chromium, paged, watched) -> Iterator["Page"]:
    """Give the window that most tests of a file share, after its first gesture."""
    page = open_in(chromium, watched, paged.folder / "page", {"reduced_motion": "reduce"})
    page.mouse.click(2, 700)  # where no point is
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def small_window(chromium, paged, watched) -> Iterator["Page"]:
    """Give a window on a phone that some tests of a file share."""
    page = open_in(chromium, watched, paged.folder / "page", PHONE | {"reduced_motion": "reduce"})
    yield page
    page.context.close()


@pytest.fixture
def page(window, watched) -> Iterator["Page"]:
    """Give the shared window as it was when it was opened."""
    window.mouse.move(2, 700)
    window.evaluate(AS_OPENED)
    yield window
    assert watched.wrong == []


@pytest.fixture
def phone(small_window, watched) -> Iterator["Page"]:
    """Give the shared window on a phone as it was when it was opened."""
    small_window.evaluate(AS_OPENED)
    yield small_window
    assert watched.wrong == []
