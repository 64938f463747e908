"""What a stranger's manifest may say: nothing is believed before it is checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.models import EarlyFeatures, ModelError, StreamFeatures

RELEASED = {name: json.loads((models.FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in models.names()}


def _copied(folder: Path, name: str, record: dict[str, Any]) -> Path:
    for file in (models.FOLDER / f"{name}.tflite", models.FOLDER / f"{name}-early.tflite"):
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
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
        if field == "early" and value is None:
            continue  # a net without an early stage is one, too
        path = _copied(tmp_path, name, RELEASED[name] | {"features": RELEASED[name]["features"] | {field: value}})
        with pytest.raises(ModelError) as raised:
            models.load(path)
        assert len(str(raised.value)) < 1000 + len(str(tmp_path))


EARLY = {
    "file": "chop.tflite",
    "sha256": RELEASED["chop"]["sha256"],
    "hop_length": 256,
    "n_features": 72,
    "wait": 591,
    "heads": ["early_kick"],
    "dilations": [1, 3],
    "channels": 8,
}


def _with_early(folder: Path, early: object) -> Path:
    features = RELEASED["chop"]["features"] | {"early": early}
    return _copied(folder, "chop", RELEASED["chop"] | {"features": features})


def test_an_early_stage_is_read(tmp_path: Path) -> None:
    features = models.load(_with_early(tmp_path, EARLY)).features
    assert isinstance(features, StreamFeatures)
    assert features.early == EarlyFeatures(**EARLY | {"heads": ("early_kick",), "dilations": (1, 3)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": "../chop.tflite"},
        {"file": "other.tflite"},
        {"file": 3},
        {"sha256": "x"},
        {"sha256": 64 * "0"},
        {"hop_length": 512},
        {"n_features": 0},
        {"wait": -1},
        {"heads": []},
        {"heads": ["early_kick", "early_kick"]},
        {"dilations": [1]},
        {"dilations": [1, 10**9]},
        {"channels": 10**9},
        {"early": None},
    ],
)
def test_an_early_stage_that_makes_no_sense_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        models.load(_with_early(tmp_path, EARLY | wrong))
    assert str(raised.value).startswith("model ")


@pytest.mark.parametrize("early", [3, [], {}, "chop-early.tflite"])
def test_an_early_stage_is_an_object(early: object, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"features\.early"):
        models.load(_with_early(tmp_path, early))


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
