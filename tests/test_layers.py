"""Imports go downwards only, and what runs while audio flows stays light.

A room is a folder with all below it that is no room of its own; a file belongs to the nearest. ALLOWED says what the
files of a room may import from other rooms. Folders (the directory a file lies in) must besides form no cycle, within a
room, too. Imports are those of import statements, wherever they stand, and modules that are named in strings.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.command import ROOT

LIVE = "models realtime/core realtime/dsp realtime/nets"
FILES = "realtime/core realtime/audio realtime/dsp offline/common offline/audio"
SOUND = "offline/augmentation offline/synthesis"
PRODUCT = """
    models realtime offline/common offline/audio offline/labels offline/sessions offline/notes offline/training
    offline/nets offline/augmentation offline/synthesis offline/project offline/kits offline/export offline/atlas
    offline/evaluate offline/studio
"""
ALLOWED = {
    "models": "realtime/core",
    "realtime/core": "",
    "realtime/dsp": "realtime/core",
    "realtime/audio": "realtime/core",
    "realtime/nets": "models realtime/core realtime/dsp",
    "realtime/engine": f"{LIVE} realtime/audio",
    "realtime/detectors": f"{LIVE} realtime/engine",
    "realtime/outputs": "realtime/core realtime/audio",
    "realtime/midi": "realtime/core realtime/audio realtime/outputs",
    "realtime/taps": "realtime/core realtime/audio realtime/midi realtime/outputs",
    "realtime/ui": "realtime/core realtime/audio realtime/outputs realtime/detectors/harmony",
    "realtime/recording": "realtime/core realtime/audio realtime/engine realtime/outputs realtime/taps realtime/ui",
    "realtime": "models realtime",
    "offline/common": "realtime/core",
    "offline/audio": "realtime/core realtime/audio realtime/dsp offline/common",
    "offline/nets": f"{FILES} models realtime/nets",
    "offline/labels": f"{FILES} realtime/midi",
    "offline/augmentation": FILES,
    "offline/synthesis": f"{FILES} offline/augmentation offline/notes",
    "offline/sessions": f"{FILES} realtime/recording",
    "offline/notes": f"{FILES} offline/labels realtime/midi",
    "offline/training": f"""
        {FILES} {LIVE} realtime/engine realtime/detectors offline/labels offline/notes offline/nets offline/project
        {SOUND}
    """,
    "offline/kits/core": f"{FILES} {LIVE} realtime",
    "offline/project": f"{FILES} offline/labels offline/kits/core",
    "offline/export": f"{FILES} realtime/midi offline/labels offline/kits/core",
    "offline/kits": f"""
        {FILES} {LIVE} realtime offline/nets offline/labels offline/project offline/kits/core offline/export
    """,
    "offline/atlas": f"{FILES} {LIVE} realtime offline/nets offline/training offline/kits offline/export {SOUND}",
    "offline/studio": f"""
        {FILES} {LIVE} realtime offline/labels offline/project offline/kits offline/export offline/sessions
        offline/training offline/atlas offline/evaluate
    """,
    "offline/evaluate": f"{FILES} {LIVE} realtime/engine realtime/detectors offline/labels offline/atlas {SOUND}",
    "offline/lab": f"{PRODUCT} offline/lab",
    "offline/cli": f"{PRODUCT} offline/lab",
    "offline": "",
}
"""Rooms each room may import from; what lies under a room that is named is allowed with it."""
LABORATORY = ("offline/lab", "offline/cli")
"""The rooms that may import offline/lab: nothing that a user's own work goes through needs it, but commands call it."""
HEAVY = {"tensorflow", "keras", "librosa", "matplotlib", "sklearn"}
UNPICKLE = {"pickle", "marshal", "shelve"}
OURS = re.compile(r"samplechop\.((?:realtime|offline|models)(?:\.\w+)*)\.?")

Import = tuple[Path, str]
"""A file, and the dotted name of what it imports."""


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module, relative to the repository: read once."""
    files = [path for top in ("models", "realtime", "offline") for path in sorted((ROOT / top).rglob("*.py"))]
    return tuple(
        (path.relative_to(ROOT), name)
        for path in files
        for name in sorted(set(names_in(ast.parse(path.read_text(encoding="utf-8")), package_of(path))))
    )


def package_of(path: Path) -> str:
    return ".".join(["samplechop", *path.relative_to(ROOT).parent.parts])


def names_in(tree: ast.Module, package: str = "") -> Iterator[str]:
    """Give the dotted names of what a module imports, by statement or by name."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from (match[0].strip(".") for match in [OURS.fullmatch(node.value)] if match)


def folder_of(name: str) -> str | None:
    """Give the folder that a dotted name's module lies in, None if it is none of ours; the public face is "."."""
    top, *rest = name.split(".")
    if top in ("run_live", "realtime", "offline", "models"):
        return "."  # under their bare names they would be loaded a second time
    if top != "samplechop":
        return None
    if not rest or rest[0] not in ("realtime", "offline", "models"):
        return "."
    for end in range(len(rest), 0, -1):
        place = Path(*rest[:end])
        if (ROOT / place).is_dir():
            return place.as_posix()
        if (ROOT / place.with_suffix(".py")).is_file():
            return place.parent.as_posix()
    raise AssertionError(f"nothing is called {name}")


def room_of(folder: str) -> str:
    return max((room for room in ALLOWED if lies_in(folder, room)), key=len)


def lies_in(folder: str, room: str) -> bool:
    return folder == room or folder.startswith(room + "/")


def is_allowed(folder: str, target: str) -> bool:
    room = room_of(folder)
    return (lies_in(target, room) and room_of(target) == room) or any(lies_in(target, r) for r in ALLOWED[room].split())


@cache
def edges() -> dict[tuple[str, str], list[str]]:
    """Imports of ours by (folder, folder), each as "file: name"."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, name in imports():
        target = folder_of(name)
        if target is not None:
            found.setdefault((path.parent.as_posix(), target), []).append(f"{path}: {name}")
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Give the strongly connected components of more than one node (R. Tarjan, SIAM J. Comput. 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def test_every_import_is_allowed_by_the_table() -> None:
    wrong = [one for (folder, target), found in edges().items() if not is_allowed(folder, target) for one in found]
    assert wrong == []


def test_no_folders_form_a_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for folder, target in edges():
        if folder != target:
            graph.setdefault(folder, set()).add(target)
    assert cycles(graph) == []


def test_only_commands_and_the_laboratory_import_the_laboratory() -> None:
    wrong = [
        one
        for (folder, target), found in edges().items()
        if lies_in(target, "offline/lab") and not any(lies_in(folder, room) for room in LABORATORY)
        for one in found
    ]
    assert wrong == []


@pytest.mark.parametrize(("layer", "forbidden"), [("realtime", HEAVY), ("models", HEAVY), ("", UNPICKLE)])
def test_a_layer_does_not_import_what_it_must_not(layer: str, forbidden: set[str]) -> None:
    wrong = [
        f"{path}: {name}"
        for path, name in imports()
        if name.split(".")[0] in forbidden and path.as_posix().startswith(layer)
    ]
    assert wrong == []


def test_imports_are_found_wherever_and_however_they_are_written() -> None:
    source = '''
"""samplechop.offline.kits.prose"""
import samplechop.realtime.one
from samplechop.realtime import two
from . import beside
from ..above import three
def later():
    from samplechop.models import four
    import_module("samplechop.offline.five")
    import_module(f"samplechop.offline.six.{name}")
    run([python, "-m", "samplechop.offline.seven"])
    print("see samplechop.offline.eight for more")
'''
    assert set(names_in(ast.parse(source), "samplechop.realtime.x")) == {
        "samplechop.realtime.one",
        "samplechop.realtime.two",
        "samplechop.realtime.x.beside",
        "samplechop.realtime.above.three",
        "samplechop.models.four",
        "samplechop.offline.five",
        "samplechop.offline.six",
        "samplechop.offline.seven",
    }


def test_cycles_are_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "e": {"a"}}) == [["b", "c"]]
