"""An atlas folder from a stranger: what stands in its files leads nowhere else, or is an error."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas import tags, tempo_and_key
from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.atlas.files import read_table, write_table
from samplechop.offline.atlas.store import STATE, Atlas, Sound
from samplechop.offline.atlas.web import page_data, sprites
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


@pytest.mark.parametrize("parts", ["a" * 100_000, ["a.wav"] * 100_000, None])
def test_parts_of_sprites_without_a_sound_are_an_error(parts: object, folder: Path) -> None:
    (folder / "sprites").mkdir()
    (folder / "sprites/audio.json").write_text(json.dumps({"rate": 44_100, "parts": parts, "sounds": []}))
    with pytest.raises(UserError, match="parts without a sound"):
        sprites.read_index(Atlas(folder))


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


@pytest.mark.parametrize(
    "wrong",
    [{"rows": -1}, {"width": 0}, {"rate": 0}, {"width": 10**30}, {"steps": {"page": 3}}, {"steps": {"page": {}}}],
)
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


@pytest.fixture
def tagged(folder: Path) -> Atlas:
    """An atlas of one sound, all of whose sounds are tagged and have a tempo."""
    atlas = Atlas(folder)
    sound = Sound("a", "/a.wav", 0.0, 0.1, 80, 1.0, "kick", "p", 0.1, 100.0, 50.0, 200.0, 0.1, 9.0)
    atlas.append([sound], [np.zeros(80, np.float32)])
    for step in (tags.STEP, tempo_and_key.STEP):
        atlas.note(step, {})
    return atlas


@pytest.mark.parametrize("chance", ["inf", "1e308", "nan", "-0.1"])
def test_a_chance_of_a_tag_that_is_none_is_an_error(chance: str, tagged: Atlas) -> None:
    write_table(tagged.folder / tags.TABLE, tags.COLUMNS, [("a", "", f"drum:{chance}")])
    with pytest.raises(UserError, match="probability"):
        page_data.tagged(tagged)


@pytest.mark.parametrize("tempo", ["inf", "1e308", "nan"])
def test_a_tempo_that_is_none_is_an_error(tempo: str, tagged: Atlas) -> None:
    write_table(tagged.folder / tempo_and_key.TABLE, tempo_and_key.COLUMNS, [("a", tempo, "")])
    with pytest.raises(UserError, match="damaged"):
        page_data.music(tagged)


def test_a_table_of_gigabytes_without_a_line_end_is_an_error_at_once(tmp_path: Path) -> None:
    with (tmp_path / "a.tsv").open("wb") as file:
        file.write(b"a\tb\n1\t2\n")
        file.truncate(10 << 30)
    with pytest.raises(UserError, match="line of more than"):
        read_table(tmp_path / "a.tsv", ("a", "b"))
