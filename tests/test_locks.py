"""What is installed by README's commands: the dependencies of pyproject.toml, in exact versions with hashes."""

import re
import tomllib

import pytest

from tests.support.command import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name.strip(), maxsplit=1)[0]).casefold()


@pytest.fixture(params=["requirements.lock", "requirements-test.lock"])
def lock(request: pytest.FixtureRequest) -> dict[str, str]:
    """The block of each package."""
    text = (ROOT / request.param).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=\w)", text, flags=re.M)
    return {normal(block): block for block in blocks if block.strip()}


def test_every_dependency_is_in_the_lock(lock: dict[str, str]) -> None:
    assert {normal(one) for one in PROJECT["dependencies"]} <= set(lock)


def test_every_package_in_the_lock_has_a_version_and_hashes(lock: dict[str, str]) -> None:
    assert [name for name, block in lock.items() if "==" not in block or "--hash=sha256:" not in block] == []


def test_what_evaluating_imports_comes_with_the_first_command() -> None:
    imported = {
        line.split()[1].split(".")[0]
        for path in (ROOT / "offline" / "evaluate").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"(import|from) ", line)
    }
    outside = {normal(name) for name in imported if name in {"mir_eval", "sklearn", "tensorflow"}}
    assert outside <= {normal(one) for one in PROJECT["dependencies"]}
