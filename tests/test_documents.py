"""What README, CONTRIBUTING and the pages in docs/ name is there."""

import ast
import re
from importlib.util import find_spec

import pytest
import typer.main

from samplechop.offline.cli.main import app
from tests.support.command import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CARDS = sorted((ROOT / "models").glob("*.md"))
TOPS = "realtime|offline|models|tests|tools|docs"
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES + CARDS}
SHOWN = re.compile(r"^ *(?:\S*/)?samplechop (\w.*)$", re.M)
COMMANDS = sorted({line for text in TEXTS.values() for line in SHOWN.findall(text)})


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    targets = {target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXTS[page]) if "://" not in target}
    assert {target for target in targets if not (ROOT / page).parent.joinpath(target).exists()} == set()


@pytest.mark.parametrize("page", TEXTS)
def test_every_path_that_is_named_exists(page: str) -> None:
    paths = set(re.findall(rf"`((?:{TOPS})/[\w./-]*)`", TEXTS[page]))
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", TEXTS)
def test_every_module_that_is_named_can_be_imported(page: str) -> None:
    names = set(re.findall(r"\b(?:from|import) (samplechop[\w.]*)", TEXTS[page]))
    assert {name for name in names if find_spec(name) is None} == set()


@pytest.mark.parametrize("page", ["docs/python.md", "docs/osc.md", "docs/atlas.md"])
def test_examples_in_python_import_the_public_face_only(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXTS[page], re.S)
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    ours = {str(node.module) for node in nodes if str(node.module).startswith("samplechop")}
    assert ours <= {"samplechop", "samplechop.testing"}


def test_what_architecture_says_to_look_for_is_there() -> None:
    rows = re.findall(r"^\| (.+?) \| `([^`]+)` \| `([^`]+)` \|$", TEXTS["docs/ARCHITECTURE.md"], re.M)
    missing = [f"{path}: {name}" for _, path, name in rows if name not in (ROOT / path).read_text(encoding="utf-8")]
    assert missing == []
    assert len(rows) >= 20


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_is_shown_has_these_options(line: str) -> None:
    words, command = re.split(r" {3,}|[;&|]", line)[0].split(), typer.main.get_command(app)
    while words and words[0] in (below := getattr(command, "commands", {})):
        command = below[words.pop(0)]
    command = getattr(command, "commands", {}).get("chop", command)  # what is meant where nothing else is named
    known = {"--help"} | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert command.params, f"there is no command {line!r}"
    assert {word for word in words if re.fullmatch("--?[a-z][a-z-]*", word)} <= known
