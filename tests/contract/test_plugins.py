"""A third party's detector, installed as a package of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samplechop.realtime import cli, detectors
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import Detector
from tests.support.command import samplechop


@pytest.fixture
def installed(install: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        "[samplechop.detectors]\n"
        "loud = tests.contract.example_detector:LoudDetector\n"
        "broken = tests.contract.no_such_module:Detector\n"
        "wrong = builtins:dict\n"
    )
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "no settings.toml")


@pytest.mark.usefixtures("installed")
def test_an_installed_detector_is_found_by_name() -> None:
    assert {"chop", "loud"} <= set(detectors.names())
    assert isinstance(detectors.make("loud"), Detector)


@pytest.mark.usefixtures("installed")
def test_it_runs_alone_or_beside_the_chops() -> None:
    result = samplechop("live", "--demo", "--fast", "--quiet", "--events", "-", "--detect", "loud")
    assert result.code == 0, result.err
    assert {json.loads(line)["kind"] for line in result.out.splitlines()} == {"loud"}
    result = samplechop("live", "--demo", "--fast", "--quiet", "--events", "-", "--detect", "chops,loud")
    assert {json.loads(line)["kind"] for line in result.out.splitlines()} == {"chop", "loud"}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken", "cannot be loaded"),
        ("wrong", "lacks latency, prepare, reset, process"),
        ("none", "there are beats, broken, chops, "),
    ],
)
def test_a_detector_that_cannot_be_used_is_named(name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        detectors.make(name)
