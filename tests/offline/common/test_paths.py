"""What a file names lies in its own folder, and what a folder is searched for."""

import os
from pathlib import Path

import pytest

from samplechop.offline.common.paths import check_folder, ends_in, inside


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../a", "a/../../b", "..\\a", "C:\\a", "\\a", "", "a\0b", None, 3, ["a"]]
)
def test_names_that_lead_elsewhere_are_refused(name: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"leads out|no name"):
        inside(tmp_path, name)


def test_names_of_files_in_the_folder_are_taken(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b.mp3") == tmp_path / "a/b.mp3"


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "atlas"
    folder.mkdir()
    (folder / "a").write_text("a")
    (folder / "b").symlink_to("a")
    assert inside(folder, "b") == folder / "b"
    check_folder(folder)
    (folder / "c").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leads out"):
        inside(folder, "c/x")
    with pytest.raises(ValueError, match="leads out"):
        check_folder(folder)


def test_pipes_in_a_folder_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="no regular file"):
        check_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "ends"),
    [("song.wav", True), ("song.WAV", True), ("._song.wav", False), (".wav", False), ("song.wav.txt", False)],
)
def test_hidden_files_are_not_taken_for_what_they_are_named_like(name: str, ends: bool) -> None:
    assert ends_in(Path("folder", name), {".wav"}) == ends


def test_a_name_longer_than_any_path_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name of a file"):
        inside(tmp_path, "a/" * 5000)
