"""The package that docs/writing-a-detector.md walks through: it is what the page shows, and it works."""

import importlib
import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.realtime import cli
from tests.support.command import ROOT, samplechop
from tests.support.signals import RATE

PACKAGE = Path(__file__).parent / "claps"
PAGE = (ROOT / "docs" / "writing-a-detector.md").read_text(encoding="utf-8")


@pytest.fixture
def package(install: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the package, installed."""
    folder = tmp_path / "claps"
    shutil.copytree(PACKAGE, folder)
    groups = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    install("".join(f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in groups[group].items()) for group in groups))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "no settings.toml")
    yield folder
    for name in ("claps", "learned_claps", "train_claps"):
        sys.modules.pop(name, None)


def applause(path: Path, seconds: int = 9, seed: int = 0) -> Path:
    """A clap every second over hiss and low tones, with their times beside it."""
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 1e-3, seconds * RATE)
    times = np.arange(1, seconds) + rng.uniform(-0.2, 0.2, seconds - 1)
    decay = np.geomspace(1, 1e-3, RATE // 10)
    for time in times:
        audio[round(time * RATE) :][: len(decay)] += 0.3 * rng.standard_normal(len(decay)) * decay
        audio[round((time - 0.5) * RATE) :][: len(decay)] += 0.3 * np.sin(np.arange(len(decay)) / 40) * decay
    soundfile.write(path, audio, RATE)
    path.with_suffix(".txt").write_text("".join(f"{time:.6f}\n" for time in times))
    return path


def detected(detector: str, recording: Path) -> tuple[np.ndarray, list[float]]:
    """Give the times of the claps that are there, and of those found."""
    result = samplechop("live", recording, "--fast", "--quiet", "--events", "-", "--detect", detector)
    assert result.code == 0, result.err
    found = [one["time"] for one in map(json.loads, result.out.splitlines()) if one["kind"] == "clap"]
    return np.loadtxt(recording.with_suffix(".txt")), found


@pytest.mark.parametrize("name", ["claps.py", "pyproject.toml", "test_claps.py", "learned_claps.py", "train_claps.py"])
def test_the_page_shows_the_package_as_it_is(name: str) -> None:
    assert (PACKAGE / name).read_text(encoding="utf-8").rstrip() in PAGE


@pytest.mark.usefixtures("package")
def test_it_keeps_the_contract(tmp_path: Path) -> None:
    result = samplechop("bench", "detector", "claps", applause(tmp_path / "applause.wav"), "--json")
    assert result.code == 0, result.out


@pytest.mark.usefixtures("package")
def test_it_detects_claps_where_they_begin(tmp_path: Path) -> None:
    there, found = detected("claps", applause(tmp_path / "applause.wav"))
    np.testing.assert_allclose(found, there, atol=0.01)


def test_its_net_learns_what_claps_are(package: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    recordings = [applause(tmp_path / f"{seed}.wav", 5, seed) for seed in range(3)]
    train = importlib.import_module("train_claps").train
    assert min(train(recordings, steps=100).validation_loss) < 0.1
    assert (package / "claps.npz").exists()
    there, found = detected("learned-claps", recordings[2])
    np.testing.assert_allclose(found, there, atol=0.01)


@pytest.mark.usefixtures("package")
def test_a_net_that_was_not_trained_yet_says_how() -> None:
    result = samplechop("live", "--demo", "--fast", "--quiet", "--detect", "learned-claps")
    assert result.code == 2
    assert "train_claps.py" in result.err
