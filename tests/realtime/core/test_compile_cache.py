"""Where numba keeps what it compiles, tried by processes that may not write where it usually does."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from samplechop.realtime.core import compile_cache
from tests.support.command import ROOT

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if IS_ROOT else ()
"""The administrator may write anywhere, unless this right is taken away."""
PRINTED = "import os; print(os.environ.get('NUMBA_CACHE_DIR'))"
COMPILED = "; import samplechop.realtime.dsp.downmix"
ENSURED = "from samplechop.realtime.core.compile_cache import ensure_compile_cache; ensure_compile_cache(); " + PRINTED

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="rights are those of POSIX"),
    pytest.mark.skipif(IS_ROOT and shutil.which("setpriv") is None, reason="needs setpriv for the administrator"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a copy of the package that nobody may write to, and a temporary folder beside it."""
    folder = Path(tempfile.mkdtemp())
    skipped = shutil.ignore_patterns("__pycache__", "*.nb[ic]")
    for name in ("realtime", "offline", "models", "samplechop"):
        shutil.copytree(ROOT / name, folder / "read only" / name, symlinks=True, ignore=skipped)
    (folder / "temporary").mkdir()
    for path in (folder, *folder.glob("read only/**/")):
        path.chmod(0o555)
    yield folder
    for path in (folder, *folder.glob("read only/**/")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def run(place: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program that has no rights but those of files and no home, in a clean environment."""
    borrowed = [path for path in sys.path if path.endswith("-packages")]
    return subprocess.run(
        [*WITHOUT_RIGHTS, sys.executable, "-B", "-c", code],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join([str(place / "read only"), *borrowed]),
            "HOME": str(place / "none"),
            "TMPDIR": str(place / "temporary"),
            **environment,
        },
        cwd=place,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_where_nothing_can_be_written_a_temporary_folder_is_used_and_said_in_one_sentence(place: Path) -> None:
    done = run(place, ENSURED + COMPILED)
    folder = Path(done.stdout.strip())
    assert done.returncode == 0, done.stderr
    assert folder.parent == place / "temporary"
    (line,) = done.stderr.splitlines()
    assert "set NUMBA_CACHE_DIR to a folder that can be written" in line


def test_where_nothing_is_compiled_nothing_is_said(place: Path) -> None:
    done = run(place, ENSURED)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(done.stdout.strip()).parent == place / "temporary"


def test_a_session_that_says_when_it_compiles_says_it_once(place: Path) -> None:
    shown = "; from samplechop.realtime.core.compile_notice import compiling_shown, show_compiling\n"
    done = run(place, ENSURED + shown + f"with compiling_shown(show_compiling): {COMPILED.strip('; ')}")
    assert "NUMBA_CACHE_DIR" not in done.stdout and done.stderr.count("NUMBA_CACHE_DIR") == 1


def test_the_temporary_folder_is_removed_at_the_end(place: Path) -> None:
    run(place, ENSURED)
    assert list((place / "temporary").iterdir()) == []


def test_a_process_that_is_started_uses_the_same_folder_silently_and_leaves_it(place: Path) -> None:
    code = ENSURED + f"; import subprocess, sys; subprocess.run([sys.executable, '-c', {ENSURED!r}]); " + PRINTED
    done = run(place, "import sys; sys.stdout.reconfigure(line_buffering=True); " + code)
    assert len(set(done.stdout.split())) == 1
    assert done.stderr == ""


def test_a_folder_of_the_user_is_used(place: Path) -> None:
    given = str(place / "temporary" / "mine")
    done = run(place, ENSURED, NUMBA_CACHE_DIR=given)
    assert (done.stdout.strip(), done.stderr) == (given, "")


def test_a_folder_of_the_user_that_cannot_be_written_is_no_traceback(place: Path) -> None:
    done = run(place, ENSURED, NUMBA_CACHE_DIR=str(place / "none"))
    assert Path(done.stdout.strip()).parent == place / "temporary"
    assert "Traceback" not in done.stderr


def test_a_home_that_can_be_written_is_enough(place: Path) -> None:
    done = run(place, ENSURED, HOME=str(place / "temporary"))
    assert (done.stdout.strip(), done.stderr) == ("None", "")


def test_the_function_compiles_there(place: Path) -> None:
    code = (
        ENSURED + "; import numpy as np; from samplechop.realtime.dsp.downmix import *; "
        "import os; print(len(os.listdir(os.environ['NUMBA_CACHE_DIR'])) > 0)"
    )
    done = run(place, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "True"


def test_the_command_runs(place: Path) -> None:
    code = "import sys; sys.argv = ['samplechop', 'chop', '--help']; from samplechop.offline.cli.main import main"
    done = run(place, code + "; main()")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_nothing_is_changed_where_numba_can_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    compile_cache.ensure_compile_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "cache")
    assert stat.S_ISDIR((tmp_path / "cache").stat().st_mode)


LOADED = """
import sys
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
import numpy as np
from numba import njit
from numba.core.registry import cpu_target
context, made_ready = type(cpu_target.target_context), []
ready = context.load_additional_registries
context.load_additional_registries = lambda self: made_ready.append(1) or ready(self)
import kept
assert kept.powers(4).tolist() == [1.0, 2.0, 4.0, 8.0]
try:
    kept.powers(0)
except ValueError as error:
    assert str(error) == "none"
assert bool(kept.powers.stats.cache_hits) == (sys.argv[1] == "again")
assert bool(made_ready) == (sys.argv[1] == "first")
assert "refresh" not in vars(cpu_target.target_context)
assert njit(lambda x: np.sort(x)[::-1])(np.arange(3)).tolist() == [2, 1, 0]
"""
KEPT = """
import sys
import numpy as np
from numba import njit

def powers(n):
    if n < 1:
        raise ValueError("none")
    found = np.zeros(n)
    for i in range(n):
        found[i] = 2.0 ** i
    return found

powers.__module__ = "samplechop.kept"  # as one of ours
sys.modules[powers.__module__] = sys.modules[__name__]
powers = njit("float64[::1](int64)", cache=True)(powers)
"""


def test_what_is_kept_is_loaded_alone_and_others_are_compiled_after_it(tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text(KEPT)
    environment = os.environ | {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        compile_cache.VARIABLE: str(tmp_path / "cache"),
    }
    for time in ("first", "again"):
        subprocess.run([sys.executable, "-c", LOADED, time], cwd=ROOT, env=environment, check=True)


COMPILED_IN_THREE_WAYS = """
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
from numba import njit
from samplechop.realtime.core.entry_functions import entry

def usual(numbers):
    return numbers[0] + 1

def key(compiled):
    return compiled._cache._index_key(compiled.signatures[0], compiled.targetctx.codegen())

signature = "float64(float64[::1])"
keys = [key(njit([signature], cache=True)(usual))]
keys += [key(entry(signature, allocates=allocates)(usual)) for allocates in (True, False)]
assert len(set(keys)) == 3
"""


def test_what_an_earlier_version_compiled_in_another_way_is_not_taken_for_a_function(tmp_path: Path) -> None:
    (tmp_path / "ways.py").write_text(COMPILED_IN_THREE_WAYS)
    environment = os.environ | {"PYTHONPATH": str(ROOT), compile_cache.VARIABLE: str(tmp_path / "cache")}
    subprocess.run([sys.executable, tmp_path / "ways.py"], cwd=ROOT, env=environment, check=True)


COUNTED = """
from pathlib import Path
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
import numpy as np
from numba import njit
from samplechop.realtime.core.entry_functions import entry

@njit
def last(row):
    copy = np.empty(len(row))
    copy[:] = row
    return copy[-1]

assert last(np.arange(3.0)) == 2

def last_of(row):
    return last(row)

made = entry("float64(float64[::1])")(last_of)
assert made(np.arange(3.0)) == 2
assert not list(Path(made.stats.cache_path).glob("*.last_of-*.nbc"))
"""


def test_what_counts_who_holds_an_array_because_a_function_that_it_calls_does_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "counted.py").write_text(COUNTED)
    environment = os.environ | {"PYTHONPATH": str(ROOT), compile_cache.VARIABLE: str(tmp_path / "cache")}
    subprocess.run([sys.executable, tmp_path / "counted.py"], cwd=ROOT, env=environment, check=True)
