"""An atlas folder from a stranger: what stands in its files leads nowhere else, or is an error."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.atlas.files import read_table
from samplechop.offline.atlas.store import STATE, Atlas
from samplechop.offline.atlas.web import sprites
from samplechop.realtime.core.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Atlas.begin(tmp_path / "atlas", 44_100, 1000)
    return tmp_path / "atlas"


@pytest.mark.parametrize("part", ["/etc/passwd", "../../secret", "..\\secret", "link"])
def test_parts_of_sprites_lie_in_their_folder(part: str, folder: Path) -> None:
    atlas = Atlas(folder)
    (folder / "sprites").mkdir()
    (folder / "sprites/link").symlink_to("/etc/passwd")
    (folder / "sprites/audio.json").write_text(json.dumps({"rate": 44_100, "parts": [part], "sounds": []}))
    with pytest.raises(UserError, match="leads out of the folder"):
        sprites.read_index(atlas)


def test_links_out_of_an_atlas_and_pipes_in_it_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "maps").symlink_to(tmp_path)
    with pytest.raises(UserError, match="leads out"):
        Atlas(folder)
    (folder / "maps").unlink()
    os.mkfifo(folder / "samples.tsv")
    with pytest.raises(UserError, match="no regular file"):
        Atlas(folder)


@given(content=st.binary() | st.integers(1, 3000).map(lambda depth: b"[" * depth + b"]" * depth))
def test_any_bytes_are_a_state_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / STATE).write_bytes(content)
    with pytest.raises(UserError):
        Atlas(folder)


@pytest.mark.parametrize("wrong", [{"rows": -1}, {"width": 10**30}, {"steps": {"page": 3}}, {"steps": {"page": {}}}])
def test_a_state_without_sense_is_an_error(wrong: dict[str, object], folder: Path) -> None:
    (folder / STATE).write_text(json.dumps(json.loads((folder / STATE).read_text()) | wrong))
    with pytest.raises(UserError, match="damaged"):
        Atlas(folder)


@pytest.mark.parametrize("content", [b"a\tb\n" + b"x" * 200_000 + b"\ty\n", b'a\tb\n"x', b"\xff\xfe"])
def test_tables_that_no_format_allows_are_errors(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(content)
    with pytest.raises(UserError):
        read_table(tmp_path / "a.tsv", ("a", "b"))


def test_slices_of_a_kit_lie_in_its_folder(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    (kit / "slices").mkdir(parents=True)
    (kit / "kit.json").write_text(json.dumps({"name": "kit", "slices": [{"file": "../../etc/passwd"}]}))
    assert [item.reason.endswith("chop the record again") for item in find([kit])] == [True]
