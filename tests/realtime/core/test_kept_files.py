"""The files in which numba keeps what it compiled: none that is odd, or missing, ends a program."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import IndexDataCacheFile

from samplechop.realtime.core import kept_files
from samplechop.realtime.core.compile_cache import VARIABLE
from tests.support.command import ROOT

STAMP, KEY, CODE = b"source", ("float64(float64)", "x86"), {"machine": b"code"}
KEPT = """
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
from numba import njit

def above(number):
    return number + 1

def below(number):
    return number - 1
"""
COMPILED = """
above, below = (njit("float64(float64)", cache=True)(function) for function in (above, below))
print(above(1.0), below(1.0), *(bool(function.stats.cache_hits) for function in (above, below)))
"""


def run(folder: Path, before: str = "", **environment: str) -> tuple[list[str], list[str]]:
    """Have two functions compiled and kept below a folder. Gives the words of the output, and lines of errors.

    before: code that runs first.
    """
    (folder / "kept.py").write_text(KEPT + before + COMPILED)
    done = subprocess.run(
        [sys.executable, "kept.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), VARIABLE: str(folder / "cache"), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split(), done.stderr.splitlines()


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Give what keeps one function's files, as numba does, and endures."""
    kind: Any = type("Files", (IndexDataCacheFile,), {})
    kept_files.endure_files(kind)
    return kind(str(tmp_path), "kept.above", STAMP)


@pytest.mark.parametrize("damage", [b"", bytes(100), b"\x80\x05\x95"])
@pytest.mark.parametrize("name", ["kept.above.nbi", "kept.above.1.nbc"])
def test_what_a_power_cut_left_of_a_file_is_taken_for_nothing(
    files: Any, tmp_path: Path, name: str, damage: bytes
) -> None:
    files.save(KEY, CODE)
    assert files.load(KEY) == CODE
    (tmp_path / name).write_bytes(damage)
    assert files.load(KEY) is None
    files.save(KEY, CODE)
    assert files.load(KEY) == CODE


@pytest.mark.parametrize("name", ["kept.above.nbi", "kept.above.1.nbc"])
def test_whichever_bit_changes_nothing_else_is_ever_read(files: Any, tmp_path: Path, name: str) -> None:
    files.save(KEY, CODE)
    whole = (tmp_path / name).read_bytes()
    for at in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[at // 8] ^= 1 << at % 8
        (tmp_path / name).write_bytes(damaged)
        assert files.load(KEY) in ((None, CODE) if name.endswith(".nbi") else (None,))
        files.save(KEY, CODE)
        assert files.load(KEY) == CODE


@pytest.mark.parametrize(("stamp", "key"), [(b"edited", KEY), (STAMP, ("float32(float32)", "x86"))])
def test_a_file_of_another_source_or_signature_is_not_taken_for_it(
    files: Any, tmp_path: Path, stamp: bytes, key: Any
) -> None:
    other = type(files)(str(tmp_path), "kept.above", stamp)
    other.save(key, {"machine": b"other"})
    written = (tmp_path / "kept.above.1.nbc").read_bytes()
    files.save(KEY, CODE)
    assert files.load(KEY) == CODE
    (tmp_path / files._load_index()[KEY]).write_bytes(written)
    assert files.load(KEY) is None


def test_of_two_programs_that_begin_at_once_neither_finds_the_others_code(files: Any, tmp_path: Path) -> None:
    other, its_key = type(files)(str(tmp_path), "kept.above", STAMP), ("int64(int64)", "x86")
    other._load_index, other._save_index = dict, [].append  # it looked while there was none, and its index came first
    files.save(KEY, CODE)
    other.save(its_key, {"other": b"code"})
    assert files._load_index() == {KEY: "kept.above.1.nbc"} and files.load(KEY) is None
    files.save(KEY, CODE)
    assert files.load(KEY) == CODE


def test_what_is_read_is_what_was_looked_at_though_the_file_is_another_one_by_then(
    files: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.save(KEY, CODE)
    digest = kept_files._digest

    def exchanged(*arguments: Any) -> bytes:
        (tmp_path / "kept.above.1.nbc").write_bytes(pickle.dumps({"machine": b"other"}))
        return digest(*arguments)

    monkeypatch.setattr(kept_files, "_digest", exchanged)
    assert files.load(KEY) == CODE


def test_numba_as_others_import_it_reads_what_ends_with_a_digest(files: Any, tmp_path: Path) -> None:
    files.save(KEY, CODE)
    assert IndexDataCacheFile(str(tmp_path), "kept.above", STAMP).load(KEY) == CODE


def test_what_a_full_disk_does_not_take_is_said_once_and_nothing_of_it_is_found_later(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))"
    words, lines = run(tmp_path, full)
    assert words == ["2.0", "0.0", "False", "False"]
    (line,) = lines
    assert "cannot be kept" in line and "set NUMBA_CACHE_DIR" in line
    assert not [path for path in tmp_path.rglob("cache/**/*") if path.is_file()]


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_a_folder_in_place_of_a_file_is_said_once_and_its_function_compiled_anew(tmp_path: Path, kind: str) -> None:
    run(tmp_path)
    assert run(tmp_path) == (["2.0", "0.0", "True", "True"], [])
    for path in list(tmp_path.rglob(f"*.{kind}")):
        path.unlink()
        path.mkdir()
    words, (line,) = run(tmp_path)
    assert words == ["2.0", "0.0", "False", "False"]
    assert f".{kind}'" in line and "set NUMBA_CACHE_DIR" in line


@pytest.mark.skipif(os.name == "nt", reason="the home is named otherwise")
def test_where_no_folder_can_be_made_for_a_function_it_is_compiled_and_that_said_once(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").touch()
    taken = f"from pathlib import Path; Path({str(tmp_path / 'cache')!r}).rmdir(); Path('cache').touch()"
    words, (line,) = run(tmp_path, taken, HOME=os.devnull, XDG_CACHE_HOME=os.devnull)
    assert words == ["2.0", "0.0", "False", "False"]
    assert "set NUMBA_CACHE_DIR" in line
