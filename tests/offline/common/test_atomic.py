"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from samplechop.offline.common.atomic import replacing, write_text
from samplechop.realtime.core.errors import UserError


def test_the_old_content_stays_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    write_text(path, "old\r\n")
    with pytest.raises(ZeroDivisionError), replacing(path) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old\r\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_disk_does_not_take_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_text(tmp_path / "file" / "below", "text")


def test_the_folder_is_made(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "labels.txt", "new")
    assert (tmp_path / "new" / "labels.txt").read_text() == "new"
