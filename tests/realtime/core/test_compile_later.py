import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config, njit, types

from samplechop.realtime.core import compile_cache, compile_later
from tests.support.command import ROOT

MODULE = "from pathlib import Path\ndef compile_now():\n    Path(__file__).with_name('compiled').touch()\n"


def _double(x):
    return 2 * x


def test_a_function_is_kept_once_it_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    signature = types.int64(types.int64)
    first, second = (njit(cache=True)(_double) for _ in range(2))
    assert compile_later.kept(first, signature) is None
    first.compile(signature)
    assert compile_later.kept(first, signature) is first
    found = compile_later.kept(second, signature)
    assert found is not None and found(3) == 6
    with pytest.raises(TypeError):
        found(3.5 + 1j)


def _run(folder: Path, *arguments: str) -> bool:
    (folder / "slow.py").write_text(MODULE)
    command = [sys.executable, "-m", compile_later.__name__, "slow", *arguments]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}, check=True)
    return (folder / "compiled").exists()


def test_a_process_of_its_own_compiles(tmp_path: Path) -> None:
    assert _run(tmp_path, "wait")


def test_of_several_processes_one_compiles(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "slow.py").touch()
    with (tmp_path / "slow.py").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not _run(tmp_path)


def test_nothing_begins_where_it_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compile_cache.VARIABLE, "/tmp/samplechop-numba-1")
    compile_later.compile_later("slow")
    assert "slow" not in compile_later._begun
