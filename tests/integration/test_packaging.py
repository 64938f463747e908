"""What is installed: one importable name that holds everything, however it got there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numba.core.caching import _CacheLocator

from samplechop import detect
from samplechop.realtime.cli import DEMO
from tests.support.command import ROOT

pytest.importorskip("hatchling")
FOLDERS = ("realtime", "offline", "models")


COMPILED = {name: value for name, value in os.environ.items() if name == "NUMBA_CACHE_DIR"}
"""Where numba keeps what it compiled of the checkout, unless that is beside its modules."""


def run(*command: object, cwd: Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program that finds nothing but what is installed where it is."""
    left = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NUMBA_CACHE"))}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=left | {"XDG_CONFIG_HOME": str(cwd / "no settings")} | environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == code, done.stderr
    return done


def build(tree: Path, folder: Path, kind: str = "wheel") -> Path:
    """Build the package in a tree, as pip would have it built."""
    folder.mkdir(parents=True, exist_ok=True)
    code = f"import sys; from hatchling import build; print(build.build_{kind}(sys.argv[1]))"
    return folder / run(sys.executable, "-c", code, folder, cwd=tree).stdout.split()[-1]


class Environment:
    """A virtual environment that borrows the packages of this one, but for samplechop."""

    def __init__(self, folder: Path, *wheels: Path) -> None:
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
        self.folder = folder
        (self.packages,) = folder.glob("[Ll]ib/**/site-packages")
        borrowed = [path for path in sys.path if Path(path).name == "site-packages"]
        (self.packages / "borrowed.pth").write_text("\n".join(borrowed))
        self.install(*wheels)

    def program(self, name: str) -> Path:
        (found,) = [
            path for path in self.folder.glob("*/*") if path.stem == name and path.parent.name in ("bin", "Scripts")
        ]
        return found

    def install(self, *wheels: Path) -> None:
        if wheels:
            options = ("--python", self.program("python"), "install", "-q", "--no-deps", "--no-index", "--no-compile")
            run(sys.executable, "-m", "pip", *options, *wheels, cwd=self.folder)

    def samplechop(self, *arguments: object) -> str:
        return run(self.program("samplechop"), *arguments, cwd=self.folder).stdout

    def python(self, *arguments: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        return run(self.program("python"), *arguments, cwd=self.folder, code=code, **environment)


def take_compiled(package: Path) -> None:
    """Give a copy of the package what numba compiled here already, or it would do that for half a minute."""
    own = COMPILED.get("NUMBA_CACHE_DIR")
    for copy in package.rglob("*.py"):
        source = ROOT / "samplechop" / copy.relative_to(package)
        cache = Path(own, _CacheLocator.get_suitable_cache_subpath(source)) if own else source.parent / "__pycache__"
        for compiled in cache.glob(f"{source.stem}.*.nb[ic]"):
            (copy.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy(compiled, copy.parent / "__pycache__")
            os.utime(copy, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))  # it is asked for


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("installed") / "environment", wheel)
    take_compiled(environment.packages / "samplechop")
    return environment


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Give an environment in which samplechop is not installed."""
    return Environment(tmp_path_factory.mktemp("bare") / "environment")


@pytest.fixture(scope="session")
def demo_lines() -> list[dict[str, object]]:
    """Give the lines that the demo's chops are to be, found by what is imported here."""
    return [event.record(soundfile.info(DEMO).samplerate) for event in detect(DEMO)]


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_one_name(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in contents(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"samplechop"}


def test_the_wheel_holds_every_file_of_the_program(wheel: Path) -> None:
    there = {name for name in contents(wheel) if name.startswith("samplechop/")}
    files = [path for top in FOLDERS for path in (ROOT / top).rglob("*") if path.is_file()]
    wanted = {f"samplechop/{path.relative_to(ROOT).as_posix()}" for path in files if "__pycache__" not in path.parts}
    wanted |= {f"samplechop/{path.name}" for path in (ROOT / "samplechop").iterdir() if path.is_file()}
    assert there == wanted
    assert {"samplechop/py.typed", "samplechop/realtime/data/demo.ogg", "samplechop/models/chop.tflite"} < there


def test_a_wheel_made_from_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build(ROOT, tmp_path, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = zipfile.ZipFile(build(tree, tmp_path / "again"))
    first = zipfile.ZipFile(wheel)
    assert {name: again.read(name) for name in again.namelist()} == {
        name: first.read(name) for name in first.namelist()
    }


def test_the_installed_command_finds_what_is_found_here(
    installed: Environment, demo_lines: list[dict[str, object]]
) -> None:
    assert lines(installed.samplechop("live", "--demo", "--fast", "--quiet", "--events", "-")) == demo_lines


def test_nothing_of_the_repository_is_imported(installed: Environment) -> None:
    code = (
        "import sys, samplechop.api; print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('samplechop')))"
    )
    files = installed.python("-c", code).stdout.split()
    assert [file for file in files if not Path(file).is_relative_to(installed.packages)] == []


def test_it_is_a_module_that_can_be_run(installed: Environment) -> None:
    assert "usage: python -m samplechop" in installed.python("-m", "samplechop", "--help").stdout.lower()


def test_its_version_is_that_of_the_package(installed: Environment, wheel: Path) -> None:
    version = installed.python("-c", "import samplechop; print(samplechop.__version__)").stdout.strip()
    assert wheel.name.startswith(f"samplechop-{version}-")


def test_processes_that_it_starts_find_it(installed: Environment, tmp_path: Path) -> None:
    audio, rate = soundfile.read(DEMO, stop=8 * 44_100)
    for name, part in zip(("one", "two"), np.split(audio, 2), strict=True):
        soundfile.write(tmp_path / f"{name}.wav", part, rate)
    options = ("--jobs", 2, "--count", 2, "--formats", "sfz", "--no-picture")
    installed.samplechop("chop", tmp_path, "-o", tmp_path / "kits", *options)
    assert (tmp_path / "kits" / "one" / "one.sfz").exists()
    assert (tmp_path / "kits" / "two" / "two.sfz").exists()


def test_what_numba_compiles_is_kept_beside_the_module(installed: Environment) -> None:
    code = "import samplechop.realtime.detectors.chop.detector as module; print(module.__file__)"
    module = Path(installed.python("-c", code).stdout.strip())
    for kept in module.parent.glob("__pycache__/detector.*.nb[ic]"):
        kept.unlink()
    installed.python("-c", code)
    assert list(module.parent.glob("__pycache__/detector.*.nbc"))


@pytest.fixture(scope="session")
def strangers(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Install two packages of other people: the detector that docs/python.md shows, and a writer of kits."""
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8").partition("## A detector of your own")[2]
    detector, exporter = tmp_path_factory.mktemp("detector"), tmp_path_factory.mktemp("exporter")
    toml = re.findall(r"```toml\n(.*?)```", page, re.S)[0]
    (detector / "pyproject.toml").write_text(toml, encoding="utf-8")
    (detector / "loud.py").write_text(re.findall(r"```python\n(.*?)```", page, re.S)[0], encoding="utf-8")
    changes = {"loud:LoudDetector": "pads:write", "samplechop.detectors": "samplechop.exporters", "loud": "pads"}
    for old, new in changes.items():
        toml = toml.replace(old, new)
    (exporter / "pyproject.toml").write_text(toml, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "contract" / "example_exporter.py", exporter / "pads.py")
    installed.install(*(build(tree, tree / "dist") for tree in (detector, exporter)))
    return installed


def test_a_strangers_detector_runs_in_it(strangers: Environment, tmp_path: Path) -> None:
    clicks = np.zeros(3 * 44_100, np.float32)
    clicks[[20_000, 60_000, 100_000]] = 0.9
    soundfile.write(tmp_path / "clicks.wav", clicks, 44_100)
    options = ("--fast", "--quiet", "--events", "-", "--detect", "loud")
    found = lines(strangers.samplechop("live", tmp_path / "clicks.wav", *options))
    assert [line["sample"] for line in found if line["kind"] == "loud"] == [20_000, 60_000, 100_000]


def test_a_strangers_format_is_written_by_it(strangers: Environment, tmp_path: Path) -> None:
    options = ("--end", 4, "--count", 2, "--no-picture", "--formats", "pads")
    strangers.samplechop("chop", "--demo", "-o", tmp_path, *options)
    assert (tmp_path / "demo" / "pads.csv").read_text().startswith("36,slices/")


def test_an_editable_install_is_the_checkout(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environment", build(ROOT, tmp_path, "editable"))
    code = "import samplechop.realtime.core.events as events; print(events.__file__)"
    assert Path(environment.python("-c", code).stdout.strip()).samefile(ROOT / "realtime" / "core" / "events.py")
    assert "live" in environment.samplechop("--help")


def test_a_checkout_that_is_not_installed_runs(bare: Environment, demo_lines: list[dict[str, object]]) -> None:
    options = ("--demo", "--fast", "--quiet", "--events", "-")
    assert lines(bare.python(ROOT / "run_live.py", *options, **COMPILED).stdout) == demo_lines


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_refused_under_another_name(name: str) -> None:
    refused = run(sys.executable, "-c", f"import {name}", cwd=ROOT, code=1)
    assert refused.stderr.splitlines()[-1] == f"ImportError: this is samplechop.{name}: import it by that name"


def test_a_checkout_where_links_became_files_is_imported(bare: Environment, tmp_path: Path) -> None:
    for name in (*FOLDERS, "samplechop"):
        ignored = shutil.ignore_patterns("__pycache__", "*.tflite", "*.npz", *FOLDERS)
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in FOLDERS:
        (tmp_path / "samplechop" / name).write_text(f"../{name}")  # as git does where links are not allowed
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import samplechop.{{0}} as it; print(it.__file__)"
    for name in FOLDERS:
        found = bare.python("-c", code.format(name)).stdout.strip()
        assert Path(found) == tmp_path / name / "__init__.py"


@pytest.mark.parametrize("name", FOLDERS)
def test_editors_find_each_folder_under_its_name(name: str) -> None:
    assert (ROOT / "samplechop" / name).resolve() == ROOT / name
