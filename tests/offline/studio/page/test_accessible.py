"""What axe-core finds wrong for those who do not see, hear or point: nothing that is serious."""

import shutil

import pytest

from tests.offline.studio.test_shelf import atlas, kit
from tests.support.command import ROOT

AXE = ROOT / "tests/page-tools/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    """Give axe-core; skip where nobody installed it."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci --prefix tests/page-tools")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def shelf(page, studio):
    """Open the library with a kit and an atlas, the kit shown large."""
    made = [
        kit(studio.folder / "sets" / "verse", studio.folder / "groove.wav"),
        atlas(studio.folder / "sets" / "drums"),
    ]
    if page.is_hidden("chop-library"):
        page.click("#bar > button")
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.click("chop-library .kits .item:has-text('verse')")
    page.wait_for_selector("#kit-panel")
    page.evaluate("window.studio.store.select(window.studio.store.pads[1].start)")
    yield made
    page.keyboard.press("Escape")
    page.click("#bar > button")
    shutil.rmtree(studio.folder / "sets")


def test_axe_finds_no_serious_fault_in_the_library(page, axe, shelf):
    assert shelf
    page.evaluate(axe)
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_no_serious_fault(page, axe, theme):
    if page.evaluate("document.documentElement.dataset.theme") != theme:
        page.evaluate("async () => (await import('/page/theme.js')).turnTheme()")
    page.evaluate(axe)
    assert faults(page) == []


def faults(page):
    """Give what is serious, by its name, with the elements."""
    found = page.evaluate("async () => (await axe.run()).violations")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
