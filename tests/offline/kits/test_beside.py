"""What is done for a kit beside its making changes nothing of it."""

from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from samplechop.offline.kits import beside, pipeline
from samplechop.offline.kits.core.options import ChopOptions
from tests.support.signals import RATE, record

OPTIONS = ChopOptions(count=4, formats=("json",))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, record(8.0)[0], RATE)
    return path


@pytest.fixture(scope="module")
def usual(song: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made(song, tmp_path_factory.mktemp("usual"), None)


def made(song: Path, folder: Path, other: Executor | None) -> dict[str, bytes]:
    pipeline.make_kit(song, folder / "kit", OPTIONS, second_process=other)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seconds", [0.0, 600.0])
def test_a_kit_is_byte_identical_with_another_worker(
    song: Path, usual: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(beside, "AHEAD_SECONDS", seconds)
    with ThreadPoolExecutor(1) as other:
        assert made(song, tmp_path, other) == usual
