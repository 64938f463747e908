"""What a stranger's manifest may say: nothing is believed before it is checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.models import ModelError

RELEASED = {name: json.loads((models.FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in models.names()}


def _copied(folder: Path, name: str, record: dict[str, Any]) -> Path:
    (folder / f"{name}.tflite").write_bytes((models.FOLDER / f"{name}.tflite").read_bytes())
    path = folder / f"{name}.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", RELEASED)
def test_a_copy_of_a_released_model_can_be_opened(name: str, tmp_path: Path) -> None:
    assert models.load(_copied(tmp_path, name, RELEASED[name])).sha256 == RELEASED[name]["sha256"]


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, record in RELEASED.items() for field in record["features"]]
)
def test_features_of_wrong_type_or_size_are_refused(name: str, field: str, tmp_path: Path) -> None:
    for value in (10**9, -1, 1.5, "", None, True, [], {}, [[1]], [10**9] * 3):
        path = _copied(tmp_path, name, RELEASED[name] | {"features": RELEASED[name]["features"] | {field: value}})
        with pytest.raises(ModelError) as raised:
            models.load(path)
        assert len(str(raised.value)) < 1000 + len(str(tmp_path))


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": "../chop.tflite"},
        {"file": "/etc/passwd"},
        {"file": "sub/chop.tflite"},
        {"file": ".."},
        {"file": 3},
        {"sha256": "x"},
        {"name": "a\u001b[2J"},
        {"name": ["chop"]},
        {"threshold": True},
        {"threshold": "0.5"},
        {"min_gap": 1e9},
        {"training": []},
        {"decision": 3},
        {"calibration": [["0.1", 0.2]]},
        {"calibration": 5},
        {"kind": ["stream"]},
    ],
)
def test_what_stands_beside_the_features_is_checked(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        models.load(_copied(tmp_path, "chop", RELEASED["chop"] | wrong))


def test_links_to_files_elsewhere_are_refused(tmp_path: Path) -> None:
    path = _copied(tmp_path, "chop", RELEASED["chop"])
    path.with_suffix(".tflite").unlink()
    path.with_suffix(".tflite").symlink_to(models.FOLDER / "chop.tflite")
    with pytest.raises(ModelError, match="link"):
        models.load(path)


@given(content=st.binary() | st.integers(1, 3000).map(lambda depth: b"[" * depth + b"]" * depth))
def test_any_bytes_are_a_manifest_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        models.load(path)
