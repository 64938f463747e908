"""Files to write that are others', whatever they are called by: refused, as one of the two would be lost."""

import os
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.outputs.other_files import check_other_files


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_the_recording_that_is_played_is_refused_by_any_of_its_names(link, tmp_path: Path) -> None:
    played = tmp_path / "song.flac"
    played.write_bytes(b"sound")
    link(played, tmp_path / "other")
    for name in ("song.flac", "other", "../" + tmp_path.name + "/song.flac"):
        with pytest.raises(UserError, match=r"--log .* is the recording that is played"):
            check_other_files({"--log": tmp_path / name}, played)


def test_two_outputs_in_one_file_are_refused_also_where_it_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "new")
    for name in ("new", "link"):
        with pytest.raises(UserError, match="--events and --log are one file"):
            check_other_files({"--events": tmp_path / "new", "--log": tmp_path / name})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such device")
def test_files_of_their_own_and_devices_are_taken(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    check_other_files({"--events": tmp_path / "new", "--log": tmp_path / "there"}, tmp_path / "song.flac")
    check_other_files(dict.fromkeys(("--events", "--log"), Path(os.devnull)))
