import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from samplechop.offline.cli.kit_summary import show_kit, show_studio
from samplechop.offline.kits.pipeline import Outcome
from tests.support.kits import make_kit


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "samplechop"
    path.touch(0o755)
    return path


def test_the_studio_is_named_as_the_program_was_called(program, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    show_studio(str(program))
    assert capsys.readouterr().out.endswith(f"{program} studio --demo\n")


@pytest.mark.parametrize("called", ["samplechop", "__main__.py"])
def test_the_studio_is_named_shortly_where_a_terminal_finds_it(program, monkeypatch, capsys, called):
    monkeypatch.setattr(shutil, "which", lambda _: str(program))
    show_studio(str(program.with_name(called)))
    assert capsys.readouterr().out.endswith(": samplechop studio --demo\n")


def test_what_fills_a_kit_up_is_not_called_a_chop(tmp_path, capsys):
    kit = replace(make_kit(tmp_path), others=3, redundancy={})
    show_kit(Outcome(kit, (), ()), 0.1)
    chops = len(kit.candidates) - 3
    assert f"4 slices from {chops} chops and 3 other attacks" in capsys.readouterr().out
