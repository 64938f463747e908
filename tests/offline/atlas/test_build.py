"""The whole chain by its one command: what a user has after it, after it again, and with more sounds."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from samplechop.offline.cli.atlas import app

RATE = 44_100


def pile(folder: Path, kinds: dict[str, float], seed: int) -> Path:
    """Write a few decaying sounds: for each kind some of about that pitch, and noise where it is 0."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    time = np.arange(RATE // 4) / RATE
    for kind, pitch in kinds.items():
        for number in range(5):
            tone = np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * time) if pitch else rng.normal(0, 0.3, len(time))
            soundfile.write(folder / f"{kind}_{number}.wav", 0.5 * tone * np.exp(-time * rng.uniform(10, 30)), RATE)
    return folder


def build(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["build", *map(str, arguments), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    build(pile(folder / "drums", {"kick": 60.0, "tom": 150.0, "hat": 0.0}, 1), "-o", folder / "atlas")
    return folder


def files(folder: Path) -> dict[str, int]:
    """Tell when each file was written; but for atlas.json, which says with which settings each step was run last."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != "atlas.json"]
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found}


def test_one_command_ends_with_a_page_to_open(built):
    assert (built / "atlas" / "page" / "index.html").is_file()


def test_the_same_command_again_makes_nothing(built):
    before = files(built / "atlas")
    build(built / "drums", "-o", built / "atlas")
    assert files(built / "atlas") == before


def test_an_atlas_goes_on_without_inputs(built):
    before = files(built / "atlas")
    build("-o", built / "atlas")
    assert files(built / "atlas") == before


def test_what_was_ended_in_between_is_completed(built):
    (built / "atlas" / "page" / "index.html").unlink()
    build("-o", built / "atlas")
    assert (built / "atlas" / "page" / "index.html").is_file()


def test_more_sounds_leave_the_others_where_they_are(built):
    path = built / "atlas" / "maps" / "combined-2d-p30.tsv"
    before = path.read_text().splitlines()
    build(pile(built / "more", {"bell": 900.0}, 2), "-o", built / "atlas")
    after = path.read_text().splitlines()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 5


def test_the_drum_machine_is_made_where_it_is_wanted(built):
    assert not (built / "atlas" / "drum-machine").exists()
    build("-o", built / "atlas", "--drum-machine")
    assert (built / "atlas" / "drum-machine" / "meta" / "drum_like.json").is_file()


def test_no_atlas_and_no_inputs_is_one_sentence(tmp_path):
    result = CliRunner().invoke(app, ["build", "-o", str(tmp_path / "nowhere")])
    assert "there is no atlas" in str(result.exception)
