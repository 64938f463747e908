"""A kit takes its place, and nothing that was there is lost, whatever ends the process."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from samplechop.offline.kits.kit_folder import aside, check_folder, extended, put_in_place, replacing_kit, settle
from samplechop.realtime.core.errors import UserError
from tests.support.command import ROOT


def kit(folder: Path, *files: str, text: str = "") -> Path:
    """Write a kit of these files, each with the text in it."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "kit.json").write_text(json.dumps({"files": [{"file": name} for name in files]}))
    return folder


@pytest.fixture
def older(tmp_path: Path) -> Path:
    folder = kit(tmp_path / "song", "slices/1.wav", "slices/2.wav", text="older")
    (folder / "slices" / "mine.wav").write_text("mine")
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return kit(tmp_path / "work" / "song", "slices/1.wav", text="newer")


def is_older(folder: Path) -> bool:
    texts = [(folder / "slices" / name).read_text() for name in ("1.wav", "2.wav", "mine.wav")]
    return texts == ["older", "older", "mine"]


def is_newer(folder: Path) -> bool:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.wav")}
    return there == {"slices/1.wav", "slices/mine.wav"} and (folder / "slices" / "1.wav").read_text() == "newer"


def test_a_kit_takes_the_place_of_an_older_one(made, older):
    put_in_place(made, older)
    assert is_newer(older) and not made.exists() and not aside(older).exists()


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("happens", ["before", "after"])
@pytest.mark.parametrize("move", ["older", "made"])
def test_a_kit_is_whole_when_its_replacement_fails(made, older, monkeypatch, failure, happens, move):
    rename, failing = Path.rename, {"older": older, "made": made}[move]

    def fail(path: Path, target: Path) -> Path:
        if path == failing and happens == "before":
            raise failure
        moved = rename(path, target)
        if path == failing:
            raise failure
        return moved

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(type(failure)):
        put_in_place(made, older)
    assert is_newer(older) if (move, happens) == ("made", "after") else is_older(older)
    assert not aside(older).exists()


@pytest.mark.parametrize(("renames", "is_there"), [(1, is_older), (2, is_newer)])
def test_a_kit_whose_replacement_was_killed_is_put_back_or_finished(made, older, renames, is_there):
    script = f"""
        import os, signal, sys
        from pathlib import Path
        from samplechop.offline.kits.kit_folder import put_in_place

        def rename(path, target, done=[]):
            os.rename(path, target)
            done.append(path)
            if len(done) == {renames}:
                os.kill(os.getpid(), signal.SIGKILL)

        Path.rename = rename
        put_in_place(Path(sys.argv[1]), Path(sys.argv[2]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(made), str(older)]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert aside(older).is_dir()
    with pytest.raises(UserError, match="is there already"):
        check_folder(older, force=False)
    assert is_there(older)
    assert not [path for path in older.parent.iterdir() if path.name.startswith(".")]


def test_an_older_kit_with_something_of_the_users_is_never_removed_unasked(older):
    kit(aside(older), "slices/1.wav")
    (aside(older) / "precious.txt").write_text("precious")
    with pytest.raises(UserError, match="holds files of yours"):
        settle(older)
    assert (aside(older) / "precious.txt").read_text() == "precious"


def test_links_and_empty_folders_of_the_users_stay(made, older, tmp_path):
    (tmp_path / "drums").mkdir()
    (tmp_path / "drums" / "kick.wav").write_text("kick")
    (older / "drums").symlink_to(tmp_path / "drums", target_is_directory=True)
    (older / "relative").symlink_to("../drums")
    (older / "to a file").symlink_to(tmp_path / "drums" / "kick.wav")
    (older / "to nothing").symlink_to("nowhere")
    (older / "ideas" / "empty").mkdir(parents=True)
    put_in_place(made, older)
    assert (older / "relative" / "kick.wav").read_text() == (older / "drums" / "kick.wav").read_text() == "kick"
    assert (older / "relative").readlink() == Path("../drums") and (older / "to nothing").is_symlink()
    assert (older / "to a file").is_symlink() and (older / "ideas" / "empty").is_dir()
    assert (tmp_path / "drums" / "kick.wav").read_text() == "kick"


def test_a_kit_that_is_a_link_to_another_disk_leaves_that_disk_alone(made, older, tmp_path):
    elsewhere = older.rename(tmp_path / "elsewhere")
    older.symlink_to(elsewhere)
    put_in_place(made, older)
    assert is_newer(older) and is_older(elsewhere) and not aside(older).is_symlink()


def test_a_manifest_that_lies_removes_nothing_outside_the_kit(made, older, tmp_path):
    (tmp_path / "outside.txt").write_text("precious")
    lies = [{"file": "../outside.txt"}, {"file": str(tmp_path / "outside.txt")}, {"file": 7}, "slices", None]
    for listed in (lies, 7, {"file": "x"}):
        (older / "kit.json").write_text(json.dumps({"files": listed}))
        put_in_place(made, older)
        assert (tmp_path / "outside.txt").read_text() == "precious" and (older / "slices" / "mine.wav").exists()
        made = kit(made, "slices/1.wav", text="newer")


def test_long_paths_of_windows_get_the_prefix_that_allows_them() -> None:
    assert extended("C:\\Music\\kit") == "\\\\?\\C:\\Music\\kit"
    assert extended("\\\\server\\share\\kit") == "\\\\?\\UNC\\server\\share\\kit"
    assert extended(extended("C:\\Music")) == extended("C:\\Music")


@pytest.mark.parametrize("force", [False, True])
def test_what_comes_to_its_place_while_a_kit_is_made_is_not_replaced_unasked(tmp_path: Path, force: bool) -> None:
    folder = tmp_path / "song"
    with pytest.raises(UserError, match="there already" if not force else "is no kit"), replacing_kit(folder, force):
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["song", "mine.txt"]
