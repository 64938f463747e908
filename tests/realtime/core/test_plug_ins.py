"""Entry points of packages: looked for once, and where they come with another search path."""

from collections.abc import Callable
from importlib import metadata

import pytest

from samplechop.realtime.core import plug_ins


def test_a_package_on_a_new_path_is_found(install: Callable[[str], None]) -> None:
    assert not any(point.name == "told" for point in plug_ins.plug_ins("samplechop.detectors"))
    install("[samplechop.detectors]\ntold = somewhere:Told\n")
    assert any(point.name == "told" for point in plug_ins.plug_ins("samplechop.detectors"))


def test_packages_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = plug_ins.plug_ins("samplechop.detectors")
    monkeypatch.setattr(metadata, "distributions", lambda **_: pytest.fail("they were looked through again"))
    assert plug_ins.plug_ins("samplechop.detectors") == known
