"""Workers of tests are as spawned ones are."""

import os
from pathlib import Path

import pytest

from samplechop.offline.common.process_pool import second_process, submit


def place() -> tuple[str | None, Path]:
    """[worker] Say what it finds."""
    return os.environ.get("SAMPLECHOP_TRIED"), Path.cwd()


def test_a_worker_has_the_environment_and_the_folder_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("SAMPLECHOP_TRIED", folder.name)
        with second_process() as other:
            assert submit(other, place).result() == (folder.name, folder)
    monkeypatch.delenv("SAMPLECHOP_TRIED")
    with second_process() as other:
        assert submit(other, place).result()[0] is None
