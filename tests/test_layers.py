"""Imports go one way, and what runs while audio flows stays light."""

import ast
from pathlib import Path

import pytest

from tests.support.command import ROOT

FORBIDDEN = {
    "realtime": {"offline", "run_live", "tensorflow", "keras", "librosa", "matplotlib"},
    "models": {"realtime", "offline", "run_live"},
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("layer", sorted(FORBIDDEN))
def test_imports_go_one_way(layer: str) -> None:
    wrong = {str(p.relative_to(ROOT)): imported(p) & FORBIDDEN[layer] for p in (ROOT / layer).rglob("*.py")}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("call", ["pickle", "marshal", "shelve"])
def test_nothing_is_unpickled(call: str) -> None:
    files = [p for layer in ("realtime", "offline", "models") for p in (ROOT / layer).rglob("*.py")]
    assert [str(p) for p in files if call in imported(p)] == []
