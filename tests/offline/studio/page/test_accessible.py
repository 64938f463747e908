"""What axe-core finds wrong for those who do not see, hear or point: nothing that is serious."""

import json

import pytest

from tests.support.command import ROOT

AXE = ROOT / "tests/page-tools/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    """Give axe-core; skip where nobody installed it."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci --prefix tests/page-tools")
    return AXE.read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_no_serious_fault(page, axe, theme):
    if page.evaluate("document.documentElement.dataset.theme") != theme:
        page.evaluate("async () => (await import('/page/theme.js')).turnTheme()")
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run()).violations")
    wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
    assert wrong == [], json.dumps(wrong, indent=1)
