"""The command that opens the studio, up to where it serves the page."""

from pathlib import Path

import pytest

from samplechop.offline.studio import server
from tests.support.command import samplechop


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Give where kits of the studios go that are served, in a folder where no folder "kits" can be made."""
    found: list[Path] = []
    monkeypatch.setattr(server, "serve", lambda _inputs, output, *_: found.append(output))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kits").touch()
    return found


def test_it_opens_where_no_kits_can_be_written_as_nobody_has_asked_for_one(served: list[Path]) -> None:
    outcome = samplechop("studio", "--demo")
    assert (outcome.code, outcome.err, served) == (0, "", [Path("kits")])


def test_a_folder_for_kits_that_is_named_must_be_one_that_can_be_written(served: list[Path]) -> None:
    Path("others").touch()
    outcome = samplechop("studio", "--demo", "-o", "others")
    assert outcome.code == 2 and "'others'" in outcome.err and not served
