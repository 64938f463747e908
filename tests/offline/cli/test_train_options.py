"""What `samplechop train` refuses before it listens to anything."""

from pathlib import Path

import pytest

from samplechop.realtime.core import errors
from tests.support.command import samplechop


def test_a_missing_extra_is_told_before_hours_of_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda _: None)
    found = samplechop("train", tmp_path, "-o", tmp_path / "me")
    assert found.code == 2
    assert "tensorflow" in found.err.lower()
    assert "[train]'" in found.err


@pytest.mark.parametrize("out", [".", "..", "/"])
def test_a_model_without_a_name_is_refused(tmp_path: Path, out: str) -> None:
    found = samplechop("train", tmp_path, "-o", out)
    assert found.code == 2
    assert "--out must name a model" in found.err


def test_a_place_for_features_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = samplechop("train", tmp_path, "-o", tmp_path / "me", "--work", tmp_path / "file")
    assert found.code == 2
    assert "--work" in found.err
    assert "cannot be written" in found.err


def test_a_seed_below_zero_is_refused(tmp_path: Path) -> None:
    found = samplechop("train", tmp_path, "-o", tmp_path / "me", "--seed", -1)
    assert found.code == 2
    assert "--seed" in found.err
    assert not list(tmp_path.iterdir())
