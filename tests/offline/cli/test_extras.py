"""What a command needs of an extra is said in one sentence before anything is done."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import EXTRAS
from tests.support.command import ROOT, samplechop

WITHOUT = [
    (("atlas", "build", "SOUNDS", "-o", "OUT"), ("bokeh",), "atlas"),
    (("atlas", "build", "SOUNDS", "-o", "OUT"), ("openTSNE", "sklearn"), "atlas"),
    (("atlas", "embed", "OUT"), ("openTSNE",), "atlas"),
    (("atlas", "page", "OUT"), ("bokeh",), "atlas"),
    (("atlas", "collect", "SOUNDS", "-o", "OUT", "--alignment", "talk.TextGrid"), ("praatio",), "atlas"),
    (("evaluate", "atlas", "SOUNDS"), ("openTSNE",), "atlas"),
    (("train", "SOUNDS", "-o", "OUT/me"), ("tensorflow",), "train"),
    (("train", "drums", "SOUNDS", "-o", "OUT/me"), ("sklearn",), "train"),
    (("train", "SOUNDS", "-o", "OUT/me", "--search", "2"), ("optuna",), "train"),
    (("chop", "SOUNDS", "-o", "OUT", "--scheduler", "tcp://localhost:1"), ("distributed",), "dask"),
    (("atlas", "collect", "SOUNDS", "-o", "OUT", "--scheduler", "tcp://localhost:1"), ("distributed",), "dask"),
    (("live", "SOUNDS/one.wav", "--osc", "localhost:9000"), ("pythonosc",), "osc"),
    (("bench", "jack"), ("jack",), "bench"),
    (("bench", "atlas"), ("openTSNE",), "atlas"),
]


@pytest.mark.parametrize(("arguments", "modules", "extra"), WITHOUT)
def test_a_command_without_its_extra_says_so_before_any_work(
    arguments: tuple[str, ...],
    modules: tuple[str, ...],
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "SOUNDS").mkdir()
    (tmp_path / "SOUNDS" / "one.wav").write_bytes(b"never opened")
    monkeypatch.chdir(tmp_path)
    outcome = samplechop(*arguments)
    (sentence,) = outcome.err.splitlines()
    assert outcome.code == 2
    assert modules[0] in sentence and "pip install" in sentence and f"[{extra}]" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["SOUNDS"]


def test_all_that_is_imported_is_ours_of_the_core_or_of_an_extra_that_is_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = {_name(one) for one in project["dependencies"]}
    modules = {module for module, names in packages_distributions().items() if {_name(one) for one in names} & core}
    # What those bring along: numba, matplotlib, Optuna, mypy.
    modules |= {"samplechop", "tflite_runtime", "llvmlite", "PIL", "sqlalchemy", "_typeshed", *sys.stdlib_module_names}
    modules |= {module for some in EXTRAS.values() for module in some}
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("realtime", "offline", "models")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
        if name.partition(".")[0] not in modules
    }
    assert unknown == set()
    assert set(EXTRAS) == set(project["optional-dependencies"])


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def _name(requirement: str) -> str:
    return requirement.split(">")[0].split("=")[0].split("<")[0].split(";")[0].strip().lower().replace("_", "-")
