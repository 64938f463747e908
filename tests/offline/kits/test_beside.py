"""What is done for a kit beside its making changes nothing of it."""

from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from samplechop.offline.common.process_pool import second_process
from samplechop.offline.kits import beside, pipeline
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.pipeline import Outcome
from tests.support.chop_work import write_on
from tests.support.signals import RATE, record
from tests.support.waiting import wait_until

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


def test_a_kit_that_is_broken_off_leaves_nothing_though_another_process_writes_to_it(tmp_path: Path) -> None:
    def make(folder: Path, _: Path) -> Outcome:
        other.submit(write_on, folder)
        wait_until(lambda: any(folder.glob("*.png")))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), second_process() as other:
        pipeline.put_together(tmp_path / "kit", OPTIONS, False, make, other)
    assert not any(tmp_path.iterdir())
