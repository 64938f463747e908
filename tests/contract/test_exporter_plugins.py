"""A third party's writer of kits, installed as a package of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samplechop.offline.export import writers
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop


@pytest.fixture
def installed(install: Callable[[str], None]) -> None:
    install(
        "[samplechop.exporters]\n"
        "pads = tests.contract.example_exporter:write\n"
        "failing = builtins:dict\n"
        "broken = tests.contract.no_such_module:write\n"
    )


@pytest.mark.usefixtures("installed")
def test_its_files_are_part_of_the_kit(tmp_path: Path) -> None:
    result = samplechop("chop", "--demo", "-o", tmp_path / "kits", "--end", 8, "--no-picture", "--formats", "pads")
    assert result.code == 0, result.err
    folder = tmp_path / "kits" / "demo"
    assert (folder / "pads.csv").read_text().startswith("36,slices/")
    assert "pads.csv" in {entry["file"] for entry in json.loads((folder / "kit.json").read_text())["files"]}


@pytest.mark.usefixtures("installed")
def test_one_that_fails_does_not_cost_the_kit(tmp_path: Path) -> None:
    options = ("--end", 8, "--no-picture", "--formats", "failing,sfz")
    result = samplechop("chop", "--demo", "-o", tmp_path / "kits", *options)
    assert result.code == 0
    assert "'failing' failed: TypeError" in result.err
    assert (tmp_path / "kits" / "demo" / "demo.sfz").exists()


@pytest.mark.usefixtures("installed")
def test_a_writer_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(UserError, match=r"'broken' .* cannot be loaded"):
        writers(["broken"])


@pytest.mark.usefixtures("installed")
def test_an_unknown_format_is_answered_with_all_there_are() -> None:
    with pytest.raises(UserError, match=r"wav, cues.*pads"):
        writers(["tape"])
