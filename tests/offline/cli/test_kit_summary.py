import shutil
from pathlib import Path

import pytest

from samplechop.offline.cli.kit_summary import show_studio


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
