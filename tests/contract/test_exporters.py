"""What every writer of a format holds: same kit, same bytes; its own files and no other, below the kit's folder."""

import shutil
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from samplechop.offline.export import FORMATS, ExportWarning, writers
from samplechop.offline.kits.core.model import Guess, Kit
from tests.support.kits import make_kit

ODD_NAME = "Ünï <b>&amp; \"quotes\" 'n' -- 夜 #1 =x \x01\udcff ]]>.wav"
LATER = 500 * 86_400.0

every_format = pytest.mark.parametrize("name", [format.name for format in FORMATS])


def written(name: str, kit: Kit) -> list[Path]:
    """Run the writer; it may warn that the format cannot hold everything, and nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ExportWarning)
        return writers([name])[name](kit)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@every_format
@pytest.mark.parametrize(
    ("slices", "channels", "subtype"),
    [(1, 1, "PCM_24"), (4, 1, "PCM_24"), (4, 2, "PCM_16"), (4, 2, "FLOAT"), (128, 1, "PCM_24"), (128, 2, "FLOAT")],
)
def test_a_writer_tells_every_file_it_writes_and_touches_no_other(
    name: str, slices: int, channels: int, subtype: str, tmp_path: Path
) -> None:
    kit = make_kit(tmp_path, slices=slices, channels=channels, subtype=subtype, slice_length=700, first_note=0)
    before = contents(tmp_path)
    files = written(name, kit)
    after = contents(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in files} == set(after) - set(before)
    assert len(files) == len(set(files)) > 0
    assert all(path.is_relative_to(kit.folder) and after[path.relative_to(tmp_path).as_posix()] for path in files)
    assert {place: after[place] for place in before} == before


@every_format
def test_the_same_kit_gives_the_same_bytes_elsewhere_and_later(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit(tmp_path / "here", slices=5, slice_length=900)
    elsewhere = tmp_path / "a longer way" / "there"
    shutil.copytree(kit.folder, elsewhere, copy_function=shutil.copyfile)
    first = {path.relative_to(kit.folder): path.read_bytes() for path in written(name, kit)}
    now, local = time.time, time.localtime
    monkeypatch.setattr(time, "time", lambda: now() + LATER)
    monkeypatch.setattr(time, "localtime", lambda at=None: local(now() + LATER if at is None else at))
    other = {path.relative_to(elsewhere): path.read_bytes() for path in written(name, replace(kit, folder=elsewhere))}
    assert other == first


@every_format
def test_writing_again_changes_nothing(name: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=3, slice_length=900)
    files = written(name, kit)
    before = contents(tmp_path)
    assert written(name, kit) == files
    assert contents(tmp_path) == before


@every_format
def test_any_name_of_the_source_can_be_written(name: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=2, slice_length=900)
    assert written(name, replace(kit, source=tmp_path / ODD_NAME))


@every_format
def test_a_kit_of_which_nothing_else_is_known_can_be_written(name: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=2, slice_length=900, tempo=None, key=None)
    bare = replace(kit, downbeats=(), candidates=(), settings={}, redundancy={}, model=("", ""))
    assert written(name, bare)


@every_format
@pytest.mark.parametrize(
    "shape",
    [
        {"gap": 300, "first": 500, "tail": 800},
        {"slice_rate": 48_000, "slice_channels": 1},
        {"sample_rate": 96_000, "subtype": "PCM_32"},
        {"slice_length": 1},
        {"tempo": Guess("173.913", 0.6), "key": Guess("F# major", 0.6)},
    ],
    ids=["part of the record", "resampled", "96 kHz", "one sample", "odd tempo"],
)
def test_unusual_kits_can_be_written(name: str, shape: dict, tmp_path: Path) -> None:
    assert written(name, make_kit(tmp_path, **({"slices": 3, "slice_length": 900} | shape)))
